/** Whoever never opens the panel is told what a result retains. */
import { expect } from '@jupyterlab/galata';
import {
  ARTICLE_BYTES,
  figure,
  newNotebook,
  reload,
  run,
  SHOW_ARRAY,
  statusItem,
  test
} from './kernel-story';
import { countCommMessages, menuItem } from './panel-story';

test('after `del arr`, the mark, the status bar and its pop-up say what is retained', async ({
  page
}) => {
  const sent = countCommMessages(page);
  await newNotebook(page);
  await expect.poll(sent).toBe(1);
  const mark = page.locator('.jp-NotebookPanel .jp-Memguard-mark');
  const status = statusItem(page);
  const opened = sent();
  expect(await run(page, '1 + 1')).toBe('2');
  // From now on the kernel tells by itself. It has the engine in its own
  // environment here.
  await expect.poll(sent).toBe(opened + 1);
  await run(page, SHOW_ARRAY);
  // A variable uses it: nothing would come back.
  await expect(status).toContainText(/(7|8)\d\d(\.\d)? MiB|GiB/);
  await expect(mark).toHaveCount(0);
  await expect(status).not.toHaveAttribute('data-free-bytes');

  await run(page, 'del arr');
  await expect(mark).toHaveCount(1);
  expect(Math.abs((await figure(mark)) - ARTICLE_BYTES)).toBeLessThan(1000);
  await expect(mark).toHaveAccessibleName('762.9 MiB kept by this result');
  await expect(status).toContainText('762.9 MiB to free');
  await status.hover();
  const line = page.getByRole('tooltip').locator('[data-part=retained]');
  await expect(line).toContainText('762.9 MiB');
  await page.mouse.move(10, 10);
  expect(sent()).toBe(opened + 1);

  // A variable uses it again.
  await run(page, 'arr = Out[2]');
  await expect(mark).toHaveCount(0);
  await expect(status).not.toContainText('to free');
  await run(page, 'del arr');
  await mark.click();
  await menuItem(page, 'Free').click();
  await expect(mark).toHaveCount(0);
  await expect(status).not.toContainText('to free');
  await expect(page.locator('#jupyter-memguard-panel')).toBeHidden();
  expect(await run(page, 'witness() is None')).toBe('True');
});

test('cells that were run together, and a page that comes later, are told as well', async ({
  page
}) => {
  await newNotebook(page);
  const mark = page.locator('.jp-NotebookPanel .jp-Memguard-mark');
  await page.notebook.setCell(0, 'code', SHOW_ARRAY);
  await page.notebook.addCell('code', 'del arr');
  await page.evaluate(() =>
    window.jupyterapp.commands.execute('notebook:run-all-cells')
  );
  await expect(mark).toHaveCount(1);
  await page.notebook.save();
  await reload(page);
  await expect(mark).toHaveCount(1);
  await expect(statusItem(page)).toContainText('762.9 MiB to free');
});
