/* eslint jupyter/galata-prefer-notebook-cell-helper: off -- Galata's helper is JupyterLab's, this page is Notebook 7 */
/** The same in Notebook 7, which has no status bar. */
import { expect } from '@jupyterlab/galata';
import type { APIRequestContext, Page } from '@playwright/test';
import {
  ARTICLE_BYTES,
  figure,
  residentBytes,
  SHOW_ARRAY,
  test
} from './kernel-story';

/** Write a notebook with these cells; returns its path. */
async function write(
  request: APIRequestContext,
  folder: string,
  sources: readonly string[]
): Promise<string> {
  const path = `${folder}/seven.ipynb`;
  const cells = sources.map((source, index) => ({
    cell_type: 'code',
    execution_count: null,
    id: `cell-${index}`,
    metadata: {},
    outputs: [],
    source
  }));
  const kernelspec = { name: 'python3', display_name: 'Python 3' };
  const written = await request.put(`/api/contents/${path}`, {
    data: {
      type: 'notebook',
      content: {
        cells,
        metadata: { kernelspec, language_info: { name: 'python' } },
        nbformat: 4,
        nbformat_minor: 5
      }
    }
  });
  expect(written.ok()).toBe(true);
  return path;
}

/** Run the cell in front, which becomes `In [count]`; the next is in front. */
async function runNext(page: Page, count: number): Promise<void> {
  await page.keyboard.press('Shift+Enter');
  await expect(
    page.locator('.jp-CodeCell .jp-InputArea-prompt', {
      hasText: `[${count}]:`
    })
  ).toBeVisible({ timeout: 30_000 });
}

/** The text that the last cell with output shows. */
function lastOutput(page: Page) {
  return page.locator('.jp-Notebook .jp-OutputArea-output').last();
}

test('in Notebook 7 results are seen and freed, and the guard holds', async ({
  context,
  request,
  baseURL,
  tmpPath
}) => {
  const path = await write(request, tmpPath, [
    'import os; print(os.getpid())',
    SHOW_ARRAY,
    'del arr',
    'print(witness() is None)',
    SHOW_ARRAY,
    'del arr; gc.collect(); print(witness() is None)'
  ]);
  const page = await context.newPage();
  await page.goto(`${baseURL}/notebooks/${path}`);
  await expect(page.locator('#jp-main-statusbar')).toHaveCount(0);
  const status = page.locator('.jp-NotebookPanel-toolbar .jp-Memguard-status');
  await expect
    .poll(() => figure(status), { timeout: 30_000 })
    .toBeGreaterThan(0);
  await expect(status).toHaveText(/^Kernel [\d.]+ [MG]iB of [\d.]+ GiB/);

  await page.locator('.jp-InputPrompt').first().click();
  await runNext(page, 1);
  const pid = Number(await lastOutput(page).innerText());
  await runNext(page, 2);
  await runNext(page, 3);
  await expect
    .poll(async () => Math.abs((await figure(status)) - residentBytes(pid)))
    .toBeLessThan(20_000_000);
  const before = await figure(status);
  // In a toolbar, what can be freed is in the pop-up: the item must not grow.
  await expect(page.locator('.jp-Memguard-mark')).toHaveCount(1);
  await expect(status).not.toContainText('to free');
  await status.hover();
  await expect(
    page.getByRole('tooltip').locator('[data-part=retained]')
  ).toContainText('762.9 MiB');

  // The figure in the toolbar opens the panel in the right sidebar.
  await status.click();
  const panel = page.locator('#jp-right-stack #jupyter-memguard-panel');
  await expect(panel).toBeVisible();
  const row = panel.locator('[data-key]');
  await expect(row).toHaveCount(1);
  await expect(row).toHaveAttribute('data-numbers', '2');
  expect(await figure(row)).toBeGreaterThan(0.99 * ARTICLE_BYTES);
  await panel.getByRole('button', { name: 'Free memory' }).click();
  await expect(row).toHaveCount(0);
  await expect
    .poll(async () => before - (await figure(status)))
    .toBeGreaterThan(0.95 * ARTICLE_BYTES);

  const toggle = page.getByRole('button', { name: /^Memory guard/ });
  await toggle.click();
  await expect(toggle).toHaveAttribute('aria-pressed', 'true');
  await page.locator('.jp-InputPrompt').nth(3).click();
  await runNext(page, 4);
  await runNext(page, 5);
  await runNext(page, 6);
  await expect(lastOutput(page)).toHaveText('True');
  await expect(panel).toHaveAttribute('data-state', 'empty');
});
