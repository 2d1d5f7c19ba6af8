/** Notebooks and tabs on one kernel see the same, and its one guard. */
import { expect, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Page } from '@playwright/test';
import {
  newNotebook,
  openPanel,
  openWholePanel,
  run,
  test
} from './kernel-story';

/** The names that new notebooks get; a renamed one's session may lag behind. */
const FIRST = 'Untitled.ipynb';
const SECOND = 'Untitled1.ipynb';

/** In a narrower toolbar the toggle is in its menu. */
const WIDE = { width: 1400, height: 768 };

/** The figures of the panel's rows. */
async function rowsOf(page: Page): Promise<string[]> {
  const rows = page.locator('#jupyter-memguard-panel [data-key]');
  const told = await rows.evaluateAll(nodes =>
    nodes.map(({ dataset }) =>
      [dataset.key, dataset.numbers, dataset.bytes].join(' ')
    )
  );
  return told.sort();
}

/** The toggle of the notebook in front. */
function toggleOf(page: Page) {
  return page
    .locator('.jp-NotebookPanel:not(.lm-mod-hidden)')
    .getByRole('button', { name: /^Memory guard/ });
}

/** A notebook's own guard as its metadata has it; null if it has none. */
function ownGuard(page: Page, name: string): Promise<string | null> {
  return page.evaluate(file => {
    for (const widget of window.jupyterapp.shell.widgets('main')) {
      if (widget.title.label === file) {
        const { model } = (
          widget as unknown as {
            context: {
              model: {
                getMetadata(key: string): { guard: string } | undefined;
              };
            };
          }
        ).context;
        return model.getMetadata('jupyter_memguard')?.guard ?? null;
      }
    }
    throw new Error(`${file} is not open`);
  }, name);
}

/** Open a second notebook on the kernel of the first. */
async function twoNotebooks(page: IJupyterLabPageFixture): Promise<void> {
  await page.setViewportSize(WIDE);
  await newNotebook(page);
  await run(page, 'import numpy as np\nnp.ones(4_000_000)');
  const kernel = await page.evaluate(() => {
    const widget = window.jupyterapp.shell.currentWidget as unknown as {
      sessionContext: { session: { kernel: { id: string } } };
    };
    return widget.sessionContext.session.kernel.id;
  });
  await newNotebook(page);
  await page.evaluate(async id => {
    const widget = window.jupyterapp.shell.currentWidget as unknown as {
      sessionContext: { changeKernel(o: { id: string }): Promise<unknown> };
    };
    await widget.sessionContext.changeKernel({ id });
  }, kernel);
  expect(await run(page, 'print(np.__name__)')).toBe('numpy');
}

test('two notebooks on a kernel show the same results', async ({ page }) => {
  await twoNotebooks(page);
  await run(page, 'np.ones(5_000_000)');
  const panel = await openPanel(page);
  await expect(panel.locator('[data-key]')).toHaveCount(2);
  const inSecond = await rowsOf(page);
  await page.activity.activateTab(FIRST);
  await expect(toggleOf(page)).toBeVisible();
  await expect.poll(() => rowsOf(page)).toEqual(inSecond);

  await panel.getByRole('button', { name: 'Free memory' }).click();
  await expect(panel.locator('[data-key]')).toHaveCount(0);
  await page.activity.activateTab(SECOND);
  await expect(panel).toHaveAttribute('data-state', 'empty');
});

test('a guard set in one notebook reaches the other at once', async ({
  page
}) => {
  await twoNotebooks(page);
  const toggle = toggleOf(page);
  await expect(toggle).toHaveAttribute('aria-pressed', 'false');
  await toggle.click();
  await expect(toggle).toHaveAttribute('aria-pressed', 'true');
  expect(await ownGuard(page, SECOND)).toBe('large');
  expect(await ownGuard(page, FIRST)).toBeNull();

  await page.activity.activateTab(FIRST);
  await expect(toggle).toHaveAttribute('aria-pressed', 'true');
  await expect(
    page.locator('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-Memguard-toggle')
  ).toHaveAttribute('data-guard-origin', 'kernel');
  await run(
    page,
    'import weakref\narr = np.ones(4_000_000)\nwitness = weakref.ref(arr)\narr'
  );
  expect(await run(page, 'del arr\nprint(witness() is None)')).toBe('True');

  // Off in the first: the kernel's guard, and the first one's metadata only.
  await toggle.click();
  await expect(toggle).toHaveAttribute('aria-pressed', 'false');
  expect(await ownGuard(page, FIRST)).toBe('off');
  expect(await ownGuard(page, SECOND)).toBe('large');
  await page.activity.activateTab(SECOND);
  await expect(toggle).toHaveAttribute('aria-pressed', 'false');

  // The panel of each shows what holds, and where it was chosen.
  const guard = (await openPanel(page)).locator('.jp-Memguard-guard');
  await expect(guard.locator('select')).toHaveValue('off');
  await expect(guard).toContainText(`This mode was chosen in ${FIRST}`);
  await page.activity.activateTab(FIRST);
  await expect(guard.locator('select')).toHaveValue('off');
  await expect(guard).toContainText(
    `This mode was chosen in this notebook. It holds for ${SECOND}, too`
  );
});

