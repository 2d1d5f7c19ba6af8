/**
 * Everybody can use it: axe finds nothing in what this extension draws, in any
 * state, in every theme and with the colours of the system forced, and the
 * keyboard alone is enough.
 */
import AxeBuilder from '@axe-core/playwright';
import { expect, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator, Page, WebSocketRoute } from '@playwright/test';
import { join } from 'path';
import { newNotebook, openWholePanel, statusItem, test } from './kernel-story';
import {
  changeKernel,
  holdKernel,
  menuItem,
  rowOf,
  rowsIn,
  runCells,
  tabTo,
  valueOf
} from './panel-story';

/** A folder for pictures of all states, for somebody to look at them. */
const PICTURES = process.env.MEMGUARD_PICTURES;

/** How the page can look. */
const LOOKS = [
  { theme: 'JupyterLab Light', forcedColors: 'none' },
  { theme: 'JupyterLab Dark', forcedColors: 'none' },
  { theme: 'JupyterLab Dark High Contrast', forcedColors: 'none' },
  { theme: 'JupyterLab Light', forcedColors: 'active' }
] as const;

/** What this extension draws; a menu's entries are its own, too. */
const OURS = [
  '#jupyter-memguard-panel',
  '.jp-Memguard-toggle',
  '.jp-Memguard-statusItem',
  '.jp-Memguard-statusPopup',
  '.jp-Memguard-mark',
  '.lm-Menu'
];

/** Kernels that cannot be asked, the panel's state, and what it says. */
const ODD_KERNELS = [
  ['echo', 'not-python', 'Not a Python kernel'],
  ['bare', 'not-python', 'Not an IPython kernel'],
  ['closed', 'failed', 'The kernel cannot be looked into'],
  ['other-version', 'version', 'Another version is in this kernel'],
  ['dying', 'dead', 'The kernel has died']
] as const;

/** Two that share memory, one in use, two that are free, and a traceback. */
const RESULTS = [
  'import numpy as np\nnp.ones(4_000_000)',
  '_[:10]',
  'df = np.ones(2_000_000)\ndf',
  'print("step")\n[1, 2, 3]',
  'np.ones((2_000_000, 2))',
  'def fail():\n    local = np.ones(100_000)\n    1 / 0\nfail()'
];

/**
 * What axe finds in what is ours, one line for each element, and what it could
 * not decide: nobody would look at that.
 */
async function found(page: Page): Promise<string[]> {
  const there: string[] = [];
  for (const selector of OURS) {
    const shown = page.locator(selector).filter({ visible: true });
    if ((await shown.count()) > 0) {
      there.push(selector);
    }
  }
  const axe = new AxeBuilder({ page });
  there.forEach(selector => axe.include(selector));
  const { violations, incomplete, passes } = await axe.analyze();
  expect(passes.length).toBeGreaterThan(0);
  return [...violations, ...incomplete].flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary, any, all, none }) =>
      [
        id,
        help,
        target.join(' '),
        failureSummary,
        ...[...any, ...all, ...none].map(({ message }) => message)
      ].join(' | ')
    )
  );
}

/** Look at a state: it is the one that is meant, and axe finds nothing. */
async function check(
  page: Page,
  state: string,
  ...shown: Locator[]
): Promise<void> {
  for (const locator of shown) {
    await expect(locator, state).toBeVisible();
  }
  if (PICTURES !== undefined) {
    const path = join(PICTURES, `${test.info().title}, ${state}.png`);
    await page.screenshot({ path });
  }
  expect.soft(await found(page), state).toEqual([]);
}

/** Shut the notebook's kernel down. */
async function shutDown(page: IJupyterLabPageFixture): Promise<void> {
  await page.evaluate(() => {
    const { sessionContext } = window.jupyterapp.shell
      .currentWidget as unknown as {
      sessionContext: { shutdown(): Promise<void> };
    };
    return sessionContext.shutdown();
  });
}

