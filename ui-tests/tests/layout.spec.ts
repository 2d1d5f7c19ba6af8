/** What the panel has room for. */
import { expect } from '@jupyterlab/galata';
import { newNotebook, openPanel, openWholePanel, test } from './kernel-story';
import { rowsIn, runCells } from './panel-story';

test('a window of 900 pixels shows eight rows, and the sections below begin folded', async ({
  page
}) => {
  await page.setViewportSize({ width: 1280, height: 900 });
  await newNotebook(page);
  const panel = await openPanel(page);
  await runCells(page, [
    'import numpy as np',
    ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map(n => `np.ones(${n}00_000)`)
  ]);
  await expect(rowsIn(panel)).toHaveCount(9);
  const folded = panel.locator('.lm-AccordionPanel-title[aria-expanded=false]');
  await expect(folded).toHaveCount(3);
  const scroller = panel.getByRole('treegrid');
  // The line that a cell is running takes room until the last one is done.
  await expect
    .poll(async () =>
      rowsIn(panel).evaluateAll(
        (rows, bottom) =>
          rows.filter(row => row.getBoundingClientRect().bottom <= bottom)
            .length,
        await scroller.evaluate(node => node.getBoundingClientRect().bottom)
      )
    )
    .toBeGreaterThanOrEqual(8);
});

test('figures are whole in a panel of 240 pixels', async ({ page }) => {
  await newNotebook(page);
  const panel = await openPanel(page);
  await page.sidebar.setWidth(240, 'right');
  await runCells(page, [
    'import numpy as np',
    'np.ones(13_000_000)',
    'a = np.ones(15_000_000); a[:3_000_000]',
    'np.ones(100_000)',
    '_',
    // What its texts have beside it is an estimate.
    'np.array([f"a text with {n} and more" * 4 for n in range(1_000_000)], dtype=np.dtypes.StringDType())'
  ]);
  await expect(rowsIn(panel)).toHaveCount(4);
  await expect(rowsIn(panel).first()).toContainText(/about 1\d\d\.\d MiB/);
  const figures = panel.locator('[data-bytes], .jp-Memguard-cellFrees');
  await expect.poll(() => figures.count()).toBeGreaterThan(3);
  const clipped = await figures.evaluateAll(nodes =>
    nodes
      .filter(node => node.scrollWidth > node.clientWidth + 1)
      .map(node => node.outerHTML)
  );
  expect(clipped).toEqual([]);
  const right = (node: Element) => node.getBoundingClientRect().right;
  const edge = await panel.getByRole('treegrid').evaluate(right);
  for (const button of await panel
    .locator('.jp-Memguard-cellRelease button')
    .all()) {
    expect(await button.evaluate(right)).toBeLessThanOrEqual(edge);
  }
});

test('the columns of the variables are inside a panel of 250 pixels', async ({
  page
}) => {
  await newNotebook(page);
  const panel = await openWholePanel(page);
  await page.sidebar.setWidth(250, 'right');
  await runCells(page, ['df_with_a_rather_long_name = bytearray(9_000_000)']);
  const lines = panel.locator('.jp-Memguard-variables tr[data-name]');
  await expect(lines.first()).toBeVisible();
  const edge = await panel
    .locator('.jp-Memguard-variablesSection')
    .evaluate(node => node.getBoundingClientRect().right);
  const beyond = await panel
    .locator('.jp-Memguard-variables :is(th, td)')
    .evaluateAll(
      (cells, right) =>
        cells
          .filter(cell => cell.getBoundingClientRect().right > right + 1)
          .map(cell => cell.outerHTML),
      edge
    );
  expect(beyond).toEqual([]);
  const frees = lines.first().locator('td').last();
  await expect(frees).toHaveText('8.6 MiB');
});

test('the list of keys stands over the rows, and Esc closes it', async ({
  page
}) => {
  await newNotebook(page);
  const panel = await openPanel(page);
  await runCells(page, ['b"x" * 3_000_000']);
  const row = rowsIn(panel).first();
  await row.focus();
  const before = await row.boundingBox();
  await page.keyboard.press('?');
  const keys = panel.getByLabel('Keys in the table');
  await expect(keys).toBeVisible();
  expect(await row.boundingBox()).toEqual(before);
  await page.keyboard.press('Escape');
  await expect(keys).toHaveCount(0);
  const button = panel.getByRole('button', { name: 'Keys' });
  await button.click();
  await expect(keys).toBeVisible();
  await button.press('Escape');
  await expect(keys).toHaveCount(0);
});