test('a row leads to the notebook that has its cell', async ({ page }) => {
  await twoNotebooks(page);
  // So long that its last cell is not in view from its first.
  await run(page, `print('line\\n' * 80)`);
  const panel = await openPanel(page);
  await expect(panel.locator('[data-key]')).toHaveCount(1);
  await run(page, 'np.ones(5_000_000)');
  await expect(panel.locator('[data-key]')).toHaveCount(2);
  const active = page.locator(
    '.jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell.jp-mod-active'
  );
  const goTo = (index: number) =>
    panel
      .locator('[role=row][data-key]')
      .nth(index)
      .getByRole('button', { name: /^Go to the cell/ })
      .click();

  // What frees more is the first, and was made in the second notebook.
  await goTo(1);
  await expect(active).toContainText('np.ones(4_000_000)');
  expect(await page.activity.isTabActive(FIRST)).toBe(true);
  await goTo(0);
  await expect(active).toContainText('np.ones(5_000_000)');
  expect(await page.activity.isTabActive(SECOND)).toBe(true);
  await expect(active).toBeInViewport();

  // With its notebook closed, nothing leads to it.
  await page.activity.activateTab(FIRST);
  await page.evaluate(file => {
    for (const widget of window.jupyterapp.shell.widgets('main')) {
      if (widget.title.label === file) {
        widget.dispose();
      }
    }
  }, SECOND);
  await goTo(0);
  await expect(panel.locator('.jp-Memguard-cellText')).toHaveText(
    /^No open notebook on this kernel has the cell/
  );
});

test('the list of kernels names both notebooks, and shows each', async ({
  page
}) => {
  await twoNotebooks(page);
  const panel = await openWholePanel(page);
  const row = panel.locator('[data-kernel-id]').filter({ hasText: FIRST });
  await expect(row.locator('th')).toHaveText(`${FIRST}, ${SECOND}`);
  await row.getByRole('button', { name: FIRST }).click();
  expect(await page.activity.isTabActive(FIRST)).toBe(true);
  await row.getByRole('button', { name: SECOND }).click();
  expect(await page.activity.isTabActive(SECOND)).toBe(true);
});

test('two tabs on a notebook show the same results and guard', async ({
  page,
  baseURL,
  tmpPath
}) => {
  await newNotebook(page);
  await run(page, 'import numpy as np\nnp.ones(4_000_000)');
  await page.notebook.save();
  const panel = await openPanel(page);
  await expect(panel.locator('[data-key]')).toHaveCount(1);

  const second = await page.context().newPage();
  for (const each of [page, second]) {
    await each.setViewportSize(WIDE);
  }
  await second.goto(
    `${baseURL}/lab/workspaces/second/tree/${tmpPath}/${FIRST}`
  );
  await second
    .locator('#jp-main-statusbar')
    .getByText(/\| Idle/)
    .waitFor();
  await second.evaluate(() =>
    window.jupyterapp.commands.execute('memguard:show-panel')
  );
  await expect.poll(() => rowsOf(second)).toEqual(await rowsOf(page));

  const toggle = toggleOf(second);
  await expect(toggle).toHaveAttribute('aria-pressed', 'false');
  await toggleOf(page).click();
  await expect(toggle).toHaveAttribute('aria-pressed', 'true');
  await second
    .locator('#jupyter-memguard-panel')
    .getByRole('button', { name: 'Free memory' })
    .click();
  await expect.poll(() => rowsOf(second)).toEqual([]);
  await expect.poll(() => rowsOf(page)).toEqual([]);
});