for (const { theme, forcedColors } of LOOKS) {
  const look = `${theme}${forcedColors === 'active' ? ', forced colours' : ''}`;

  test.describe(look, () => {
    test.use({ viewport: { width: 1440, height: 900 } });
    test.beforeEach(async ({ page }) => {
      test.slow();
      await page.theme.setTheme(theme);
      await page.emulateMedia({ forcedColors });
    });

    test(`axe finds nothing in the panel, ${look}`, async ({ page }) => {
      await newNotebook(page);
      const panel = await openWholePanel(page);
      await page.sidebar.setWidth(440, 'right');
      await expect(panel).toHaveAttribute('data-state', 'empty');
      await check(page, 'empty', panel, statusItem(page));

      await runCells(page, RESULTS);
      await expect(rowsIn(panel)).toHaveCount(5);
      await check(page, 'rows', panel.getByRole('treegrid'));
      await panel.getByRole('button', { name: 'Keys', exact: true }).click();
      await check(page, 'keys', panel.locator('.jp-Memguard-keys'));
      await page.keyboard.press('Escape');

      await rowOf(panel, 1).getByRole('checkbox').check();
      await rowOf(panel, 2).getByRole('checkbox').check();
      await check(page, 'selection', panel.locator('[data-count="2"]'));

      await rowOf(panel, 3).focus();
      await rowOf(panel, 3).press('Enter');
      const detail = panel.locator('.jp-Memguard-detail');
      await expect(detail).not.toContainText('Looking');
      await check(page, 'an open row', detail);
      await detail.getByRole('button', { name: /^Assign/ }).click();
      await detail.getByRole('textbox').fill('1st');
      await check(page, 'a wrong name', detail.getByRole('alert'));

      await panel.locator('tr[data-name=df]').getByRole('button').click();
      const variable = panel.locator('.jp-Memguard-variableDetail');
      await expect(variable).not.toContainText('Looking');
      await check(page, 'an open variable', variable);

      await panel
        .getByRole('button', { name: 'Python and libraries', exact: true })
        .click();
      const rest = panel.locator('.jp-Memguard-rest');
      await expect(rest.locator('[data-kind=remainder]')).toBeVisible();
      await check(page, 'who holds the rest', rest);

      await panel
        .getByRole('searchbox', { name: 'Filter by text' })
        .fill('no such thing');
      await check(page, 'no row passes', panel.getByText('No result matches'));
      await panel.getByRole('searchbox', { name: 'Filter by text' }).fill('');

      const cell = await holdKernel(page);
      await check(page, 'busy', panel.locator('.jp-Memguard-asOf'));
      await panel.getByRole('button', { name: 'Free memory' }).click();
      await check(page, 'queued', panel.locator('[data-activity=queued]'));
      await cell.end();
      await expect(panel.locator('[data-released]')).toBeVisible();
      await expect(panel.locator('[data-activity]')).toHaveCount(0);
      await check(page, 'after freeing', panel.locator('[data-after-bytes]'));
    });

    test(`axe finds nothing beside the panel, ${look}`, async ({ page }) => {
      await newNotebook(page);
      const panel = await openWholePanel(page);
      await expect(panel).toHaveAttribute('data-state', 'empty');
      await runCells(page, RESULTS);
      const mark = page.locator('.jp-Memguard-mark').first();
      const toggle = page.locator('.jp-Memguard-toggle').first();
      await check(page, 'mark, toggle, status', mark, toggle, statusItem(page));
      await statusItem(page).focus();
      await check(page, 'pop-up', page.getByRole('tooltip'));

      const menu = page.locator('.lm-Menu');
      const close = async (): Promise<void> => {
        await page.keyboard.press('Escape');
        await expect(menu).toHaveCount(0);
      };
      await mark.click();
      await check(page, "the mark's menu", menuItem(page, 'Free'));
      await close();
      await toggle.getByRole('button').last().click();
      await check(page, "the guard's menu", menuItem(page, /large/));
      await close();
      await panel.getByRole('button', { name: /^More ways/ }).click();
      await check(page, "Free memory's menu", menuItem(page, /everything/));
      await close();
      await rowOf(panel, 1).click({ button: 'right' });
      await check(page, "a row's menu", menuItem(page, 'Free'));
      await close();
      await toggle.getByRole('button').first().click();
      await expect(toggle).toHaveAttribute('data-guard-mode', 'large');
      await check(page, 'the guard is on', toggle);
    });

    test(`axe finds nothing where there are no rows, ${look}`, async ({
      page
    }) => {
      const panel = await openWholePanel(page);
      await expect(panel).toHaveAttribute('data-state', 'no-kernel');
      await check(page, 'no notebook', panel.getByText('No notebook in front'));

      await newNotebook(page);
      await expect(panel).toHaveAttribute('data-state', 'empty');
      await shutDown(page);
      await expect(panel).toHaveAttribute('data-state', 'no-kernel');
      await check(page, 'no kernel', panel.getByText('Start a kernel'));
      // The one that dies is the last: a server that gives up on a kernel
      // while it changes it answers with an error.
      for (const [kernel, state, said] of ODD_KERNELS) {
        await changeKernel(page, kernel);
        await expect(panel).toHaveAttribute('data-state', state);
        await check(page, state, panel.getByText(said));
      }
    });
  });
}

