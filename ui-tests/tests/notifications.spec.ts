/** Notifications: whole sentences, one at a time, gone when no longer true. */
import { expect, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { newNotebook, openPanel, run, test } from './kernel-story';
import { rowsIn } from './panel-story';

// Wide enough for the toolbar beside the panel.
test.use({ viewport: { width: 1440, height: 900 } });

function toasts(page: IJupyterLabPageFixture): Locator {
  return page.locator('.Toastify__toast');
}

async function turnOn(page: IJupyterLabPageFixture): Promise<void> {
  const button = page.locator('.jp-Memguard-toggleButton').first();
  await button.click();
  await expect(button).toHaveAttribute('aria-pressed', 'true');
}

async function turnOff(page: IJupyterLabPageFixture): Promise<void> {
  const button = page.locator('.jp-Memguard-toggleButton').first();
  await button.click();
  await expect(button).toHaveAttribute('aria-pressed', 'false');
}

test('the offer of the guard has the figure of the headline, and goes when it is no longer true', async ({
  page
}) => {
  await newNotebook(page);
  await run(page, 'import numpy as np\nnp.ones(10_000_000)');
  await run(page, '[n for n in range(100_000)]');
  const panel = await openPanel(page);
  await expect(rowsIn(panel)).toHaveCount(2);
  const headline = panel.locator('.jp-Memguard-total');
  await expect(headline).toHaveAttribute('data-final', 'true');
  await turnOn(page);
  const said = toasts(page).first();
  const figure = (await headline.textContent()) ?? '';
  await expect(said).toContainText(`2 earlier results keep ${figure}; the`);
  // JupyterLab cuts what is too long, and says so by an ellipsis.
  await expect(said).toContainText('keep more than 100 MiB.');
  await expect(said).not.toContainText('\u2026');

  await turnOff(page);
  await expect(toasts(page)).toHaveCount(0);
  await turnOn(page);
  await expect(toasts(page)).toHaveCount(1);
  // Freed in the panel, which says so itself.
  await panel.getByRole('button', { name: 'Free memory' }).click();
  await expect(toasts(page)).toHaveCount(0);
  await expect(panel.locator('[data-before-bytes]')).toBeVisible();

  // Nothing would come back: nothing is said.
  await turnOff(page);
  await run(page, '7');
  await turnOn(page);
  await run(page, '8');
  await expect(toasts(page)).toHaveCount(0);
  await turnOff(page);

  await run(page, 'np.ones(10_000_000)');
  await turnOn(page);
  await expect(toasts(page)).toHaveCount(1);
  await page.evaluate(() => {
    const { currentWidget } = window.jupyterapp.shell as unknown as {
      currentWidget: {
        sessionContext: { restartKernel(): Promise<unknown> };
      };
    };
    return currentWidget.sessionContext.restartKernel();
  });
  await expect(toasts(page)).toHaveCount(0);
});

test('what a release did takes the place of the offer', async ({ page }) => {
  await newNotebook(page);
  await run(page, 'import numpy as np\nnp.ones(10_000_000)');
  await turnOn(page);
  await expect(toasts(page)).toHaveCount(1);
  await toasts(page).getByRole('button', { name: 'Free memory' }).click();
  // One that the mouse is over stays.
  await page.mouse.move(10, 10);
  const said = toasts(page).filter({
    hasText: /1 result was freed: 7\d(\.\d)? MiB/
  });
  await expect(said).toHaveCount(1);
  expect(await page.notifications).toHaveLength(1);
  // The offer slides out.
  await expect(toasts(page)).toHaveCount(1);
  // It goes by itself.
  await expect(said).toHaveCount(0);
});
