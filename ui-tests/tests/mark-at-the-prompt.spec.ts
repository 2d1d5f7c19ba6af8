/** A cell whose result is retained and large has a mark that releases it. */
import { expect, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import {
  chooseGuard,
  figure,
  newNotebook,
  openPanel,
  test
} from './kernel-story';
import { menuItem, rowsIn, runCells, valueOf } from './panel-story';

// Wide enough for the toolbar beside the panel.
test.use({ viewport: { width: 1440, height: 900 } });

const BYTES = 64_000_000;

function marks(page: IJupyterLabPageFixture): Locator {
  return page.locator(
    '.jp-NotebookPanel .jp-Memguard-mark[data-kind=retained]'
  );
}

test('the mark tells the size, and its menu releases', async ({ page }) => {
  await newNotebook(page);
  const panel = await openPanel(page);
  await expect(panel).toHaveAttribute('data-state', 'empty');
  await runCells(page, ['import numpy as np\nnp.ones(8_000_000)']);
  await runCells(page, ['np.ones(100_000)']);
  await runCells(page, ['kept = np.ones(8_000_000)\nkept']);
  // Not the small one, nor the one that a variable uses.
  await expect(marks(page)).toHaveCount(1);
  const mark = marks(page);
  expect(Math.abs((await figure(mark)) - BYTES)).toBeLessThan(BYTES / 100);
  await expect(mark).toHaveAccessibleName('61 MiB kept by this result');
  await expect(
    page.locator('.jp-OutputPrompt:has(.jp-Memguard-mark)')
  ).toContainText('[1]');

  await mark.click();
  await expect(menuItem(page, /Out\[1\]: 61 MiB kept/)).toBeVisible();
  await menuItem(page, 'Free').click();
  await expect(marks(page)).toHaveCount(0);
  const account = panel.locator('[data-before-bytes]');
  const back =
    (await figure(account, 'data-before-bytes')) -
    (await figure(account, 'data-after-bytes'));
  expect(back).toBeGreaterThan(0.95 * BYTES);
  expect(await valueOf(page, 'type(_1) is np.ndarray')).toBe('False');

  await runCells(page, ['del kept']);
  await expect(marks(page)).toHaveCount(1);
  await expect(marks(page)).toHaveAttribute('data-numbers', '3');
});

test('with the guard on, marks come without the panel', async ({ page }) => {
  await newNotebook(page);
  await chooseGuard(page, 'last');
  await runCells(page, ['import numpy as np\nnp.ones(8_000_000)']);
  await expect(marks(page)).toHaveCount(1);
  expect(Math.abs((await figure(marks(page))) - BYTES)).toBeLessThan(
    BYTES / 100
  );
  for (let more = 0; more < 3; more++) {
    await runCells(page, ['np.ones(8_000_000)']);
  }
  // Only the newest three are retained, and marked.
  await expect
    .poll(() =>
      marks(page).evaluateAll(found =>
        found.map(mark => (mark as HTMLElement).dataset.numbers)
      )
    )
    .toEqual(['2', '3', '4']);
  // What somebody else drops is no longer marked either, and nobody asks.
  await runCells(page, ['del Out[3], _3']);
  await runCells(page, ["del get_ipython().user_ns_hidden['_3']"]);
  await expect(marks(page)).toHaveCount(2);
  await runCells(page, ['%reset -f out']);
  await expect(marks(page)).toHaveCount(0);
  for (let more = 0; more < 3; more++) {
    await runCells(page, ['np.ones(8_000_000)']);
  }
  await expect(marks(page)).toHaveCount(3);
  await marks(page).first().press('Enter');
  await menuItem(page, 'Show in the panel').click();
  const panel = page.locator('#jupyter-memguard-panel');
  await expect(rowsIn(panel)).toHaveCount(3);
});
