/** Each notebook has its own guard, written down only when a person sets it. */
import { expect, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { figure, newNotebook, openPanel, test } from './kernel-story';
import { menuItem, rowsIn, runCells, valueOf } from './panel-story';

// Wide enough for the toolbar beside the panel.
test.use({ viewport: { width: 1440, height: 900 } });

function toggle(page: IJupyterLabPageFixture): Locator {
  return page.locator('.jp-NotebookPanel .jp-Memguard-toggle');
}

function toggleButton(page: IJupyterLabPageFixture): Locator {
  return toggle(page).getByRole('button', { name: /^Memory guard/ });
}

async function chooseMode(
  page: IJupyterLabPageFixture,
  text: string
): Promise<void> {
  await toggle(page)
    .getByRole('button', { name: 'What the memory guard does' })
    .click();
  await menuItem(page, text).click();
}

/** The guard in the saved file's metadata. */
async function saved(
  page: IJupyterLabPageFixture,
  path: string
): Promise<unknown> {
  await page.notebook.save();
  const file = await page.request.get(`/api/contents/${path}`);
  const { content } = (await file.json()) as {
    content: { metadata: Record<string, unknown> };
  };
  return content.metadata.jupyter_memguard;
}

test('the choice is written by a person only, and comes back', async ({
  page,
  tmpPath
}) => {
  const path = `${tmpPath}/guarded.ipynb`;
  await newNotebook(page, 'guarded.ipynb');
  await openPanel(page);
  await runCells(page, ['import numpy as np\nnp.ones(4_000_000)']);
  await expect(toggle(page)).toHaveAttribute('data-guard-mode', 'off');
  await expect(toggle(page)).toHaveAttribute('data-guard-origin', 'settings');
  expect(await saved(page, path)).toBeUndefined();

  await toggleButton(page).click();
  await expect(toggleButton(page)).toHaveAttribute('aria-pressed', 'true');
  await expect(toggle(page)).toHaveAttribute('data-guard-origin', 'document');
  expect(await saved(page, path)).toEqual({ guard: 'large' });

  await chooseMode(page, 'Keep nothing');
  await expect(toggle(page)).toHaveAttribute('data-guard-mode', 'all');
  await expect(toggleButton(page)).toHaveAccessibleName(
    "Memory guard: Keep nothing (this notebook's choice)"
  );
  expect(await saved(page, path)).toEqual({ guard: 'all' });

  // Another kernel, and the file opened anew: from its first cell on.
  await page.notebook.close();
  for (const kind of ['sessions', 'kernels']) {
    const listed = await page.request.get(`/api/${kind}`);
    for (const { id } of (await listed.json()) as { id: string }[]) {
      await page.request.delete(`/api/${kind}/${id}`);
    }
  }
  await page.notebook.open('guarded.ipynb');
  await expect(page.locator('#jp-main-statusbar')).toContainText('| Idle');
  await expect(toggle(page)).toHaveAttribute('data-guard-mode', 'all');
  await expect(toggle(page)).toHaveAttribute('data-guard-origin', 'document');
  await runCells(page, ['[1, 2, 3]']);
  expect(await valueOf(page, 'type(Out[1]) is list')).toBe('False');

  await chooseMode(page, 'Follow the settings');
  await expect(toggle(page)).toHaveAttribute('data-guard-mode', 'off');
  await expect(toggle(page)).toHaveAttribute('data-guard-origin', 'settings');
  expect(await saved(page, path)).toBeUndefined();
});

test('every mode can be chosen and does what it says', async ({ page }) => {
  await newNotebook(page);
  const kept = async (): Promise<string> => {
    await runCells(page, ['"small"', 'memoryview(b"x" * 20_000_000)']);
    return valueOf(
      page,
      '[n for n in Out if type(Out[n]) in (str, memoryview)][-2:]'
    );
  };
  expect(await kept()).toBe('[1, 2]');
  await chooseMode(page, 'Do not keep large results');
  await expect(toggle(page)).toHaveAttribute('data-guard-mode', 'large');
  expect(await kept()).toBe('[2, 3]');
  await chooseMode(page, 'Keep nothing');
  await expect(toggle(page)).toHaveAttribute('data-guard-mode', 'all');
  expect(await kept()).toBe('[2, 3]');
  await chooseMode(page, 'Keep the newest 3');
  await expect(toggle(page)).toHaveAttribute('data-guard-mode', 'last');
  expect(await kept()).toBe('[7, 8]');
  await chooseMode(page, 'Keep everything (as IPython does)');
  await expect(toggle(page)).toHaveAttribute('data-guard-mode', 'off');
  await expect(toggleButton(page)).toHaveAttribute('aria-pressed', 'false');
  expect(await kept()).toBe('[9, 10]');
});

test('turning it on tells what is retained already, and frees it', async ({
  page
}) => {
  await newNotebook(page);
  await runCells(page, ['import numpy as np\nnp.ones(10_000_000)']);
  await toggleButton(page).click();
  const toast = page.locator('.Toastify__toast');
  await expect(toast).toContainText('76.3 MiB');
  await expect(toast).toContainText('the oldest go when');
  await toast.getByRole('button', { name: 'Free memory' }).click();
  // What came back is told in its place, and stays while the mouse is over it.
  await page.mouse.move(10, 10);
  await expect(toast).toHaveCount(0);
  const panel = await openPanel(page);
  await expect(rowsIn(panel)).toHaveCount(0);
  const account = panel.locator('[data-before-bytes]');
  const back =
    (await figure(account, 'data-before-bytes')) -
    (await figure(account, 'data-after-bytes'));
  expect(back).toBeGreaterThan(76_000_000);

  // With nothing retained there is nothing to tell.
  await toggleButton(page).click();
  await expect(toggleButton(page)).toHaveAttribute('aria-pressed', 'false');
  await toggleButton(page).click();
  await expect(toggleButton(page)).toHaveAttribute('aria-pressed', 'true');
  await runCells(page, ['3 + 4']);
  await expect(toast).toHaveCount(0);
});
