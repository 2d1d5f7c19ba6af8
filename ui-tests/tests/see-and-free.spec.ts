/** The main story: see what the kernel retains, free it, watch the memory fall. */
import { expect } from '@jupyterlab/galata';
import {
  ARTICLE_BYTES,
  figure,
  kernelPid,
  newNotebook,
  openPanel,
  residentBytes,
  run,
  SHOW_ARRAY,
  statusItem,
  test
} from './kernel-story';
import { runCells } from './panel-story';

test('a shown array is seen, freed, and its memory comes back', async ({
  page
}) => {
  await newNotebook(page);
  const pid = await kernelPid(page);
  await run(page, SHOW_ARRAY);
  await run(page, 'del arr\nprint(gc.collect() >= 0)');
  expect(await run(page, 'print(witness() is not None)')).toBe('True');

  const panel = await openPanel(page);
  const row = panel.locator('[data-key]');
  await expect(row).toHaveCount(1);
  const bytes = await figure(row);
  expect(Math.abs(bytes - ARTICLE_BYTES)).toBeLessThan(ARTICLE_BYTES / 100);
  expect(await row.getAttribute('data-numbers')).toBe('2');
  await expect(row).toContainText('Out[2]');
  await expect(row).toContainText('ndarray');
  await expect(row).toContainText('10000');

  const status = statusItem(page);
  await expect
    .poll(async () => Math.abs((await figure(status)) - residentBytes(pid)))
    .toBeLessThan(20_000_000);
  const before = await figure(status);
  await panel.getByRole('button', { name: 'Free memory' }).click();
  await expect
    .poll(async () => before - (await figure(status)), { timeout: 10_000 })
    .toBeGreaterThan(0.95 * ARTICLE_BYTES);
  const account = panel.locator('[data-before-bytes]');
  await expect(account).toBeVisible();
  const freed =
    (await figure(account, 'data-before-bytes')) -
    (await figure(account, 'data-after-bytes'));
  expect(freed).toBeGreaterThan(0.95 * ARTICLE_BYTES);
  await expect(row).toHaveCount(0);

  expect(await run(page, 'print(witness() is None)')).toBe('True');
  expect(await run(page, '3 + 4')).toBe('7');
  expect(await run(page, '_')).toBe('7');
});

test('the panel names the holders of a row', async ({ page }) => {
  await newNotebook(page);
  await run(page, SHOW_ARRAY);
  const panel = await openPanel(page);
  const row = panel.locator('[data-key]');
  await expect(row).toHaveCount(1);
  await expect(row).toContainText('arr');
  expect(await figure(row)).toBe(0);
  await run(page, 'del arr');
  await expect.poll(() => figure(row)).toBeGreaterThan(0.99 * ARTICLE_BYTES);
  await row.focus();
  await row.press('Enter');
  for (const holder of ['Out[1]', '_1', 'user_ns_hidden', 'displayhook._']) {
    await expect(panel).toContainText(holder);
  }
});

test('one row can be released and the others stay', async ({ page }) => {
  await newNotebook(page);
  await run(page, 'import numpy as np\nnp.ones(6_000_000)');
  await run(page, 'np.ones(7_000_000)');
  const panel = await openPanel(page);
  const rows = panel.locator('[data-key]');
  await expect(rows).toHaveCount(2);
  const first = panel.locator('[data-key][data-numbers="1"]');
  await first.hover();
  await first.getByRole('button', { name: 'Free' }).click();
  await expect(rows).toHaveCount(1);
  await expect(rows).toHaveAttribute('data-numbers', '2');
  expect(await run(page, 'print(_2.nbytes)')).toBe('56000000');
});

