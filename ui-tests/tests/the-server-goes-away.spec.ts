/** A server that is killed and started again: no old figure is shown as live. */
import { expect, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import { DOOMED, urlOf } from '../servers';
import {
  figure,
  newNotebook,
  openWholePanel,
  run,
  statusItem,
  test as story
} from './kernel-story';
import { OwnServer, START_MS } from './own-server';

const test = story.extend<object, { server: OwnServer }>({
  // Galata's stand-in asks the server itself, and fails when it is gone.
  // eslint-disable-next-line no-empty-pattern
  terminals: async ({}, use) => use(null),
  server: [
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const server = new OwnServer({ offset: DOOMED });
      await server.start();
      await use(server);
      await server.kill();
    },
    { scope: 'worker', auto: true, timeout: 2 * START_MS }
  ]
});

test.use({ baseURL: urlOf(DOOMED) });

// A server starts again in it, and JupyterLab asks less and less often.
test.setTimeout(3 * START_MS);

/** Count the requests to our endpoints. */
function countPolls(page: IJupyterLabPageFixture): () => number {
  let count = 0;
  page.on('request', request => {
    if (request.url().includes('/jupyter-memguard/')) {
      count++;
    }
  });
  return () => count;
}

test('the figure goes with the server, and comes back with it', async ({
  page,
  server
}) => {
  await newNotebook(page);
  const panel = await openWholePanel(page);
  const status = statusItem(page);
  await run(page, 'import numpy as np\nnp.ones(4_000_000)');
  await expect(panel).toHaveAttribute('data-state', 'rows');
  await expect.poll(() => figure(status)).toBeGreaterThan(0);

  // JupyterLab's own word on it comes when it comes.
  const told = page.getByRole('dialog').getByRole('button', { name: 'Close' });
  await page.addLocatorHandler(told, () => told.click());
  await server.kill();
  await expect(status).toHaveAttribute('data-reason', 'unreachable');
  await expect(status).not.toHaveAttribute('data-bytes', /.*/);
  await expect(status).toContainText('server does not answer');
  await expect(panel).toHaveAttribute('data-state', 'disconnected');
  await expect(panel).toContainText('No connection to the kernel');
  const list = panel.locator('.jp-Memguard-kernels');
  await expect(list).toContainText('server does not answer');

  // JupyterLab goes on asking for its kernels; we stop until they are there,
  // as soon as each of our polls has found out.
  const polls = countPolls(page);
  await expect(async () => {
    const before = polls();
    await page.waitForRequest(/\/api\/kernels\?/);
    expect(polls()).toBe(before);
  }).toPass();
  expect(polls()).toBeLessThan(3);

  await server.start();
  // A kernel ends with its server, which then knows it no more.
  await expect(status).toHaveAttribute('data-reason', 'no_kernel', {
    timeout: 60_000
  });
  await page.evaluate(async () => {
    const app = window.jupyterapp;
    // The session may be known longer than its kernel, and cannot be changed then.
    await app.serviceManager.sessions.refreshRunning();
    const widget = app.shell.currentWidget as unknown as {
      sessionContext: { changeKernel(model: object): Promise<unknown> };
    };
    await widget.sessionContext.changeKernel({ name: 'python3' });
  });
  await expect.poll(() => figure(status)).toBeGreaterThan(0);
  await run(page, 'import numpy as np\nblock = np.ones(25_000_000)\nblock');
  await expect.poll(() => figure(status)).toBeGreaterThan(200_000_000);
  await expect(panel.locator('[data-key]')).toHaveCount(1);
  await expect(list.locator('[data-kernel-id]')).toHaveCount(1);
  await expect(
    page.locator('.jp-Memguard-chart [data-execution="1"]').last()
  ).toBeVisible();
});
