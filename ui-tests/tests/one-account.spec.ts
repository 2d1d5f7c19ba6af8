/**
 * The headline, the rows and the button say one and the same, and it is what
 * comes back.
 */
import { expect } from '@jupyterlab/galata';
import { figure, newNotebook, openPanel, test } from './kernel-story';
import { rowOf, runCells } from './panel-story';

/** A frame is looked at as people do, and its name is given up. */
const CELLS = [
  'import numpy as np\nimport pandas as pd',
  'frame = pd.DataFrame(np.random.default_rng(1).random((2_000_000, 4)), columns=list("abcd"))',
  'frame',
  'frame.head()',
  'frame[frame["a"] > 0.5]',
  'frame["b"]',
  'del frame'
];

const MIB = 1024 * 1024;

test('one press frees what the headline says, which is the sum of the rows', async ({
  page
}) => {
  await newNotebook(page);
  await runCells(page, CELLS);
  const panel = await openPanel(page);
  const total = panel.locator('.jp-Memguard-total');
  await expect(total).toHaveAttribute('data-final', 'true');

  const entries = panel.locator('[role=row][data-key][aria-level="1"]');
  const sumOfEntries = (): Promise<number> =>
    entries.evaluateAll(rows =>
      rows.reduce(
        (sum, row) => sum + Number((row as HTMLElement).dataset.bytes),
        0
      )
    );
  await expect.poll(sumOfEntries).toBe(await figure(total));

  // The frame and its column are one entry; what the filter left is a copy.
  const group = panel.locator('[role=row][data-members]');
  await expect(group).toHaveCount(1);
  expect(await figure(group)).toBeGreaterThan(0.95 * 2_000_000 * 4 * 8);
  for (const number of [3, 6]) {
    await expect(rowOf(panel, number)).toHaveAttribute('aria-level', '2');
  }
  await expect(rowOf(panel, 5)).toHaveAttribute('aria-level', '1');

  const promised = await figure(total);
  const press = async (): Promise<number> => {
    await panel.locator('.jp-Memguard-free').click();
    const account = panel.locator('[data-before-bytes]');
    await expect(account).toBeVisible();
    const freed =
      (await figure(account, 'data-before-bytes')) -
      (await figure(account, 'data-after-bytes'));
    await account.getByRole('button', { name: 'Dismiss' }).click();
    await expect(account).toHaveCount(0);
    return freed;
  };
  const freed = await press();
  expect(Math.abs(freed - promised)).toBeLessThan(
    Math.max(0.05 * promised, 1_000_000)
  );
  await expect(group).toHaveCount(0);
  await expect.poll(() => figure(total)).toBeLessThan(MIB);
  expect(await press()).toBeLessThan(MIB);
});