test('memory that comes back late is in the account', async ({ page }) => {
  await newNotebook(page);
  // The second is like an allocator that gives back late, as some libraries
  // have.
  await runCells(page, [
    'import threading, time, weakref\nimport numpy as np\nnp.ones(20_000_000)',
    [
      'pool = [np.ones(20_000_000)]',
      'shown = weakref.ref(_1)',
      'def later():',
      '    while shown() is not None: time.sleep(0.01)',
      '    time.sleep(0.7)',
      '    pool.clear()',
      'threading.Thread(target=later, daemon=True).start()'
    ].join('\n')
  ]);
  const panel = await openPanel(page);
  await panel.getByRole('button', { name: 'Free memory' }).click();
  const account = panel.locator('[data-before-bytes]');
  const freed = async () =>
    (await figure(account, 'data-before-bytes')) -
    (await figure(account, 'data-after-bytes'));
  await expect.poll(freed).toBeGreaterThan(150_000_000);
  await expect.poll(freed).toBeGreaterThan(310_000_000);
  await expect(account).toContainText(/1 result was freed: 30\d(\.\d)? MiB/);
});

test('free memory is given back where no result is left', async ({ page }) => {
  await newNotebook(page);
  // The C library gives back only what nothing lies above of.
  await run(
    page,
    'many = [bytes(1000) for _ in range(200_000)]\nabove = bytes(1000)\ndel many'
  );
  const panel = await openPanel(page);
  const free = panel.locator('li[data-part="free"]');
  await expect.poll(() => figure(free)).toBeGreaterThan(150_000_000);
  await panel.getByRole('button', { name: 'Give free memory back' }).click();
  const account = panel.locator('[data-before-bytes]');
  await expect(account).toContainText(
    /^(19|20)\d(\.\d)? MiB that nothing used came back/
  );
  // Little is left, or none: then the bar has no such part.
  await expect
    .poll(() =>
      free.evaluateAll(parts =>
        parts.reduce((sum, part) => sum + Number(part.dataset.bytes), 0)
      )
    )
    .toBeLessThan(50_000_000);
});

test('what tracebacks keep is the answer where no result is large, and is freed', async ({
  page
}) => {
  await newNotebook(page);
  await runCells(page, [
    'def fail(size):\n    large = b"x" * size\n    return 1 / 0',
    'fail(300_000_000)',
    '# another cell'
  ]);
  const panel = await openPanel(page);
  const answer = panel.locator('.jp-Memguard-answer');
  await expect(answer).toContainText(/28\d(\.\d)? MiB/);
  await expect(answer).toContainText('is kept by tracebacks');
  const pid = await kernelPid(page);
  const before = residentBytes(pid);
  await panel.getByRole('button', { name: 'Free tracebacks' }).first().click();
  const account = panel.locator('[data-before-bytes]');
  await expect(account).toContainText(/1 traceback was freed: 28\d(\.\d)? MiB/);
  expect(residentBytes(pid)).toBeLessThan(before - 250_000_000);
  await expect(answer).toContainText('Nothing to free');
});

test('with the guard on nothing is retained, in the very next cell', async ({
  page
}) => {
  await newNotebook(page);
  const toggle = page.getByRole('button', { name: /^Memory guard/ });
  await toggle.click();
  await expect(toggle).toHaveAttribute('aria-pressed', 'true');
  await run(page, SHOW_ARRAY);
  expect(
    await run(page, 'del arr\ngc.collect()\nprint(witness() is None)')
  ).toBe('True');
  const panel = await openPanel(page);
  await expect(panel).toHaveAttribute('data-state', 'empty');
  expect(await run(page, '3 + 4')).toBe('7');
  expect(await run(page, '_')).toBe('7');
});

test('the figure moves while a cell runs', async ({ page }) => {
  await newNotebook(page);
  const pid = await kernelPid(page);
  const status = statusItem(page);
  await expect.poll(() => figure(status)).toBeGreaterThan(0);
  const before = await figure(status);
  const release = `/tmp/memguard-go-${pid}`;
  const index = await page.notebook.getCellCount();
  await page.notebook.addCell(
    'code',
    [
      'import os, time',
      "block = bytearray(b'x') * 300_000_000",
      `while not os.path.exists('${release}'): time.sleep(0.05)`,
      `os.remove('${release}')`
    ].join('\n')
  );
  await page.notebook.runCell(index, { inplace: true, wait: false });
  await expect
    .poll(async () => (await figure(status)) - before)
    .toBeGreaterThan(280_000_000);
  const { writeFileSync } = await import('fs');
  writeFileSync(release, '');
  await page.notebook.waitForRun(index);
});
