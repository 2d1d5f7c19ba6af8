/** What the panel's rows say, and in which order they stand. */
import { expect } from '@jupyterlab/galata';
import {
  figure,
  newNotebook,
  openPanel,
  openWholePanel,
  test
} from './kernel-story';
import {
  order,
  rowOf,
  runCells,
  valueOf,
  type INotebookInPage
} from './panel-story';

test('small results are one row, which opens with the keyboard', async ({
  page
}) => {
  await newNotebook(page);
  await runCells(page, [
    '42',
    "'gone'",
    '[1]',
    '[2, 3]',
    "memoryview(b'x' * 10**7)"
  ]);
  const panel = await openPanel(page);
  const head = panel.locator('[role=row][data-key=small]');
  await expect(head).toContainText(/^4 small results/);
  await expect.poll(() => order(panel)).toBe('5');
  expect(await figure(head)).toBeLessThan(1000);

  await head.focus();
  await page.keyboard.press('ArrowRight');
  await expect(head).toHaveAttribute('aria-expanded', 'true');
  await expect(rowOf(panel, 1)).toContainText('int');
  // Python has these for itself: nobody else uses them.
  for (const number of [1, 2]) {
    await expect(rowOf(panel, number)).not.toContainText('still uses it');
  }
  // It stays open with the next cell.
  await runCells(page, ['[6]']);
  await expect(head).toContainText(/^5 small results/);
  await expect(rowOf(panel, 6)).toBeVisible();
  await head.focus();
  await page.keyboard.press('ArrowLeft');
  await expect(head).toHaveAttribute('aria-expanded', 'false');
  await expect.poll(() => order(panel)).toBe('5');
});

test('a row says by which line it was shown, its shape, and of what it is a view', async ({
  page
}) => {
  await newNotebook(page);
  await runCells(page, [
    'import numpy as np, pandas as pd\n# load\na = np.ones(25_000_000)\na[5:]',
    'table = pd.DataFrame({"shop": list("ab") * 50_000, "size": 1.5})\ntable.describe()',
    'import gc\ntable'
  ]);
  const panel = await openPanel(page);
  await expect(rowOf(panel, 1)).toContainText('view of `a`, 190.7 MiB');
  await expect(rowOf(panel, 1)).toContainText(/size 190\.7 MiB/);
  await expect(rowOf(panel, 1).locator('.jp-Memguard-source')).toHaveText(
    'a[5:]'
  );
  await expect(rowOf(panel, 2)).toContainText('DataFrame 8 x 1');
  await expect(rowOf(panel, 3)).toContainText('DataFrame 100000 x 2');
  await expect(rowOf(panel, 3).locator('.jp-Memguard-source')).toHaveText(
    'table'
  );
  await rowOf(panel, 3).locator('.jp-Memguard-source').click();
  await expect(rowOf(panel, 3)).toHaveAttribute('aria-expanded', 'false');
});

test('the order by cell is that of the notebook', async ({ page }) => {
  await newNotebook(page);
  const panel = await openPanel(page);
  await expect(panel).toHaveAttribute('data-state', 'empty');
  await runCells(
    page,
    [7, 6, 9, 8].map(size => `memoryview(b'x' * ${size}_000_000)`)
  );
  await expect.poll(() => order(panel)).toBe('3 4 1 2');
  await panel
    .getByRole('columnheader')
    .getByRole('button', { name: 'Cell' })
    .click();
  await expect.poll(() => order(panel)).toBe('1 2 3 4');
  await page.evaluate(() => {
    const notebook = window.jupyterapp.shell
      .currentWidget as unknown as INotebookInPage;
    // The notebook begins with an empty cell.
    notebook.content.moveCell(3, 1);
    notebook.model.sharedModel.deleteCell(2);
  });
  await runCells(page, ["memoryview(b'x' * 5_000_000)"]);
  await expect.poll(() => order(panel)).toBe('3 2 4 5 1');
});

test('a variable opens to who else holds it, and its deletion is offered', async ({
  page
}) => {
  await newNotebook(page);
  await runCells(page, [
    'df = table = bytearray(30_000_000)\ncache = {"a": [df]}\nother = bytearray(20_000_000)',
    'x = 1'
  ]);
  const panel = await openWholePanel(page);
  const rows = panel.locator('tr[data-name]');
  await expect(rows).toHaveCount(3);
  await panel
    .getByRole('searchbox', { name: 'Filter the variables by name' })
    .fill('DF');
  await expect(rows).toHaveCount(1);
  await rows.getByRole('button', { name: 'df' }).click();
  const detail = panel.locator('.jp-Memguard-variableDetail');
  await expect(detail).toContainText('table');
  const cache = detail.locator('summary', { hasText: 'cache' });
  await cache.focus();
  await page.keyboard.press('Enter');
  await expect(detail.locator('summary', { hasText: "['a']" })).toBeVisible();

  const cells = page.locator('.jp-Notebook .jp-Cell');
  const count = await cells.count();
  await detail.getByRole('button', { name: /^Put `del df, table`/ }).click();
  await expect(cells).toHaveCount(count + 1);
  const active = page.locator('.jp-Notebook .jp-Cell.jp-mod-active');
  await expect(active).toContainText('del df, table');
  // It is the person who runs it.
  await expect(active.locator('.jp-InputPrompt')).toHaveText('[ ]:');
  expect(await valueOf(page, 'len(df)')).toBe('30000000');
});
