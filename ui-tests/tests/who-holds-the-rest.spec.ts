/**
 * Figures that were left open are neither results nor variables. The rest of
 * the bar opens into them, and closing them there gives their memory back.
 */
import { expect } from '@jupyterlab/galata';
import {
  figure,
  newNotebook,
  openWholePanel,
  residentBytes,
  statusItem,
  test
} from './kernel-story';
import { runCells, valueOf } from './panel-story';

const FIGURES = 6;
/** Of an image alone, as float64. */
const IMAGE = 5_000_000 * 8;
const CLOSE = "plt.close('all')";

/** A backend that closes no figure by itself, as in a script. */
const IMPORTS = [
  'import matplotlib; matplotlib.use("agg")',
  'import matplotlib.pyplot as plt',
  'import numpy as np'
].join('\n');

const DRAW = [
  `for _ in range(${FIGURES}):`,
  '    plt.figure()',
  '    plt.imshow(np.ones((2500, 2000)))'
].join('\n');

test('figures left open are closed where the rest of the memory is told', async ({
  page
}) => {
  await newNotebook(page);
  const pid = Number(await valueOf(page, '__import__("os").getpid()'));
  const panel = await openWholePanel(page);
  await runCells(page, [IMPORTS, DRAW]);
  const entry = panel.locator('li[data-part="rest"]');
  await expect.poll(() => figure(entry)).toBeGreaterThan(FIGURES * IMAGE);
  const resident = residentBytes(pid);
  // The status bar reads the memory every few seconds.
  await expect
    .poll(() => figure(statusItem(page)))
    .toBeGreaterThan(0.97 * resident);
  const before = await figure(statusItem(page));

  // The keyboard opens it.
  const toggle = entry.getByRole('button', { name: 'Python and libraries' });
  await toggle.focus();
  await page.keyboard.press('Enter');
  const figures = entry.locator('[data-kind="figures"]');
  await expect(figures).toContainText('Open figures');
  await expect(figures).toContainText(`${FIGURES} objects`);
  const held = await figure(figures);
  expect(Math.abs(held / (FIGURES * IMAGE) - 1)).toBeLessThan(0.1);
  // It is the largest; with what is left, all is the rest.
  const listed = entry.locator('ul').first().locator('[data-kind]');
  expect(await listed.first().getAttribute('data-kind')).toBe('figures');
  await expect(listed.last()).toContainText('Interpreter');
  const bytes = await listed.evaluateAll(items =>
    items.map(item => Number((item as HTMLElement).dataset.bytes))
  );
  const sum = bytes.reduce((all, each) => all + each, 0);
  expect(Math.abs(sum - (await figure(entry)))).toBeLessThan(10_000_000);

  // The code can be had without being run.
  await figures
    .getByRole('button', { name: `Put \`${CLOSE}\` into a new cell` })
    .click();
  await expect(page.locator('.jp-Cell.jp-mod-active')).toContainText(CLOSE);

  // It runs when a person has seen it and agreed, and not before.
  const run = figures.getByRole('button', { name: `Run \`${CLOSE}\`` });
  const dialog = page.getByRole('dialog');
  await run.click();
  await expect(dialog.locator('pre')).toHaveText(CLOSE);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(dialog).toHaveCount(0);
  expect(await valueOf(page, 'len(plt.get_fignums())')).toBe(`${FIGURES}`);
  await expect(figures).toHaveCount(0);
  await entry.getByRole('button', { name: 'Look' }).click();
  await run.click();
  await dialog.getByRole('button', { name: 'Run' }).click();
  await expect(entry).toContainText(/has run: [\d.]+ MiB came back/);
  await expect(figures).toHaveCount(0);
  expect(await valueOf(page, 'len(plt.get_fignums())')).toBe('0');
  expect(residentBytes(pid)).toBeLessThan(resident - 0.9 * held);
  await expect
    .poll(() => figure(statusItem(page)))
    .toBeLessThan(before - 0.9 * held);
  await expect.poll(() => figure(entry)).toBeLessThan(held);
});

test('the chart by cell says what a cell made grow', async ({ page }) => {
  await newNotebook(page);
  const panel = await openWholePanel(page);
  const chart = panel.locator('.jp-Memguard-chartSection');
  // A reading that began before the first cell and ended after it is no base.
  await expect(panel.getByText('No variable holds much.')).toBeVisible();
  await runCells(page, ['import numpy as np\nsmall = np.ones(1_000_000)']);
  // The memory has been read after this cell, and before the next.
  await expect(panel.locator('tr[data-name="small"]')).toBeVisible();
  await runCells(page, ['df2 = np.ones(100_000_000)']);
  await expect(chart.getByRole('status')).toContainText(
    /Since In \[1\]: \+7[567]\d(\.\d)? MiB, of it `df2` \+762\.9 MiB/
  );
});
