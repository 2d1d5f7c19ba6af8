/** What goes wrong is said in a plain sentence, and nothing breaks. */
import { expect } from '@jupyterlab/galata';
import { readFileSync, rmSync, writeFileSync } from 'fs';
import { ECHO_LOG } from '../servers';
import {
  figure,
  kernelPid,
  newNotebook,
  openPanel,
  run,
  start,
  statusItem,
  test
} from './kernel-story';

test('a kernel that is not Python is told so and gets nothing from us', async ({
  page
}) => {
  rmSync(ECHO_LOG, { force: true });
  await newNotebook(page);
  const panel = await openPanel(page);
  await page.evaluate(async () => {
    const app = window.jupyterapp;
    const widget = app.shell.currentWidget as unknown as {
      sessionContext: { changeKernel(o: { name: string }): Promise<unknown> };
    };
    await widget.sessionContext.changeKernel({ name: 'echo' });
  });
  await expect(panel).toHaveAttribute('data-state', 'not-python');
  await expect(panel).toContainText('echo');
  await page
    .locator('#jp-main-statusbar')
    .getByText(/\| Idle/)
    .waitFor();
  expect(await run(page, 'hello')).toBe('hello');
  await expect.poll(() => figure(statusItem(page))).toBeGreaterThan(0);
  const log = readFileSync(ECHO_LOG, 'utf8');
  expect(log).toContain("execute_request 'hello'");
  // Other extensions, such as that of ipywidgets, open comms of their own.
  expect(log).not.toContain('memguard');
});

test('a notebook without a kernel says so', async ({ page }) => {
  await newNotebook(page);
  const panel = await openPanel(page);
  await page.evaluate(async () => {
    const widget = window.jupyterapp.shell.currentWidget as unknown as {
      sessionContext: { shutdown(): Promise<void> };
    };
    await widget.sessionContext.shutdown();
  });
  await expect(panel).toHaveAttribute('data-state', 'no-kernel');
  await expect(panel.getByRole('button', { name: 'Free memory' })).toHaveCount(
    0
  );
});

test('a kernel that is killed comes back, and the panel with it', async ({
  page
}) => {
  await newNotebook(page);
  const pid = await kernelPid(page);
  await run(page, 'import numpy as np\nnp.ones(30_000_000 // 8)');
  const panel = await openPanel(page);
  await expect(panel.locator('[data-key]')).toHaveCount(1);
  process.kill(pid, 'SIGKILL');
  await expect(panel.locator('[data-key]')).toHaveCount(0, { timeout: 30_000 });
  await expect(panel).toHaveAttribute('data-state', 'empty', {
    timeout: 30_000
  });
  const ok = page.getByRole('button', { name: 'Ok', exact: true });
  if (await ok.isVisible()) {
    await ok.click();
  }
  expect(await run(page, '1 + 1')).toBe('2');
});

test('a restart while memory is being freed ends the request, once', async ({
  page
}) => {
  await newNotebook(page);
  await run(page, 'import numpy as np\nnp.ones(30_000_000 // 8)');
  const panel = await openPanel(page);
  await expect(panel.locator('[data-key]')).toHaveCount(1);
  const release = `/tmp/memguard-restart-${process.pid}`;
  rmSync(release, { force: true });
  await start(
    page,
    `import os, time\nwhile not os.path.exists('${release}'): time.sleep(0.05)`
  );
  await panel.getByRole('button', { name: 'Free memory' }).click();
  await page.evaluate(async () => {
    const widget = window.jupyterapp.shell.currentWidget as unknown as {
      sessionContext: { session: { kernel: { restart(): Promise<void> } } };
    };
    await widget.sessionContext.session.kernel.restart();
  });
  await expect(panel).toHaveAttribute('data-state', 'empty', {
    timeout: 30_000
  });
  await run(page, 'import numpy as np\nnp.ones(20_000_000 // 8)');
  await expect(panel.locator('[data-key]')).toHaveCount(1);
  await panel.getByRole('button', { name: 'Free memory' }).click();
  await expect(panel.locator('[data-key]')).toHaveCount(0);
});

test('a page opened on a busy kernel shows its memory and says that it waits', async ({
  page,
  baseURL,
  tmpPath
}) => {
  await newNotebook(page);
  await run(page, 'import numpy as np\nnp.ones(30_000_000 // 8)');
  await page.notebook.save();
  const release = `/tmp/memguard-busy-${process.pid}`;
  rmSync(release, { force: true });
  await start(
    page,
    `import os, time\nwhile not os.path.exists('${release}'): time.sleep(0.05)`
  );

  const second = await page.context().newPage();
  await second.goto(
    `${baseURL}/lab/workspaces/second/tree/${tmpPath}/Untitled.ipynb`
  );
  const figureShown = second.locator('.jp-Memguard-status');
  await expect
    .poll(() => figure(figureShown), { timeout: 30_000 })
    .toBeGreaterThan(0);
  await second.evaluate(() =>
    window.jupyterapp.commands.execute('memguard:show-panel')
  );
  const panel = second.locator('#jupyter-memguard-panel');
  await expect(panel).toHaveAttribute('data-state', /waiting|installing/);
  writeFileSync(release, '');
  await expect(panel.locator('[data-key]')).toHaveCount(1, { timeout: 30_000 });
});
