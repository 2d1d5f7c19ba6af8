/**
 * The pictures of docs/tour.md, from the real thing. They are written to
 * docs/images/ by
 *
 *     jlpm playwright test -c screenshots.config.js
 */
import {
  expect,
  galata,
  type IJupyterLabPageFixture
} from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { statSync } from 'fs';
import { join } from 'path';
import { LIMIT_BYTES, LIMITED, urlOf } from './servers';
import {
  figure,
  newNotebook,
  openPanel,
  run,
  statusItem,
  test
} from './tests/kernel-story';
import { rowOf, rowsIn, runCells } from './tests/panel-story';

const IMAGES = join(__dirname, '../docs/images');
const MOST_BYTES = 170_000;
const THEMES = { light: 'JupyterLab Light', dark: 'JupyterLab Dark' };

/** A morning's work: a table, what was looked at, and pictures. */
const CELLS = [
  'import numpy as np\nimport pandas as pd\nrng = np.random.default_rng(0)',
  'df = pd.DataFrame(rng.random((4_000_000, 6)), columns=list("abcdef"))\ndf',
  'df[df.a > 0.5]',
  'df.groupby(df.a.round(1)).mean()',
  'images = rng.random((40, 512, 512))\nimages * 255',
  'images[:10]',
  'print("step done\\n" * 3)'
];

interface IBox {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The rectangle around several elements. */
async function around(...elements: Locator[]): Promise<IBox> {
  const boxes = await Promise.all(elements.map(item => item.boundingBox()));
  const found = boxes.filter((box): box is IBox => box !== null);
  const margin = 8;
  const x = Math.max(0, Math.min(...found.map(box => box.x)) - margin);
  const y = Math.max(0, Math.min(...found.map(box => box.y)) - margin);
  const right = Math.max(...found.map(box => box.x + box.width)) + margin;
  const bottom = Math.max(...found.map(box => box.y + box.height)) + margin;
  return { x, y, width: right - x, height: bottom - y };
}

for (const [theme, name] of Object.entries(THEMES)) {
  const save = async (
    page: IJupyterLabPageFixture,
    picture: string,
    clip?: IBox
  ): Promise<void> => {
    const path = join(IMAGES, `${picture}-${theme}.png`);
    await page.screenshot({ path, clip, animations: 'disabled' });
    expect(statSync(path).size, picture).toBeLessThan(MOST_BYTES);
  };

  test(`the panel and the guard, ${theme}`, async ({ page }) => {
    await page.setViewportSize({ width: 1080, height: 860 });
    await page.theme.setTheme(name);
    await page.sidebar.close('left');
    await newNotebook(page, 'analysis.ipynb');
    const panel = await openPanel(page);
    await page.sidebar.setWidth(440, 'right');
    await expect(panel).toHaveAttribute('data-state', 'empty');
    await runCells(page, CELLS);
    const variables = panel.getByRole('heading', {
      name: /^Largest variables/
    });
    await variables.click();
    await expect(rowsIn(panel)).toHaveCount(5);
    await expect(panel.locator('[data-name]').first()).toBeVisible();
    // Figures become exact by themselves while the kernel idles.
    await expect(rowOf(panel, 3)).toHaveAttribute('data-exact', 'true');
    await rowOf(panel, 3)
      .getByRole('button', { name: /^Go to/ })
      .click();
    await page.mouse.move(10, 10);
    // The status bar has read the memory since, too.
    const parts = panel.locator('li[data-part]');
    await expect(async () => {
      const bytes = await parts.evaluateAll(items =>
        items.map(item => Number((item as HTMLElement).dataset.bytes))
      );
      const sum = bytes.reduce((total, part) => total + part, 0);
      const shown = await figure(statusItem(page));
      expect(Math.abs(shown - sum)).toBeLessThan(1_000_000);
    }).toPass();
    await save(page, 'panel');

    await variables.click();
    const opened = rowOf(panel, 3);
    await opened.focus();
    await opened.press('Enter');
    const detail = panel.locator('.jp-Memguard-detail');
    await expect(detail).not.toContainText('Looking');
    await save(page, 'details', await around(panel));
    await opened.press('Enter');

    const status = statusItem(page);
    await status.hover();
    const popup = page.getByRole('tooltip');
    await expect(popup).toBeVisible();
    await save(page, 'status', await around(status, popup));
    await page.mouse.move(10, 10);
    await expect(popup).toHaveCount(0);

    await panel.getByRole('button', { name: 'Free memory' }).click();
    await expect(panel.locator('[data-before-bytes]')).toBeVisible();
    await expect(panel.locator('[data-activity]')).toHaveCount(0);
    await expect(rowOf(panel, 3)).toHaveCount(0);
    await save(page, 'after-freeing', await around(panel));

    await page
      .getByRole('button', { name: 'What the memory guard does' })
      .click();
    const menu = page.locator('.lm-Menu');
    await menu.getByRole('menuitem', { name: /large/ }).hover();
    const toggle = page.locator('.jp-Memguard-toggle').first();
    const toolbar = page.locator('.jp-NotebookPanel-toolbar').first();
    await save(page, 'guard-menu', await around(toolbar, toggle, menu));
  });

  test.describe(() => {
    test.use({ baseURL: urlOf(LIMITED) });

    test(`near the limit, ${theme}`, async ({ page }) => {
      await page.setViewportSize({ width: 1100, height: 640 });
      await page.theme.setTheme(name);
      await page.sidebar.close('left');
      await newNotebook(page, 'analysis.ipynb');
      await run(
        page,
        [
          'import os',
          'import numpy as np',
          "pages = int(open('/proc/self/statm').read().split()[1])",
          `free = ${LIMIT_BYTES} - pages * os.sysconf('SC_PAGE_SIZE')`
        ].join('\n')
      );
      await run(page, 'np.ones((int(free * 0.9) // 800, 100))');
      await expect(page.locator('.Toastify__toast')).toContainText('limit');
      await page.mouse.move(10, 10);
      await save(page, 'near-the-limit');
    });
  });
}

test.describe(() => {
  // JupyterLab's language pack and `pip install ./translations` are needed.
  test.use({
    mockSettings: {
      ...galata.DEFAULT_SETTINGS,
      '@jupyterlab/translation-extension:plugin': { locale: 'de_DE' }
    },
    // Galata waits for a tab by its English name, and clicks on such menus.
    // Playwright reads from the pattern that the fixture needs no other one.
    // eslint-disable-next-line no-empty-pattern
    waitForApplication: async ({}, use) => {
      await use(async page => {
        await page.locator('.jp-LauncherCard').first().waitFor();
      });
    }
  });

  test('the panel in German', async ({ page }) => {
    await page.setViewportSize({ width: 1080, height: 860 });
    await page.evaluate(async () => {
      const { commands } = window.jupyterapp;
      await commands.execute('application:toggle-left-area');
      await commands.execute('notebook:create-new', { kernelName: 'python3' });
    });
    const panel = await openPanel(page);
    await page.sidebar.setWidth(440, 'right');
    await expect(panel).toHaveAttribute('data-state', 'empty');
    await runCells(page, CELLS);
    await expect(rowsIn(panel)).toHaveCount(5);
    await expect(rowOf(panel, 3)).toHaveAttribute('data-exact', 'true');
    await expect(
      panel.getByRole('button', { name: 'Speicher freigeben' })
    ).toBeVisible();
    await page.mouse.move(10, 10);
    const path = join(IMAGES, 'panel-german.png');
    await page.screenshot({ path, animations: 'disabled' });
    expect(statSync(path).size).toBeLessThan(MOST_BYTES);
  });
});
