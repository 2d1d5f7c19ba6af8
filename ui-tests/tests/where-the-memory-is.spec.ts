/** The bar says where a kernel's memory is, and its parts sum to all of it. */
import { expect } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import {
  figure,
  newNotebook,
  openWholePanel,
  residentBytes,
  test
} from './kernel-story';
import { runCells, valueOf } from './panel-story';

const VARIABLES = 1_000_000_000;
const RESULTS = 500_000_000;
const SHOWN = 100_000_000;

function part(panel: Locator, name: string): Promise<number> {
  return figure(panel.locator(`[data-part="${name}"][data-bytes]`));
}

function sumOfParts(panel: Locator): Promise<number> {
  return panel
    .locator('li[data-part]')
    .evaluateAll(items =>
      items.reduce(
        (sum, item) => sum + Number((item as HTMLElement).dataset.bytes),
        0
      )
    );
}

function near(bytes: number, expected: number): void {
  expect(Math.abs(bytes - expected)).toBeLessThan(expected / 50);
}

test('variables, results and what was shown are told apart', async ({
  page
}) => {
  await newNotebook(page);
  const pid = Number(await valueOf(page, '__import__("os").getpid()'));
  await runCells(page, [
    [
      'import numpy as np',
      `large = np.ones(${VARIABLES / 10})`,
      `small = np.ones(${VARIABLES / 40})`
    ].join('\n')
  ]);
  await runCells(page, [`np.ones(${RESULTS / 8})`]);
  // So long a text is kept in the kernel; the server does not pass it on.
  // The last cell's is not let go, so that another cell follows.
  await runCells(page, [`print('x' * ${SHOWN})`, 'done = True']);
  const panel = await openWholePanel(page);
  await expect.poll(() => part(panel, 'variables')).toBeGreaterThan(0);
  near(await part(panel, 'results'), RESULTS);
  near(await part(panel, 'shown'), SHOWN);
  near(await part(panel, 'variables'), VARIABLES);
  expect(await part(panel, 'rest')).toBeGreaterThan(20_000_000);
  expect(await part(panel, 'rest')).toBeLessThan(200_000_000);
  const sum = await sumOfParts(panel);
  expect(Math.abs(sum - residentBytes(pid))).toBeLessThan(10_000_000);

  // The one answer, and the variable that is most of the kernel.
  near(await figure(panel.locator('.jp-Memguard-total')), RESULTS);
  const largest = panel.locator('[data-name]');
  expect(await largest.first().getAttribute('data-name')).toBe('large');
  near(await figure(largest.first()), 0.8 * VARIABLES);
  near(await figure(panel.locator('[data-name="small"]')), 0.2 * VARIABLES);

  // What was shown goes by a button of its own, and nothing else with it.
  await panel.getByRole('button', { name: 'Free output history' }).click();
  await expect
    .poll(() => residentBytes(pid))
    .toBeLessThan(sum - 0.95 * SHOWN + 10_000_000);
  await expect(panel.locator('li[data-part="results"]')).toBeVisible();
  near(await part(panel, 'results'), RESULTS);
  await panel.getByRole('button', { name: 'Free memory' }).click();
  await expect.poll(() => part(panel, 'results')).toBe(0);
  expect(await valueOf(page, 'large.nbytes + small.nbytes')).toBe(
    `${VARIABLES}`
  );
});

test('what results and variables share is neither’s alone', async ({
  page
}) => {
  await newNotebook(page);
  const pid = Number(await valueOf(page, '__import__("os").getpid()'));
  await runCells(page, [
    'import numpy as np',
    'base = np.ones(30_000_000)\nbase[:20_000_000]',
    'base[10_000_000:]'
  ]);
  const panel = await openWholePanel(page);
  await expect.poll(() => part(panel, 'shared')).toBeGreaterThan(0);
  near(await part(panel, 'shared'), 240_000_000);
  expect(await part(panel, 'results')).toBeLessThan(1_000_000);
  expect(await part(panel, 'variables')).toBeLessThan(20_000_000);
  const sum = await sumOfParts(panel);
  expect(Math.abs(sum - residentBytes(pid))).toBeLessThan(10_000_000);
  // Nobody reads that no variable holds much beside that.
  const base = panel.locator('[data-name="base"]');
  near(await figure(base, 'data-size'), 240_000_000);
  expect(await figure(base)).toBeLessThan(1_000_000);
  await expect(base).toContainText('shared with Out[2], Out[3]');
  await expect(
    panel.locator('.jp-Memguard-variables').getByRole('columnheader')
  ).toHaveText(['Variable', 'Type', 'Size', 'Frees']);
});
