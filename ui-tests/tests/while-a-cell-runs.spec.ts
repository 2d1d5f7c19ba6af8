/** While a cell runs, figures stay, memory moves, and the kernel is let be. */
import { expect } from '@jupyterlab/galata';
import {
  figure,
  newNotebook,
  openPanel,
  statusItem,
  test
} from './kernel-story';
import {
  countCommMessages,
  holdKernel,
  order,
  rowsIn,
  runCells,
  valueOf
} from './panel-story';

// Wide enough for the toolbar beside the panel.
test.use({ viewport: { width: 1440, height: 900 } });

test('rows keep their figures and nothing is asked', async ({ page }) => {
  const sent = countCommMessages(page);
  await newNotebook(page);
  const panel = await openPanel(page);
  await expect(panel).toHaveAttribute('data-state', 'empty');
  await runCells(page, ['import numpy as np\nnp.ones(4_000_000)']);
  await expect(rowsIn(panel)).toHaveCount(1);
  expect(sent()).toBeGreaterThan(0);

  const status = statusItem(page);
  const cell = await holdKernel(page, 'block = np.ones(20_000_000)');
  const asOf = panel.locator('.jp-Memguard-asOf[data-execution]');
  await expect(asOf).toHaveAttribute('data-execution', '1');
  await expect(asOf).toHaveText(
    'A cell is running. These figures are as of cell 1.'
  );
  const bytes = await figure(rowsIn(panel));
  // What was sent before the cell is told later, but before this request.
  const told = page.waitForResponse(/\/api\/status/);
  await page.evaluate(() => fetch('/api/status'));
  await told;
  const before = sent();
  // What a person may do meanwhile asks the kernel for nothing.
  await rowsIn(panel).focus();
  await rowsIn(panel).press('Enter');
  await expect(panel.locator('.jp-Memguard-detail')).toContainText(
    'Asked for when the cell has ended.'
  );
  const memory = await figure(panel.locator('[data-part=results][data-bytes]'));
  await expect.poll(() => figure(status)).toBeGreaterThan(memory + 160_000_000);
  expect(await figure(rowsIn(panel))).toBe(bytes);
  expect(await order(panel)).toBe('1');
  expect(sent()).toBe(before);

  await cell.end();
  await expect(asOf).toHaveCount(0);
  await expect.poll(sent).toBeGreaterThan(before);
});

test('Free memory waits for the cell, and can be taken back', async ({
  page
}) => {
  await newNotebook(page);
  await runCells(page, ['import numpy as np\nnp.ones(4_000_000)']);
  const panel = await openPanel(page);
  await expect(rowsIn(panel)).toHaveCount(1);
  const queued = panel.locator('[data-activity="queued"]');
  const free = panel.getByRole('button', { name: 'Free memory' });

  const first = await holdKernel(page);
  await free.click();
  await expect(queued).toContainText('Queued: runs when the cell has ended');
  await queued.getByRole('button', { name: 'Take back' }).click();
  await expect(queued).toHaveCount(0);
  await first.end();
  expect(await valueOf(page, 'type(_1) is np.ndarray')).toBe('True');

  const second = await holdKernel(page);
  await free.click();
  await expect(queued).toBeVisible();
  await second.end();
  await expect(rowsIn(panel)).toHaveCount(0);
  expect(await valueOf(page, 'type(_1) is np.ndarray')).toBe('False');
});

test('nothing is sent while the panel is hidden and the guard off', async ({
  page
}) => {
  const sent = countCommMessages(page);
  await newNotebook(page);
  const panel = await openPanel(page);
  await expect(panel).toHaveAttribute('data-state', 'empty');
  await page.evaluate(() => window.jupyterapp.shell.collapseRight());
  await expect(panel).toBeHidden();
  await runCells(page, ['import numpy as np\nnp.ones(4_000_000)']);
  const before = sent();
  expect(before).toBeGreaterThan(0);
  for (let more = 0; more < 3; more++) {
    await runCells(page, ['np.ones(4_000_000)']);
  }
  expect(sent()).toBe(before);
});
