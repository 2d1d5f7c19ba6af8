/** A figure that is a bound can be measured exactly, and that can be stopped. */
import { expect, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { figure, newNotebook, openPanel, test } from './kernel-story';
import { rowOf, rowsIn, runCells } from './panel-story';

/** A result with a short text that holds a list of this many lists. */
const nested = (count: number) =>
  [
    'class Model: pass',
    'def model():',
    '    made = Model()',
    `    made.parts = [[] for _ in range(${count})]`,
    '    return made',
    'model()'
  ].join('\n');

async function showNested(
  page: IJupyterLabPageFixture,
  count: number
): Promise<Locator> {
  await newNotebook(page);
  await runCells(page, [nested(count)]);
  const panel = await openPanel(page);
  await expect(rowsIn(panel)).toHaveCount(1);
  return panel;
}

test('a bound is marked as one and becomes exact', async ({ page }) => {
  const count = 1_000_000;
  const panel = await showNested(page, count);
  const row = rowOf(panel, 1);
  await expect(row).toHaveAttribute('data-exact', 'false');
  await expect(row).toContainText('\u2265');
  const bound = await figure(row);

  await panel.getByRole('button', { name: 'Measure exactly' }).click();
  await expect(row).toHaveAttribute('data-exact', 'true', { timeout: 60_000 });
  await expect(row).not.toContainText('\u2265');
  const exact = await figure(row);
  expect(exact).toBeGreaterThan(bound);
  // Each list has its header, the collector's, and its place in the outer one.
  expect(exact).toBeGreaterThanOrEqual(count * (56 + 8));
  expect(exact).toBeLessThan(count * (56 + 8 + 16) * 1.2);
  await expect(panel.getByRole('progressbar')).toHaveCount(0);
});

test('measuring shows progress and can be stopped', async ({ page }) => {
  const panel = await showNested(page, 8_000_000);
  const row = rowOf(panel, 1);
  await expect(row).toHaveAttribute('data-exact', 'false');
  await panel.getByRole('button', { name: 'Measure exactly' }).click();
  const working = panel.locator('[data-activity="measuring"]');
  await expect(
    working.getByRole('progressbar', { name: /^Measuring exactly/ })
  ).toBeVisible();
  await working.getByRole('button', { name: 'Stop' }).click();
  await expect(working).toHaveCount(0);
  await expect(row).toHaveAttribute('data-exact', 'false');
  // It can be begun again, and everything else is as it was.
  await expect(
    panel.getByRole('button', { name: 'Measure exactly' })
  ).toBeEnabled();
  await panel.getByRole('button', { name: 'Free memory' }).click();
  await expect(rowsIn(panel)).toHaveCount(0, { timeout: 30_000 });
});
