/** The guard shows its work: at the cell, in its line, and in the status bar. */
import { expect } from '@jupyterlab/galata';
import {
  chooseGuard,
  newNotebook,
  openPanel,
  run,
  statusItem,
  test
} from './kernel-story';
import { menuItem } from './panel-story';

test('what was not kept is told at its cell, in the guard’s line and in the pop-up', async ({
  page
}) => {
  await newNotebook(page);
  await chooseGuard(page, 'large');
  const marks = page.locator('.jp-NotebookPanel .jp-Memguard-mark');
  await run(page, 'import numpy as np\nnp.ones(8_000_000)');
  await expect(marks).toHaveCount(1);
  await expect(marks).toHaveAttribute('data-kind', 'withheld');
  await expect(marks).toHaveAccessibleName(
    'Out[1] was not kept: numpy.ndarray, 61 MiB. To keep such a result, assign it to a variable.'
  );
  await statusItem(page).hover();
  const line = page.getByRole('tooltip').locator('[data-part=withheld]');
  await expect(line).toContainText('1 result, 61 MiB');
  await page.mouse.move(10, 10);

  const panel = await openPanel(page);
  const guard = panel.locator('.jp-Memguard-guard');
  await expect(guard).toContainText('1 result was not kept, 61 MiB.');
  await expect(guard).toContainText('This mode was chosen in this notebook.');
  await run(page, 'np.ones(8_000_000)');
  await expect(guard).toContainText(
    '2 results were not kept, the largest 61 MiB.'
  );
  await expect(marks).toHaveCount(2);

  await marks.last().click();
  await expect(menuItem(page, /Out\[2\] was not kept/)).toBeVisible();
  await menuItem(page, 'Show in the panel').click();
  // The cell is run again, and keeps its result as the words say.
  await page.notebook.setCell(1, 'code', 'kept = np.ones(8_000_000)');
  await page.notebook.runCell(1, true);
  await expect(marks).toHaveCount(1);

  // JupyterLab's own sign for trust is a shield.
  const drawn = (selector: string) =>
    page.locator(`${selector} svg path`).first().getAttribute('d');
  const ours = await drawn('.jp-Memguard-mark');
  expect(await drawn('.jp-Memguard-toggle')).toBe(ours);
  const trust = await drawn('#jp-main-statusbar .jp-StatusItem-trust');
  expect(trust).not.toBe(ours);
});

test('the error of a result that was not kept is about the person’s code alone', async ({
  page
}) => {
  await newNotebook(page);
  await chooseGuard(page, 'all');
  await run(page, '[1, 2, 3]');
  const error = await run(page, 'Out[1].append(4)');
  expect(error).toContain('Out[1].append(4)');
  expect(error).toContain('was not kept');
  expect(error).not.toContain('Could not get source');
  expect(error).not.toContain('jupyter_memguard');
});
