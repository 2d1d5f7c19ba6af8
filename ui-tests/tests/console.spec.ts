/** Code consoles have the panel and the guard as well. */
import { expect, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import {
  figure,
  openConsole,
  openPanel,
  residentBytes,
  statusItem,
  test
} from './kernel-story';

/** Open a code console and wait until its kernel can be asked. */
async function newConsole(page: IJupyterLabPageFixture): Promise<void> {
  await openConsole(page);
  await expect(
    page.locator('.jp-CodeConsole-promptCell .jp-InputArea-prompt')
  ).toHaveText('[ ]:');
  await page
    .locator('#jp-main-statusbar')
    .getByText(/\| Idle/)
    .waitFor();
}

/** Type a line at the prompt and run it; returns what it shows. */
async function enter(
  page: IJupyterLabPageFixture,
  line: string
): Promise<string> {
  const cells = page.locator('.jp-CodeConsole-content .jp-CodeCell');
  const before = await cells.count();
  await page.locator('.jp-CodeConsole-promptCell .cm-content').click();
  await page.keyboard.insertText(line);
  await page.keyboard.press('Shift+Enter');
  const cell = cells.nth(before);
  await expect(cell.locator('.jp-InputArea-prompt')).toHaveText(/\[\d+\]:/, {
    timeout: 30_000
  });
  const shown = cell.locator('.jp-OutputArea-output');
  return (await shown.allInnerTexts()).join('\n').trim();
}

test('the panel follows a console, and frees what it retains', async ({
  page
}) => {
  await newConsole(page);
  const pid = Number(
    await enter(page, 'import os; import numpy as np; print(os.getpid())')
  );
  await enter(page, 'np.ones(25_000_000)');
  const panel = await openPanel(page);
  const row = panel.locator('[data-key]');
  await expect(row).toHaveCount(1);
  await expect(row).toHaveAttribute('data-numbers', '2');
  expect(await figure(row)).toBeGreaterThan(199_000_000);

  await enter(page, 'np.ones(5_000_000)');
  await expect(row).toHaveCount(2);
  const status = statusItem(page);
  // Both arrays whole: not a reading from while the second was made.
  await expect
    .poll(async () => Math.abs((await figure(status)) - residentBytes(pid)))
    .toBeLessThan(1_000_000);
  const before = await figure(status);
  await panel.getByRole('button', { name: 'Free memory' }).click();
  await expect(row).toHaveCount(0);
  await expect
    .poll(async () => before - (await figure(status)))
    .toBeGreaterThan(230_000_000);
});

test('the guard of a console is turned on at its toolbar', async ({ page }) => {
  await newConsole(page);
  const toggle = page
    .locator('.jp-ConsolePanel')
    .getByRole('button', { name: /^Memory guard/ });
  await expect(toggle).toHaveAttribute('aria-pressed', 'false');
  await toggle.click();
  await expect(toggle).toHaveAttribute('aria-pressed', 'true');
  await enter(page, 'import weakref; import numpy as np');
  await enter(page, 'a = np.ones(4_000_000); w = weakref.ref(a); a');
  expect(await enter(page, 'del a; print(w() is None)')).toBe('True');
  const panel = await openPanel(page);
  await expect(panel).toHaveAttribute('data-state', 'empty');
  await toggle.click();
  await expect(toggle).toHaveAttribute('aria-pressed', 'false');
  await enter(page, 'np.ones(4_000_000)');
  await expect(panel.locator('[data-key]')).toHaveCount(1);
});
