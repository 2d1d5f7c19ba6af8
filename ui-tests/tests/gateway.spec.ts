/** The same with kernels of another machine: JupyterLab on a kernel gateway. */
import { expect, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import { rmSync, writeFileSync } from 'fs';
import { GATEWAY, REMOTE, urlOf } from '../servers';
import {
  ARTICLE_BYTES,
  figure,
  kernelPid,
  openWholePanel,
  proportionalBytes,
  residentBytes,
  run,
  SHOW_ARRAY,
  start,
  statusItem,
  test
} from './kernel-story';

test.use({ baseURL: urlOf(REMOTE) });

/** A remote kernel is asked for its memory every ten seconds at most. */
const TOLD = { timeout: 30_000 };

/** How long it is tried to connect anew. */
const CONNECTED_MS = 180_000;
test.setTimeout(CONNECTED_MS + 120_000);

function kernelId(page: IJupyterLabPageFixture): Promise<string> {
  return page.evaluate(() => {
    const widget = window.jupyterapp.shell.currentWidget as unknown as {
      sessionContext: { session: { kernel: { id: string } } };
    };
    return widget.sessionContext.session.kernel.id;
  });
}

/**
 * A notebook whose kernel answers. A gateway sometimes loses the first messages
 * to a kernel that has just begun, which then has no status in JupyterLab until
 * a person has it connected anew. None of what is tested has begun by then.
 */
async function remoteNotebook(page: IJupyterLabPageFixture): Promise<void> {
  await page.notebook.createNew(undefined, { kernel: 'python3' });
  const idle = page.locator('#jp-main-statusbar').getByText(/\| Idle/);
  await expect(async () => {
    try {
      await idle.waitFor({ timeout: 15_000 });
    } catch (error) {
      await page.evaluate(() => {
        void window.jupyterapp.commands.execute('notebook:reconnect-to-kernel');
      });
      throw error;
    }
  }).toPass({ timeout: CONNECTED_MS });
}

test('results on a gateway are seen and freed, and the memory is told', async ({
  page,
  request,
  baseURL
}) => {
  await remoteNotebook(page);
  const id = await kernelId(page);
  const onGateway = await request.get(`${urlOf(GATEWAY)}/api/kernels/${id}`);
  expect(onGateway.status()).toBe(200);
  const asked = await request.get(
    `${baseURL}/jupyter-memguard/kernels/${id}/memory`
  );
  expect(await asked.json()).toMatchObject({
    reason: 'remote',
    rss_bytes: null
  });

  const pid = await kernelPid(page);
  await run(page, SHOW_ARRAY);
  await run(page, 'del arr');
  const panel = await openWholePanel(page);
  const row = panel.locator('[data-key]');
  await expect(row).toHaveCount(1);
  await expect.poll(() => figure(row)).toBeGreaterThan(0.99 * ARTICLE_BYTES);
  await expect(row).toContainText('10000');

  const status = statusItem(page);
  await expect(status).toHaveText(
    /^Kernel [\d.]+ [KMG]iB of [\d.]+ GiB \(PSS with children\)/,
    TOLD
  );
  // It shares pages with others, so that its part is less than what it has.
  // Until the array was whole, the kernel told less.
  await expect
    .poll(
      async () => Math.abs(proportionalBytes(pid) - (await figure(status))),
      TOLD
    )
    .toBeLessThan(20_000_000);
  const before = await figure(status);
  expect(before).toBeLessThan(residentBytes(pid) + 20_000_000);
  await status.hover();
  await expect(
    page.getByRole('tooltip').locator('[data-part="kernel"]')
  ).toContainText('PSS with children, as the kernel tells');
  const parts = page.getByRole('tooltip');
  await expect(parts.locator('[data-part="limit"]')).toContainText(
    "Machine's memory"
  );
  await expect(parts.locator('[data-part="unknown"]')).toContainText(
    'not known from here'
  );
  // What the cells did is known as far as the kernel told it in between.
  const bars = panel.locator('.jp-Memguard-chart [data-delta]');
  const rose = async () =>
    (
      await bars.evaluateAll(nodes =>
        nodes.map(node => Number((node as SVGElement).dataset.delta))
      )
    ).reduce((sum, delta) => sum + delta, 0);
  await expect.poll(rose, TOLD).toBeGreaterThan(0.9 * ARTICLE_BYTES);
  await expect(panel).toContainText('runs in between are shown together');
  const listed = panel.locator(`[data-kernel-id="${id}"]`);
  await expect(listed).toContainText('PSS with children');
  await expect.poll(() => figure(listed), TOLD).toBe(before);

  await panel.getByRole('button', { name: 'Free memory' }).click();
  await expect(row).toHaveCount(0);
  const account = panel.locator('[data-before-bytes]');
  const freed =
    (await figure(account, 'data-before-bytes')) -
    (await figure(account, 'data-after-bytes'));
  expect(freed).toBeGreaterThan(0.95 * ARTICLE_BYTES);
  expect(await run(page, 'print(witness() is None)')).toBe('True');
  await expect
    .poll(async () => before - (await figure(status)), TOLD)
    .toBeGreaterThan(0.95 * ARTICLE_BYTES);
});

test('the guard holds on a gateway', async ({ page }) => {
  await remoteNotebook(page);
  const toggle = page.getByRole('button', { name: /^Memory guard/ });
  await toggle.click();
  await expect(toggle).toHaveAttribute('aria-pressed', 'true');
  await run(page, SHOW_ARRAY);
  expect(
    await run(page, 'del arr\ngc.collect()\nprint(witness() is None)')
  ).toBe('True');
});

test('a remote kernel tells its memory while it is busy, and looks busy', async ({
  page
}) => {
  await remoteNotebook(page);
  const status = statusItem(page);
  await expect.poll(() => figure(status), TOLD).toBeGreaterThan(0);
  const before = await figure(status);
  const release = `/tmp/memguard-remote-${process.pid}`;
  rmSync(release, { force: true });
  await start(
    page,
    [
      'import os, time',
      'import numpy as np',
      'block = np.ones(300_000_000 // 8)',
      `while not os.path.exists('${release}'): time.sleep(0.05)`
    ].join('\n')
  );
  await expect
    .poll(async () => (await figure(status)) - before, TOLD)
    .toBeGreaterThan(280_000_000);
  const bar = page.locator('#jp-main-statusbar');
  await expect(bar.getByText(/\| Busy/)).toBeVisible();
  writeFileSync(release, '');
  await expect(bar.getByText(/\| Idle/)).toBeVisible();
});
