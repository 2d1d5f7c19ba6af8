/** Near its limit a kernel's memory is told in colour and words, and in time. */
import { expect, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { LIMIT_BYTES, LIMITED, urlOf } from '../servers';
import {
  figure,
  kernelPid,
  newNotebook,
  openPanel,
  run,
  statusItem,
  test
} from './kernel-story';

test.use({ baseURL: urlOf(LIMITED) });

/** Defines `upTo`, which gives the array that fills a part of the limit. */
const UP_TO = [
  'import os',
  'import numpy as np',
  'def upTo(level):',
  "    pages = int(open('/proc/self/statm').read().split()[1])",
  "    rss = pages * os.sysconf('SC_PAGE_SIZE')",
  `    return np.ones(int(level * ${LIMIT_BYTES} - rss) // 8)`
].join('\n');

function toasts(page: IJupyterLabPageFixture): Locator {
  return page.locator('.Toastify__toast');
}

function level(page: IJupyterLabPageFixture): Promise<number> {
  return figure(statusItem(page), 'data-level');
}

function colours(item: Locator): Promise<string> {
  return item.evaluate(node => {
    const { backgroundColor, boxShadow } = getComputedStyle(node);
    return `${backgroundColor} ${boxShadow}`;
  });
}

test('colour and words change at 80 % and at 95 %, and back', async ({
  page
}) => {
  await newNotebook(page);
  const status = statusItem(page);
  await run(page, UP_TO);
  await expect(status).toHaveAttribute('data-severity', 'normal');
  await expect(status).toHaveText(/^Kernel [\d.]+ MiB of 572\.2 MiB$/);
  const normal = await colours(status);

  await run(page, 'block = upTo(0.75)');
  await expect.poll(() => level(page)).toBeGreaterThan(0.74);
  await expect(status).toHaveAttribute('data-severity', 'normal');
  await run(page, 'more = upTo(0.85)');
  await expect(status).toHaveAttribute('data-severity', 'high');
  await expect(status).toHaveText(/ 8[3-7] % of the limit$/);
  const high = await colours(status);
  expect(high).not.toBe(normal);

  await run(page, 'most = upTo(0.97)');
  await expect(status).toHaveAttribute('data-severity', 'critical');
  await expect(status).toHaveText(/ 9[5-8] %, almost out of memory$/);
  const critical = await colours(status);
  expect([normal, high]).not.toContain(critical);

  await run(page, 'del block, more, most');
  await expect(status).toHaveAttribute('data-severity', 'normal');
  await expect(status).not.toContainText('%');
});

test('the pop-up tells the parts, a key opens the panel', async ({ page }) => {
  await newNotebook(page);
  await run(page, 'import numpy as np\nnp.ones(10_000_000)');
  const status = statusItem(page);
  await expect(status).toHaveAccessibleName(
    /^Kernel memory: Kernel [\d.]+ MiB/
  );
  await expect.poll(() => figure(status)).toBeGreaterThan(0);
  await status.focus();
  const popup = page.getByRole('tooltip');
  await expect(popup.locator('[data-part="kernel"]')).toContainText('MiB');
  await expect(popup.locator('[data-part="limit"]')).toHaveText(
    'Limit (set for this server)572.2 MiB'
  );
  await status.press('Escape');
  await expect(popup).toHaveCount(0);
  await status.press('Enter');
  const panel = page.locator('#jupyter-memguard-panel');
  await expect(panel.locator('[data-key]')).toHaveCount(1);
  await status.hover();
  await expect(popup.locator('[data-part="retained"]')).toHaveText(
    'Kept results76.3 MiB'
  );
});

test('above 90 % one warning says how much is retained and frees it', async ({
  page
}) => {
  await newNotebook(page);
  await run(page, UP_TO);
  await run(page, 'upTo(0.92)');
  const toast = toasts(page);
  await expect(toast).toContainText(/9[0-3] % of its limit of 572\.2 MiB/);
  await expect(toast).toContainText(/[34]\d\d(\.\d)? MiB of it is kept/);

  // Later readings of the same crossing are told by no other warning.
  await run(page, 'more = upTo(0.98)');
  await expect.poll(() => level(page)).toBeGreaterThan(0.96);
  await run(page, 'del more');
  await expect.poll(() => level(page)).toBeLessThan(0.96);
  await expect(toast).toHaveCount(1);
  expect(await page.notifications).toHaveLength(1);

  await toast.getByRole('button', { name: 'Free memory' }).click();
  // One that the mouse is over stays.
  await page.mouse.move(10, 10);
  await expect
    .poll(() => figure(statusItem(page)))
    .toBeLessThan(0.4 * LIMIT_BYTES);
  await expect(toast).toHaveCount(0);
  expect(await run(page, 'print(type(_2).__name__)')).not.toBe('ndarray');

  // Another crossing is another warning.
  await run(page, 'upTo(0.92)');
  await expect(toast).toHaveCount(1);
  await expect(toast).toContainText('of it is kept results');
});

test('a kernel that died near its limit is said to have run out', async ({
  page
}) => {
  await newNotebook(page);
  const pid = await kernelPid(page);
  await run(page, UP_TO);
  await run(page, 'block = upTo(0.93)');
  await expect.poll(() => level(page)).toBeGreaterThan(0.9);
  process.kill(pid, 'SIGKILL');
  const said = toasts(page).filter({ hasText: 'It probably ran out' });
  await expect(said).toContainText(/died at 5\d\d(\.\d)? MiB, with 9[2-6] %/, {
    timeout: 30_000
  });
  await expect(toasts(page)).toHaveCount(1);
});

test('the next process is not shown as if the one before had not died', async ({
  page
}) => {
  await newNotebook(page);
  const pid = await kernelPid(page);
  const panel = await openPanel(page);
  await run(page, UP_TO);
  await run(page, 'block = upTo(0.6)');
  await expect.poll(() => level(page)).toBeGreaterThan(0.58);
  process.kill(pid, 'SIGKILL');
  await page.getByRole('button', { name: 'Ok', exact: true }).click();
  const died = /died at 3[3-5]\d(\.\d)? MiB of 572\.2 MiB/;
  const told = panel.locator('[role=alert]');
  await expect(told).toContainText(died, { timeout: 30_000 });
  await expect(statusItem(page)).toContainText(died);
  // The figures beside it are of the new process.
  await expect.poll(() => level(page)).toBeLessThan(0.4);
  await expect(told).toContainText(died);
  await told.getByRole('button', { name: 'Dismiss' }).click();
  await expect(told).toHaveCount(0);
  await expect(statusItem(page)).not.toContainText('died');
});

test('a kernel that the system killed is said to have been killed', async ({
  page
}) => {
  // The control group's counter, as the server reads it.
  let kills = 5;
  await page.route(/jupyter-memguard\/kernels\/[^/]+\/memory/, async route => {
    const response = await route.fetch();
    const reply = (await response.json()) as object;
    await route.fulfill({ response, json: { ...reply, oom_kills: kills } });
  });
  await newNotebook(page);
  const pid = await kernelPid(page);
  await expect.poll(() => level(page)).toBeGreaterThan(0);
  const panel = await openPanel(page);
  // It grew and was killed between two readings.
  process.kill(pid, 'SIGKILL');
  kills++;
  await page.getByRole('button', { name: 'Ok', exact: true }).click();
  const died = /died at \d\d(\.\d)? MiB of 572\.2 MiB \(killed\)/;
  const told = panel.locator('[role=alert]');
  await expect(told).toContainText(died, { timeout: 30_000 });
  await expect(told).toContainText('because memory ran out');
  await expect(statusItem(page)).toContainText(died);
  const said = toasts(page).filter({ hasText: 'The system killed the kernel' });
  await expect(said).toHaveCount(1);
  // Both stay until a person has read it.
  await run(page, '1 + 1');
  await expect(said).toHaveCount(1);
  await told.getByRole('button', { name: 'Dismiss' }).click();
  await expect(told).toHaveCount(0);
  await expect(said).toHaveCount(0);
  await expect(statusItem(page)).not.toContainText('killed');
});

test('a kernel that died far from its limit is not', async ({ page }) => {
  await newNotebook(page);
  const pid = await kernelPid(page);
  await expect.poll(() => level(page)).toBeGreaterThan(0);
  const panel = await openPanel(page);
  await expect(panel).toHaveAttribute('data-state', 'empty');
  process.kill(pid, 'SIGKILL');
  await page.getByRole('button', { name: 'Ok', exact: true }).click();
  expect(Number(await run(page, 'import os; print(os.getpid())'))).not.toBe(
    pid
  );
  await expect(panel).toHaveAttribute('data-state', 'empty');
  await expect.poll(() => level(page)).toBeGreaterThan(0);
  expect(await page.notifications).toHaveLength(0);
});
