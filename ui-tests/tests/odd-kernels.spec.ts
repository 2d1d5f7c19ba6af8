/** Kernels that cannot be asked: the panel says why, and what can be done. */
import { expect, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { LIMITED, urlOf } from '../servers';
import { newNotebook, openPanel, run, statusItem, test } from './kernel-story';
import { changeKernel } from './panel-story';

/** A panel beside a notebook whose kernel is of another kind now. */
async function panelOn(
  page: IJupyterLabPageFixture,
  kernel: string
): Promise<Locator> {
  await newNotebook(page);
  const panel = await openPanel(page);
  await expect(panel).toHaveAttribute('data-state', 'empty');
  await changeKernel(page, kernel);
  return panel;
}

test('a kernel that ends at its start is said to have died', async ({
  page
}) => {
  const panel = await panelOn(page, 'dying');
  await expect(panel).toHaveAttribute('data-state', 'dead');
  await expect(panel).toContainText('The kernel has died');
  await expect(panel).toContainText('It ended at its start.');
  await expect(statusItem(page)).toContainText('kernel died');
  // One that starts takes its place.
  await changeKernel(page, 'python3');
  await expect(panel).toHaveAttribute('data-state', 'empty');
});

test.describe('on a server that gives such a kernel up', () => {
  test.use({ baseURL: urlOf(LIMITED) });

  test('it has died, before and after JupyterLab says so', async ({ page }) => {
    const panel = await panelOn(page, 'dying');
    await expect(panel).toHaveAttribute('data-state', 'dead');
    await page.waitForFunction(() => {
      const { sessionContext } = window.jupyterapp.shell
        .currentWidget as unknown as { sessionContext: { session: unknown } };
      return sessionContext.session === null;
    });
    await expect(panel).toHaveAttribute('data-state', 'dead');
    await expect(panel).toContainText('It ended at its start.');
  });
});

test('a kernel with another version of the protocol is left alone', async ({
  page
}) => {
  const panel = await panelOn(page, 'other-version');
  await expect(panel).toHaveAttribute('data-state', 'version');
  await expect(panel).toContainText('Another version is in this kernel');
  expect(await run(page, '6 * 7')).toBe('42');
  await expect(panel).toHaveAttribute('data-state', 'version');
});

test('a kernel that nothing can be put into can be tried again', async ({
  page
}) => {
  const panel = await panelOn(page, 'closed');
  await expect(panel).toHaveAttribute('data-state', 'failed');
  await expect(panel).toContainText('could not be put into it');
  const again = panel.getByRole('button', { name: 'Try again' });
  await again.click();
  await expect(panel).toHaveAttribute('data-state', 'failed');
  await run(page, 'import importlib\nimportlib.reload(importlib)\n[1, 2]');
  await again.click();
  await expect(panel).toHaveAttribute('data-state', 'rows');
});

test('a kernel that restarts is said to, until it answers', async ({
  page
}) => {
  await newNotebook(page);
  const panel = await openPanel(page);
  await run(page, '[1, 2]');
  await expect(panel).toHaveAttribute('data-state', 'rows');
  let goOn = (): void => undefined;
  const held = new Promise<void>(resolve => {
    goOn = resolve;
  });
  await page.route(/\/api\/kernels\/[^/]+\/restart/, async route => {
    await held;
    await route.continue();
  });
  await page.evaluate(() => {
    const { sessionContext } = window.jupyterapp.shell
      .currentWidget as unknown as {
      sessionContext: { restartKernel(): Promise<void> };
    };
    void sessionContext.restartKernel();
  });
  await expect(panel).toHaveAttribute('data-state', 'restarting');
  await expect(panel).toContainText('The kernel is restarting');
  goOn();
  await expect(panel).toHaveAttribute('data-state', 'empty');
});