test.describe('with a connection that can be cut', () => {
  // Only the sockets of pages that come later can be cut.
  test.use({ autoGoto: false });

  test('axe finds nothing where the kernel cannot be asked', async ({
    page,
    baseURL,
    tmpPath
  }) => {
    test.slow();
    const sockets: WebSocketRoute[] = [];
    let isCut = false;
    await page.context().routeWebSocket(/\/channels/, socket => {
      if (isCut) {
        void socket.close();
      } else {
        socket.connectToServer();
        sockets.push(socket);
      }
    });
    await page.goto(`tree/${tmpPath}`);
    await newNotebook(page);
    await runCells(page, ['import numpy as np\nnp.ones(4_000_000)']);
    await page.notebook.save();
    const panel = await openWholePanel(page);
    await expect(rowsIn(panel)).toHaveCount(1);

    const cell = await holdKernel(page);
    const late = await page.context().newPage();
    await late.goto(
      `${baseURL}/lab/workspaces/late/tree/${tmpPath}/Untitled.ipynb`
    );
    await expect(statusItem(late)).toHaveText(/MiB/);
    await late.evaluate(() =>
      window.jupyterapp.commands.execute('memguard:show-panel')
    );
    const waits = late.locator('#jupyter-memguard-panel');
    await expect(waits).toHaveAttribute('data-state', 'waiting');
    await check(late, 'waiting', waits.getByText('Waiting for the kernel'));
    await cell.end();
    await expect(rowsIn(waits)).toHaveCount(1);
    await late.close();

    isCut = true;
    await Promise.all(sockets.map(socket => socket.close()));
    await expect(panel).toHaveAttribute('data-state', 'disconnected');
    await check(page, 'disconnected', panel.getByText('No connection'));
    isCut = false;
    await expect(rowsIn(panel)).toHaveCount(1, { timeout: 60_000 });
  });
});

test('the keyboard alone is enough', async ({ page }) => {
  await newNotebook(page);
  await runCells(page, RESULTS);
  await page.keyboard.press('Control+Shift+Y');
  const panel = page.locator('#jupyter-memguard-panel');
  await expect(rowsIn(panel)).toHaveCount(5);
  // The head of a group and its two members stand above it.
  const first = rowOf(panel, 5);
  await panel.getByRole('searchbox', { name: 'Filter by text' }).focus();
  await tabTo(page, panel.locator('[role=row][data-members]'));
  for (let below = 0; below < 3; below++) {
    await page.keyboard.press('ArrowDown');
  }
  await expect(first).toBeFocused();
  await expect(first).toHaveCSS('outline-style', 'solid');

  // To the cell that made it, and back to the row.
  await page.keyboard.press('g');
  await expect(page.locator('.jp-Cell.jp-mod-active')).toContainText('np.ones');
  await page.keyboard.press('Control+Shift+Y');
  await panel.getByRole('searchbox', { name: 'Filter by text' }).focus();
  await tabTo(page, first);

  await page.keyboard.press('Shift+F10');
  await expect(menuItem(page, 'Go to the cell')).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Escape');
  await expect(page.locator('.lm-Menu')).toHaveCount(0);
  await expect(first).toBeFocused();

  await page.keyboard.press('v');
  await expect(panel.getByRole('textbox', { name: /^Name of/ })).toBeFocused();
  await page.keyboard.type('kept');
  await page.keyboard.press('Enter');
  // It is in use now, and goes to the end.
  const kept = rowOf(panel, 5);
  await expect(kept).toContainText('`kept` still uses it');
  expect(await valueOf(page, 'type(kept).__name__')).toBe("'ndarray'");

  await panel.getByRole('searchbox', { name: 'Filter by text' }).focus();
  await tabTo(page, kept);
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Delete');
  await expect(rowsIn(panel)).toHaveCount(0);
  // What was done is said to those who do not see it.
  await expect(
    panel.getByRole('status').filter({ hasText: '5 results were freed' })
  ).toBeVisible();
});

test('a narrow window with both sidebars has the toggle in its toolbar', async ({
  page
}) => {
  await page.setViewportSize({ width: 1024, height: 768 });
  await newNotebook(page);
  await openWholePanel(page);
  await page.sidebar.openTab('filebrowser');
  const toolbar = page.locator('.jp-NotebookPanel-toolbar');
  // What has no room is elsewhere.
  await expect(toolbar.locator('.jp-Toolbar-responsive-opener')).toBeVisible();
  await expect(toolbar.locator('.jp-Memguard-toggle')).toBeVisible();
});
