/** `jupyter labextension disable` takes all of it out of pages and kernels. */
import { expect, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Page } from '@playwright/test';
import { execFileSync } from 'child_process';
import { mkdtempSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { urlOf, WITHOUT } from '../servers';
import { newNotebook, reload, run, test as story } from './kernel-story';
import { OwnServer, START_MS } from './own-server';

/** A folder of settings of its own, so that it stays enabled for all others. */
const SETTINGS = {
  JUPYTER_CONFIG_DIR: mkdtempSync(join(tmpdir(), 'memguard-settings-'))
};

function labextension(verb: 'disable' | 'enable'): void {
  execFileSync(
    'jupyter',
    ['labextension', verb, '--level=user', 'jupyter-memguard'],
    { env: { ...process.env, ...SETTINGS }, stdio: 'ignore' }
  );
}

const test = story.extend<object, { server: OwnServer }>({
  server: [
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      labextension('disable');
      const server = new OwnServer({ offset: WITHOUT, env: SETTINGS });
      await server.start();
      await use(server);
      await server.kill();
    },
    { scope: 'worker', auto: true, timeout: 2 * START_MS }
  ]
});

test.use({ baseURL: urlOf(WITHOUT) });

/**
 * What a page has of ours, as lists of names. JupyterLab fetches the list of
 * plugins of a disabled extension as well, and activates none.
 */
function oursInPage(page: Page): Promise<Record<string, string[]>> {
  return page.evaluate(() => {
    const app = window.jupyterapp;
    const isOurs = (name: string): boolean => /memguard/i.test(name);
    const nodes = [...document.querySelectorAll('[id], [class], [data-id]')];
    return {
      commands: app.commands.listCommands().filter(isOurs),
      plugins: app
        .listPlugins()
        .filter(id => isOurs(id) && app.isPluginActivated(id)),
      nodes: nodes
        .map(node =>
          ['id', 'class', 'data-id'].map(key => node.getAttribute(key)).join()
        )
        .filter(isOurs)
    };
  });
}

/** Prints what a kernel has of ours, as lists of names. */
const OURS_IN_KERNEL = `
import json, sys
shell = get_ipython()
events = shell.events.callbacks.values()
print(json.dumps({kind: [name for name in names if 'memguard' in name] for kind, names in {
    'modules': list(sys.modules),
    'targets': list(shell.kernel.comm_manager.targets),
    'shell': list(vars(shell)),
    'hook': [repr(value) for value in vars(shell.displayhook).values() if callable(value)],
    'callbacks': [repr(one) for event in events for one in event],
    'finders': [repr(one) for one in sys.meta_path],
}.items()}))`;

async function oursInKernel(
  page: IJupyterLabPageFixture
): Promise<Record<string, string[]>> {
  return JSON.parse(await run(page, OURS_IN_KERNEL)) as Record<
    string,
    string[]
  >;
}

test('disabled, it leaves nothing in pages and kernels; enabled, it is back', async ({
  page
}) => {
  await newNotebook(page);
  expect(await run(page, '[1] * 3')).toBe('[1, 1, 1]');
  expect(await oursInPage(page)).toEqual({
    commands: [],
    plugins: [],
    nodes: []
  });
  expect(await oursInKernel(page)).toEqual({
    modules: [],
    targets: [],
    shell: [],
    hook: [],
    callbacks: [],
    finders: []
  });

  // The same look finds it where it is enabled.
  labextension('enable');
  await reload(page);
  await expect(page.locator('.jp-Memguard-status')).toBeVisible();
  const found = await oursInPage(page);
  for (const kind of Object.values(found)) {
    expect(kind).not.toEqual([]);
  }
  const kernel = await oursInKernel(page);
  expect(kernel.targets).toEqual(['jupyter_memguard']);
  expect(kernel.modules).not.toEqual([]);
});
