/** Where the memory went: all kernels, and what each cell did, on one screen. */
import {
  expect,
  galata,
  type IJupyterLabPageFixture
} from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import {
  figure,
  kernelPid,
  newNotebook,
  openConsole,
  openWholePanel,
  residentBytes,
  run,
  test
} from './kernel-story';

/** The row of the kernel in front. */
async function rowInFront(
  page: IJupyterLabPageFixture,
  panel: Locator
): Promise<Locator> {
  const id = await page.evaluate(() => {
    const widget = window.jupyterapp.shell.currentWidget as unknown as {
      sessionContext: { session: { kernel: { id: string } } };
    };
    return widget.sessionContext.session.kernel.id;
  });
  return panel.locator(`[data-kernel-id="${id}"]`);
}

async function isShownAs(row: Locator, pid: number): Promise<void> {
  await expect
    .poll(async () => Math.abs((await figure(row)) - residentBytes(pid)), {
      timeout: 15_000
    })
    .toBeLessThan(20_000_000);
}

test('all kernels are listed with notebook, memory and what they retain', async ({
  page,
  request,
  baseURL
}) => {
  await newNotebook(page);
  const panel = await openWholePanel(page);
  const smallRow = await rowInFront(page, panel);
  const small = await kernelPid(page);
  await newNotebook(page);
  const bigRow = await rowInFront(page, panel);
  const big = await kernelPid(page);
  await run(page, 'import numpy as np\nnp.ones(300_000_000 // 8)');
  const rows = panel.locator('[data-kernel-id]');
  await expect(rows).toHaveCount(2);
  await isShownAs(bigRow, big);
  await isShownAs(smallRow, small);
  // The biggest is the first.
  expect(await rows.first().getAttribute('data-kernel-id')).toBe(
    await bigRow.getAttribute('data-kernel-id')
  );
  await expect(bigRow.locator('td').nth(1)).toHaveText(/^\d+ %$/);
  await expect(bigRow.locator('td').nth(2)).toHaveText('286.1 MiB');
  const sum = panel.locator('.jp-Memguard-kernels tfoot td').first();
  await expect(sum).toHaveText(/[\d.]+ MiB/);

  // In the narrow sidebar nothing is cut off.
  const section = panel.locator('.jp-Memguard-kernels');
  expect(
    await section.evaluate(node => node.scrollWidth - node.clientWidth)
  ).toBe(0);

  // The names are those of the server's sessions.
  const listed = await request.get(`${baseURL}/api/sessions`);
  const sessions = (await listed.json()) as {
    path: string;
    kernel: { id: string };
  }[];
  expect(sessions).toHaveLength(2);
  for (const { path, kernel } of sessions) {
    await expect(
      panel.locator(`[data-kernel-id="${kernel.id}"]`).getByTitle(path)
    ).toHaveText(path.split('/').pop() ?? path);
  }

  await smallRow.getByRole('button').click();
  await expect(
    page.locator('.jp-NotebookPanel:not(.lm-mod-hidden)')
  ).toHaveCount(1);
  expect(await page.activity.isTabActive('Untitled.ipynb')).toBe(true);

  // A kernel that is shut down is listed no more.
  await page.evaluate(async () => {
    const widget = window.jupyterapp.shell.currentWidget as unknown as {
      sessionContext: { shutdown(): Promise<void> };
    };
    await widget.sessionContext.shutdown();
  });
  await expect(smallRow).toHaveCount(0, { timeout: 15_000 });
  await expect(bigRow).toHaveCount(1);
});

test('a console is listed by its name, and leads to it', async ({ page }) => {
  await newNotebook(page);
  const panel = await openWholePanel(page);
  await openConsole(page);
  const row = panel
    .locator('[data-kernel-id]')
    .filter({ hasText: 'Console 1' });
  await expect(row).toHaveCount(1, { timeout: 30_000 });
  await expect(panel.locator('[data-kernel-id]')).toHaveCount(2);
  await page.activity.activateTab('Untitled.ipynb');
  await row.getByRole('button').click();
  expect(await page.activity.isTabActive('Console 1')).toBe(true);
});

test.describe('while the list is read once in ten minutes', () => {
  test.use({
    mockSettings: {
      ...galata.DEFAULT_SETTINGS,
      'jupyter-memguard:plugin': { pollSeconds: 600 }
    }
  });

  test('a notebook that is renamed has its new name there, and one that is closed for good is gone', async ({
    page
  }) => {
    await newNotebook(page);
    const panel = await openWholePanel(page);
    const row = await rowInFront(page, panel);
    await expect(row).toContainText('Untitled.ipynb');
    await page.evaluate(async () => {
      const widget = window.jupyterapp.shell.currentWidget as unknown as {
        context: { rename(name: string): Promise<void> };
      };
      await widget.context.rename('renamed.ipynb');
    });
    await expect(row).toContainText('renamed.ipynb');
    await page.evaluate(async () => {
      const widget = window.jupyterapp.shell.currentWidget as unknown as {
        sessionContext: { shutdown(): Promise<void> };
      };
      await widget.sessionContext.shutdown();
    });
    await expect(row).toHaveCount(0);
  });
});

/** The bar of an execution, once it could be measured. */
async function bar(
  page: IJupyterLabPageFixture,
  count: number
): Promise<Locator> {
  const found = page.locator(`.jp-Memguard-chart [data-execution="${count}"]`);
  await expect(found).toHaveCount(1, { timeout: 15_000 });
  return found;
}

test('what each cell did to the memory is shown, and leads to the cell', async ({
  page
}) => {
  await newNotebook(page);
  const panel = await openWholePanel(page);
  await run(page, 'import numpy as np');
  await bar(page, 1);
  await run(page, 'block = np.ones(200_000_000 // 8)');
  const rose = await bar(page, 2);
  expect(await figure(rose, 'data-delta')).toBeGreaterThan(190_000_000);
  expect(await figure(rose, 'data-delta')).toBeLessThan(220_000_000);
  await expect(rose.locator('text')).toHaveText('[2]');

  // What rises and falls within a run is its peak.
  await run(page, 'np.ones(300_000_000 // 8).sum()');
  const peaked = await bar(page, 3);
  expect(await figure(peaked, 'data-peak')).toBeGreaterThan(280_000_000);
  expect(await figure(peaked, 'data-delta')).toBeLessThan(30_000_000);

  await run(page, 'del block');
  const fell = await bar(page, 4);
  expect(await figure(fell, 'data-delta')).toBeLessThan(-190_000_000);
  await expect(panel.locator('.jp-Memguard-chart [data-delta]')).toHaveCount(4);

  await rose.click();
  await expect(page.locator('.jp-Notebook .jp-Cell').nth(1)).toHaveClass(
    /jp-mod-active/
  );
  await expect(panel.getByRole('status').last()).toContainText('In [2]: +');
});
