/** Rows are sorted, filtered, selected and released, all with the keyboard. */
import { expect, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Page } from '@playwright/test';
import { figure, newNotebook, openPanel, test } from './kernel-story';
import { order, rowOf, rowsIn, runCells, tabTo, valueOf } from './panel-story';

/** Out[1] to Out[5]: 40 MB, 8 MB, 0.8 MB, 24 MB, and one that is in use. */
const RESULTS = [
  'import numpy as np\nnp.ones(5_000_000)',
  "memoryview(b'x' * 8_000_000)",
  'np.ones(100_000)',
  'np.ones((3_000_000, 4), dtype="int16")',
  'df = np.ones(2_000_000)\ndf'
];

async function showResults(page: IJupyterLabPageFixture): Promise<void> {
  await newNotebook(page);
  await runCells(page, RESULTS);
}

/** The numbers of the rows that are selected. */
function selected(page: Page): Promise<(string | null)[]> {
  return page
    .locator('#jupyter-memguard-panel [data-key][aria-selected=true]')
    .evaluateAll(rows => rows.map(row => row.getAttribute('data-numbers')));
}

test('rows are sorted by every column', async ({ page }) => {
  await newNotebook(page);
  // When a result was shown is known while somebody looks.
  const panel = await openPanel(page);
  await expect(panel).toHaveAttribute('data-state', 'empty');
  await runCells(page, RESULTS);
  await expect(rowsIn(panel)).toHaveCount(5);
  // What frees most comes first, what frees nothing last.
  await expect.poll(() => order(panel)).toBe('1 4 2 3 5');
  await expect(rowOf(panel, 5)).toContainText('`df` still uses it');

  const head = (name: string) =>
    panel.getByRole('columnheader').getByRole('button', { name });
  const orders: [string, string, string][] = [
    ['Result', '5 4 3 2 1', '1 2 3 4 5'],
    ['Age', '5 4 3 2 1', '1 2 3 4 5'],
    ['Frees', '1 4 2 3 5', '5 3 2 4 1']
  ];
  for (const [column, once, twice] of orders) {
    await head(column).focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => order(panel), column).toBe(once);
    await page.keyboard.press('Enter');
    await expect.poll(() => order(panel), column).toBe(twice);
  }
  await head('Type').click();
  // The memoryview comes before or after all arrays.
  await expect.poll(() => order(panel)).toMatch(/^2 /);
  await head('Type').click();
  await expect.poll(() => order(panel)).toMatch(/ 2$/);
  await head('Cell').click();
  await expect.poll(() => order(panel)).toBe('1 2 3 4 5');
  await expect(panel.locator('[aria-sort=ascending]')).toHaveText(/^Cell/);
});

test('rows are filtered by text and by size', async ({ page }) => {
  await showResults(page);
  const panel = await openPanel(page);
  await expect(rowsIn(panel)).toHaveCount(5);
  const filter = panel.getByRole('searchbox', { name: 'Filter by text' });
  const size = panel.getByRole('combobox', { name: 'Filter by size' });

  await filter.fill('ndarray');
  await expect.poll(() => order(panel)).toBe('1 4 3 5');
  await expect(panel.getByRole('search')).toContainText('4 of 5');
  await filter.fill('INT16 out[4]');
  await expect.poll(() => order(panel)).toBe('4');
  await filter.fill('df');
  await expect.poll(() => order(panel)).toBe('5');
  await filter.fill('no such thing');
  await expect(panel).toContainText('No result matches the filter.');
  await filter.fill('');
  await size.selectOption(`${2 ** 20}`);
  await expect.poll(() => order(panel)).toBe('1 4 2');
  await size.selectOption(`${10 * 2 ** 20}`);
  await expect.poll(() => order(panel)).toBe('1 4');
  await filter.fill('int16');
  await expect.poll(() => order(panel)).toBe('4');
});

test('several are selected and released without a mouse', async ({ page }) => {
  await showResults(page);
  const panel = await openPanel(page);
  await expect(rowsIn(panel)).toHaveCount(5);
  await panel.getByRole('button', { name: 'Free memory' }).focus();
  await tabTo(page, rowOf(panel, 1));

  // Details and back.
  await page.keyboard.press('Enter');
  await expect(rowOf(panel, 1)).toHaveAttribute('aria-expanded', 'true');
  await expect(panel.locator('.jp-Memguard-detail')).toContainText('Out[1]');
  await page.keyboard.press('ArrowLeft');
  await expect(rowOf(panel, 1)).toHaveAttribute('aria-expanded', 'false');

  await page.keyboard.press('End');
  await expect(rowOf(panel, 5)).toBeFocused();
  await page.keyboard.press('Home');
  await expect(rowOf(panel, 1)).toBeFocused();
  await page.keyboard.press('Control+a');
  await expect.poll(() => selected(page)).toHaveLength(5);
  await page.keyboard.press('Escape');
  await expect.poll(() => selected(page)).toHaveLength(0);

  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Space');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Space');
  await expect.poll(() => selected(page)).toEqual(['4', '2']);
  const sum = (await figure(rowOf(panel, 4))) + (await figure(rowOf(panel, 2)));
  expect(sum).toBeGreaterThan(32_000_000);
  await expect(panel.locator('[data-count="2"]')).toContainText(
    `2 selected: free ${(sum / 2 ** 20).toFixed(1)} MiB`
  );

  await page.keyboard.press('Delete');
  await expect.poll(() => order(panel)).toBe('1 3 5');
  await expect(panel.locator('[data-released]')).toHaveAttribute(
    'data-released',
    '2'
  );
  // The focus has not left the rows: the next one goes with one more key.
  await expect(rowsIn(panel).locator(':scope:focus')).toHaveCount(1);
  await page.keyboard.press('Home');
  await page.keyboard.press('Delete');
  await expect.poll(() => order(panel)).toBe('3 5');
  expect(
    await valueOf(page, '[n for n in Out if type(Out[n]) is np.ndarray]')
  ).toBe('[3, 5]');
});
