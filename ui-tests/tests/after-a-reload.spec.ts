/** A page that is loaded again shows the panel as it was left. */
import { expect } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { newNotebook, openWholePanel, reload, test } from './kernel-story';
import { order, rowsIn, runCells } from './panel-story';

/** The heights of the open sections, from top to bottom. */
function heights(panel: Locator): Promise<number[]> {
  return panel
    .getByRole('region', { name: / Section$/ })
    .evaluateAll(sections =>
      sections.map(section => Math.round(section.clientHeight))
    );
}

/** How far heights are from others, all together. */
function distance(one: number[], other: number[]): number {
  return one.reduce(
    (sum, height, index) => sum + Math.abs(height - (other[index] ?? 0)),
    0
  );
}

test('order, filter, folded sections and their sizes come back', async ({
  page
}) => {
  await page.setViewportSize({ width: 1280, height: 1200 });
  await newNotebook(page);
  const panel = await openWholePanel(page);
  await runCells(page, [
    'import numpy as np\nnp.ones(5_000_000)',
    "memoryview(b'x' * 8_000_000)",
    'np.ones(100_000)'
  ]);
  await expect(rowsIn(panel)).toHaveCount(3);
  await page.notebook.save();

  const kept = page.waitForRequest(
    request =>
      request.method() === 'PUT' &&
      request.url().includes('/api/workspaces') &&
      /"text":"ndarray".*"folded":\["Largest variables"\].*"sizes":\{"/.test(
        request.postData() ?? ''
      )
  );
  const result = panel
    .getByRole('columnheader', { name: 'Result' })
    .getByRole('button');
  await result.click();
  await result.click();
  await panel
    .getByRole('searchbox', { name: 'Filter by text' })
    .fill('ndarray');
  const folded = panel.getByRole('heading', { name: /^Largest variables/ });
  await folded.click();
  const handle = panel
    .locator('.lm-SplitPanel-handle:not(.lm-mod-hidden)')
    .first();
  const box = await handle.boundingBox();
  if (box === null) {
    throw new Error('There is no handle');
  }
  await expect(folded).toHaveAttribute('aria-expanded', 'false');
  const before = await heights(panel);
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2, box.y - 60, { steps: 5 });
  await page.mouse.up();
  const left = await heights(panel);
  expect(left).not.toEqual(before);
  await kept;

  await reload(page);
  await expect(panel).toBeVisible();
  await expect.poll(() => order(panel)).toBe('1 3');
  await expect(
    panel.getByRole('searchbox', { name: 'Filter by text' })
  ).toHaveValue('ndarray');
  await expect(panel.locator('[aria-sort=ascending]')).toHaveText(/^Result/);
  await expect(folded).toHaveAttribute('aria-expanded', 'false');
  // Shares are kept, not pixels: they are what was left, not what was before.
  const moved = distance(before, left);
  expect(moved).toBeGreaterThan(80);
  await expect
    .poll(async () => distance(await heights(panel), left))
    .toBeLessThan(moved / 2);
});
