/**
 * What the stories have in common: a notebook on a real kernel, cells run as
 * a person runs them, and the figures that the page shows.
 */
import {
  expect,
  test as galataTest,
  type IJupyterLabPageFixture
} from '@jupyterlab/galata';
import type { Locator, Page } from '@playwright/test';
import { readFileSync } from 'fs';
import { watchPages } from './page-errors';

/**
 * Galata's test on the server's own kernels: its stand-in for the kernels'
 * REST interface answers a restart as if it were a start.
 */
export const test = galataTest.extend<{
  noKernelsLeft: void;
  nothingWrongUnseen: void;
}>({
  // eslint-disable-next-line no-empty-pattern
  kernels: async ({}, use) => use(null),
  // eslint-disable-next-line no-empty-pattern
  sessions: async ({}, use) => use(null),
  noKernelsLeft: [
    async ({ request, baseURL }, use) => {
      await use();
      for (const kind of ['sessions', 'kernels']) {
        const listed = await request.get(`${baseURL}/api/${kind}`);
        for (const { id } of (await listed.json()) as { id: string }[]) {
          await request.delete(`${baseURL}/api/${kind}/${id}`);
        }
      }
    },
    { auto: true }
  ],
  nothingWrongUnseen: [
    async ({ context }, use) => {
      const wrong = watchPages(context);
      await use();
      expect(wrong).toEqual([]);
    },
    { auto: true }
  ]
});

/**
 * Load a page anew, and wait until its file browser is where it was: a story
 * that ended before would take its folder away meanwhile. Galata's own wait is
 * for a launcher, which there may not be.
 */
export async function reload(page: IJupyterLabPageFixture): Promise<void> {
  await page.reload({ waitForIsReady: false });
  await page
    .locator('.jp-FileBrowser:not(.jp-mod-restoring)')
    .first()
    .waitFor({ state: 'attached' });
}

/** The array of the article: 10,000 x 10,000 float64. */
export const ARTICLE_BYTES = 800_000_000;

/** The cell that makes the article's array, watches it, and shows it. */
export const SHOW_ARRAY = [
  'import gc, weakref',
  'import numpy as np',
  'arr = np.ones((10_000, 10_000))',
  'witness = weakref.ref(arr)',
  'arr'
].join('\n');

/** Open a new notebook and wait until its kernel can be asked. */
export async function newNotebook(
  page: IJupyterLabPageFixture,
  name?: string
): Promise<void> {
  await page.notebook.createNew(name, { kernel: 'python3' });
  await page
    .locator('#jp-main-statusbar')
    .getByText(/\| Idle/)
    .waitFor();
}

/** Open a code console with a kernel of its own. */
export async function openConsole(page: IJupyterLabPageFixture): Promise<void> {
  await page.evaluate(async () => {
    // The panel that the command returns is too large a thing to be sent.
    await window.jupyterapp.commands.execute('console:create', {
      activate: true,
      kernelPreference: { name: 'python3' }
    });
  });
}

/** Choose a mode of the guard, and wait until the kernel has it. */
export async function chooseGuard(page: Page, mode: string): Promise<void> {
  await page.evaluate(
    chosen =>
      window.jupyterapp.commands.execute('memguard:set-guard-mode', {
        mode: chosen
      }),
    mode
  );
  await expect(page.locator('.jp-Memguard-toggle')).toHaveAttribute(
    'data-guard-asked',
    'false'
  );
}

/** Run a source in a new last cell; returns what the cell shows as text. */
export async function run(
  page: IJupyterLabPageFixture,
  source: string
): Promise<string> {
  const index = await addCell(page, source);
  await page.notebook.runCell(index, true);
  const shown = await page.notebook.getCellTextOutput(index);
  return (shown ?? []).join('\n').trim();
}

/** Start a source in a new last cell and do not wait for its end. */
export async function start(
  page: IJupyterLabPageFixture,
  source: string
): Promise<void> {
  const index = await addCell(page, source);
  await page.notebook.runCell(index, { inplace: true, wait: false });
}

/** Put a source into the last cell if that is empty, else into a new one. */
async function addCell(
  page: IJupyterLabPageFixture,
  source: string
): Promise<number> {
  const count = await page.notebook.getCellCount();
  const last = await page.notebook.getCellTextInput(count - 1);
  if (last === '') {
    await page.notebook.setCell(count - 1, 'code', source);
    return count - 1;
  }
  await page.notebook.addCell('code', source);
  return count;
}

/** The process id of the notebook's kernel, as the kernel prints it. */
export async function kernelPid(page: IJupyterLabPageFixture): Promise<number> {
  return Number(await run(page, 'import os; print(os.getpid())'));
}

/** A process's resident bytes, as the operating system says. */
export function residentBytes(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(
    readFileSync(`/proc/${pid}/status`, 'utf8')
  );
  return Number(kib?.[1]) * 1024;
}

/** A process's part of the pages that it has, as the operating system says. */
export function proportionalBytes(pid: number): number {
  const kib = /^Pss:\s+(\d+) kB$/m.exec(
    readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  );
  return Number(kib?.[1]) * 1024;
}

/** The panel, opened if it is not. */
export async function openPanel(
  page: IJupyterLabPageFixture
): Promise<Locator> {
  const panel = page.locator('#jupyter-memguard-panel');
  if (!(await panel.isVisible())) {
    await page.evaluate(() =>
      window.jupyterapp.commands.execute('memguard:show-panel')
    );
  }
  await expect(panel).toBeVisible();
  return panel;
}

/** Open the panel, and each of its sections that is folded. */
export async function openWholePanel(
  page: IJupyterLabPageFixture
): Promise<Locator> {
  const panel = await openPanel(page);
  const folded = panel.locator('.lm-AccordionPanel-title[aria-expanded=false]');
  while ((await folded.count()) > 0) {
    await folded.first().click();
  }
  return panel;
}

/** A number that an element carries in an attribute. */
export async function figure(
  element: Locator,
  attribute = 'data-bytes'
): Promise<number> {
  return Number(await element.getAttribute(attribute));
}

/** The status bar's figure of the kernel's memory. */
export function statusItem(page: Page): Locator {
  return page.locator('.jp-Memguard-status');
}
