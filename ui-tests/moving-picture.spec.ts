/**
 * The frames of README's moving picture, from the real thing: a shown array
 * that `del` does not free, and the button that does. scripts/moving_picture.py
 * runs this and puts the frames together; MEMGUARD_FRAMES says where they go.
 */
import { expect } from '@jupyterlab/galata';
import { mkdirSync, writeFileSync } from 'fs';
import { join } from 'path';
import {
  ARTICLE_BYTES,
  figure,
  newNotebook,
  openPanel,
  run,
  test
} from './tests/kernel-story';
import { rowOf } from './tests/panel-story';

const FOLDER = process.env.MEMGUARD_FRAMES ?? 'test-results/frames';
const LOOK_MS = 1600;
const SHORT_MS = 700;

test('an array that del does not free', async ({ page }) => {
  mkdirSync(FOLDER, { recursive: true });
  const shown: { file: string; milliseconds: number }[] = [];
  const frame = async (milliseconds: number): Promise<void> => {
    const file = `${String(shown.length).padStart(3, '0')}.png`;
    await page.screenshot({
      path: join(FOLDER, file),
      animations: 'disabled',
      caret: 'hide'
    });
    shown.push({ file, milliseconds });
  };

  await page.setViewportSize({ width: 1160, height: 620 });
  await page.sidebar.close('left');
  await newNotebook(page, 'experiment.ipynb');
  const panel = await openPanel(page);
  await page.sidebar.setWidth(400, 'right');
  await expect(panel).toHaveAttribute('data-state', 'empty');
  await run(page, 'import gc\nimport numpy as np');
  await page.mouse.move(10, 10);
  await frame(SHORT_MS);

  await run(page, 'arr = np.ones((10_000, 10_000))\narr');
  await expect(rowOf(panel, 2)).toBeVisible();
  await page.mouse.move(10, 10);
  await frame(LOOK_MS);

  await run(page, 'del arr\ngc.collect();');
  const row = rowOf(panel, 2);
  // Now nobody but IPython has it: freeing it gives all of it back.
  await expect(row).toHaveAttribute('data-exact', 'true');
  await expect.poll(() => figure(row)).toBeGreaterThan(0.99 * ARTICLE_BYTES);
  await page.mouse.move(10, 10);
  await frame(LOOK_MS * 2);

  const button = panel.getByRole('button', { name: 'Free memory' });
  await button.hover();
  await frame(SHORT_MS);
  await button.click();
  await expect(panel.locator('[data-before-bytes]')).toBeVisible();
  await expect(panel.locator('[data-activity]')).toHaveCount(0);
  await expect(row).toHaveCount(0);
  await page.mouse.move(10, 10);
  await frame(LOOK_MS * 2);

  await run(page, '_2');
  await page.mouse.move(10, 10);
  await frame(LOOK_MS * 2);
  writeFileSync(join(FOLDER, 'frames.json'), JSON.stringify(shown));
});
