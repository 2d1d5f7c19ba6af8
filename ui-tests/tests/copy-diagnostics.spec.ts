/**
 * What a report of a fault needs: a person takes it from the panel's menu, and
 * the clipboard has it, with names only where these were ticked.
 */
import { expect, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Page } from '@playwright/test';
import { newNotebook, openPanel, run, test } from './kernel-story';
import { menuItem, rowsIn, valueOf } from './panel-story';

/** The facts that are read here. */
interface ICopied {
  jupyter_memguard: string;
  application: string;
  browser: string;
  server: { jupyter_server: string; extension: number };
  kernel: { name: string; versions: Record<string, string> };
  report: {
    count: number;
    freed_bytes_all: number;
    rss_bytes: number;
    results: {
      numbers: number[];
      type: string;
      freed_bytes: number;
      variables: number | string[];
      shared_variables: number | string[];
      source: string | null;
    }[];
  };
}

const FREED_BYTES = 8_000_000;

test.beforeEach(async ({ page }) => {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await newNotebook(page);
  await run(
    page,
    [
      '%load_ext jupyter_memguard',
      'import numpy as np',
      'secret_array = np.ones((2000, 1000))',
      'secret_array'
    ].join('\n')
  );
  await run(page, '{"secret key": secret_array[:1]}');
  await run(page, `np.ones(${FREED_BYTES / 8})`);
  await expect(rowsIn(await openPanel(page))).toHaveCount(3);
});

test('versions and sizes are copied for a report, and no name', async ({
  page
}) => {
  await choose(page);
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('checkbox')).not.toBeChecked();
  await look(page, 'copy-diagnostics');
  const text = await copy(page);
  expect(text).not.toMatch(/secret/);

  const copied = JSON.parse(text) as ICopied;
  const versions = await valueOf(
    page,
    '__import__("json").dumps([__import__(name).__version__ for name in ' +
      '("IPython", "ipykernel", "numpy", "jupyter_memguard")] + ' +
      '[__import__("platform").python_version()])'
  );
  const [ipython, ipykernel, numpy, memguard, python] = JSON.parse(
    versions.slice(1, -1)
  ) as string[];
  expect(copied.kernel).toMatchObject({
    name: 'python3',
    versions: { python, IPython: ipython, ipykernel, numpy }
  });
  expect(copied.jupyter_memguard).toBe(memguard);
  expect(copied.application).toMatch(/^JupyterLab \d+\.\d+/);
  expect(copied.browser).toContain('Chrome');
  expect(copied.server.extension).toBe(200);
  expect(copied.server.jupyter_server).toMatch(/^\d+\.\d+/);

  // The same as the command for a terminal says, of the same results.
  const told = JSON.parse(
    await run(page, '%memguard --json')
  ) as ICopied['report'];
  const rows = (report: ICopied['report']): unknown[] =>
    report.results
      .map(({ numbers, type, freed_bytes }) => ({ numbers, type, freed_bytes }))
      .sort((a, b) => a.numbers[0] - b.numbers[0]);
  expect(rows(copied.report)).toEqual(rows(told));
  expect(rows(copied.report)[2]).toMatchObject({
    numbers: [3],
    type: 'numpy.ndarray'
  });
  expect(copied.report.freed_bytes_all).toBeGreaterThanOrEqual(FREED_BYTES);
  expect(copied.report.rss_bytes).toBeGreaterThan(3 * FREED_BYTES);
  // Names are counted.
  const of = (number: number) =>
    copied.report.results.find(row => row.numbers[0] === number);
  expect(of(1)).toMatchObject({ variables: 1, source: null });
  expect(of(2)).toMatchObject({ shared_variables: 1, source: null });
});

test('names and lines of cells are copied where a person ticks that', async ({
  page
}) => {
  await choose(page);
  await page.getByRole('dialog').getByRole('checkbox').check();
  const { report } = JSON.parse(await copy(page)) as ICopied;
  const of = (number: number) =>
    report.results.find(row => row.numbers[0] === number);
  expect(of(1)).toMatchObject({
    variables: ['secret_array'],
    source: 'secret_array'
  });
  expect(of(2)).toMatchObject({ shared_variables: ['secret_array'] });
});

test('nothing is copied where a person cancels', async ({ page }) => {
  await page.evaluate(() => navigator.clipboard.writeText('as before'));
  await choose(page);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  expect(await inClipboard(page)).toBe('as before');
});

/** Take the command from the menu of the panel. */
async function choose(page: IJupyterLabPageFixture): Promise<void> {
  const panel = await openPanel(page);
  await rowsIn(panel).first().click({ button: 'right' });
  await menuItem(page, 'Copy diagnostics…').click();
  await expect(page.getByRole('dialog')).toContainText('Copy diagnostics');
}

/** Confirm, and read what lies in the clipboard then. */
async function copy(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Copy', exact: true }).click();
  await expect(page.locator('.Toastify__toast')).toContainText(
    'The diagnostics are in the clipboard.'
  );
  await look(page, 'copy-diagnostics-done');
  return inClipboard(page);
}

function inClipboard(page: Page): Promise<string> {
  return page.evaluate(() => navigator.clipboard.readText());
}

/** A picture, where a folder for them is named. */
async function look(page: Page, name: string): Promise<void> {
  const folder = process.env.MEMGUARD_PICTURES;
  if (folder) {
    await page.screenshot({ path: `${folder}/${name}.png` });
  }
}
