/**
 * What the extension costs at JupyterLab's start: the bytes of its files that
 * the browser loads, and the time of its plugins.
 *
 * Prints a table; run it on a production build, as docs/performance.md says.
 */
import { expect, test, type Page } from '@playwright/test';
import { gzipSync } from 'zlib';

const STARTS = 10;
const SETTLING_MS = 2000;

/** The files of this extension that a page has loaded. */
interface IFile {
  name: string;
  text: string;
}

/** Milliseconds of one plugin. */
interface IActivation {
  id: string;
  /** How long its `activate` holds the page. */
  ms: number;
}

declare global {
  interface Window {
    memguardActivations: IActivation[];
  }
}

function median(figures: readonly number[]): number {
  return [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)];
}

/** Note how long each plugin of this extension takes to activate. */
function watchActivation(): void {
  interface IPlugin {
    id: string;
    activate: (...args: unknown[]) => unknown;
  }
  interface IContainer {
    get: (
      name: string
    ) => Promise<() => { __esModule?: boolean; default: IPlugin[] }>;
    init: (scope: unknown) => unknown;
  }
  const timed = (plugin: IPlugin): IPlugin => ({
    ...plugin,
    activate: (...args) => {
      const began = performance.now();
      try {
        return plugin.activate(...args);
      } finally {
        const ms = performance.now() - began;
        window.memguardActivations.push({ id: plugin.id, ms });
      }
    }
  });
  const watched = (container: IContainer): IContainer => ({
    init: scope => container.init(scope),
    get: async name => {
      const factory = await container.get(name);
      return () => {
        const module = factory();
        return Array.isArray(module.default)
          ? { __esModule: true, default: module.default.map(timed) }
          : module;
      };
    }
  });
  window.memguardActivations = [];
  let container: IContainer | undefined;
  const containers = {};
  Object.defineProperty(containers, 'jupyter-memguard', {
    enumerable: true,
    get: () => container,
    set: (value: IContainer) => {
      container = watched(value);
    }
  });
  Object.assign(window, { _JUPYTERLAB: containers });
}

/**
 * Open a page of JupyterLab.
 *
 * @param page - An empty page.
 * @param path - The page's path.
 * @param isReady - Waits until the start is over.
 * @returns what the page has loaded of this extension.
 */
async function open(
  page: Page,
  path: string,
  isReady: () => Promise<void> = async () => undefined
): Promise<IFile[]> {
  const loading: Promise<IFile>[] = [];
  page.on('response', response => {
    const { pathname } = new URL(response.url());
    if (/\/extensions\/jupyter-memguard\/static\/.*\.js$/.test(pathname)) {
      const name = pathname.split('/').pop() ?? pathname;
      loading.push(response.text().then(text => ({ name, text })));
    }
  });
  await page.addInitScript(watchActivation);
  await page.goto(path);
  await page.waitForFunction(() => window.jupyterapp !== undefined);
  await page.evaluate(() => window.jupyterapp.restored.then(() => undefined));
  await isReady();
  // What is loaded right after the start counts, too.
  await page.waitForTimeout(SETTLING_MS);
  return Promise.all(loading);
}

function table(title: string, files: readonly IFile[]): string[] {
  const rows = files.map(({ name, text }) => ({
    name: name.replace(/\.[0-9a-f]{16}\.js$/, ''),
    bytes: Buffer.byteLength(text),
    gzipped: gzipSync(text, { level: 9 }).length
  }));
  const sum = (of: 'bytes' | 'gzipped'): number =>
    rows.reduce((total, row) => total + row[of], 0);
  return [
    '',
    `| ${title} | bytes | gzipped |`,
    '| --- | --: | --: |',
    ...rows.map(row => `| ${row.name} | ${row.bytes} | ${row.gzipped} |`),
    `| **together** | **${sum('bytes')}** | **${sum('gzipped')}** |`
  ];
}

test('what the extension costs at the start', async ({
  browser,
  baseURL,
  request
}) => {
  const inNewPage = async <T>(use: (page: Page) => Promise<T>): Promise<T> => {
    // A context of its own, so that nothing is in the browser's cache.
    const context = await browser.newContext({ baseURL });
    try {
      return await use(await context.newPage());
    } finally {
      await context.close();
    }
  };
  await request.put(`${baseURL}/api/contents/start.ipynb`, {
    data: {
      type: 'notebook',
      content: {
        cells: [],
        metadata: { kernelspec: { name: 'python3', display_name: 'Python' } },
        nbformat: 4,
        nbformat_minor: 5
      }
    }
  });
  const empty = await inNewPage(page => open(page, '/lab?reset'));
  for (const { name, text } of empty) {
    // A development build is many times as big.
    expect(/^\/\/# sourceMappingURL=/m.test(text), name).toBe(false);
  }
  const withNotebook = await inNewPage(page =>
    open(page, '/lab/tree/start.ipynb?reset', () =>
      page
        .locator('#jp-main-statusbar')
        .getByText(/\| Idle/)
        .waitFor()
    )
  );
  const activations = new Map<string, number[]>();
  const sums: number[] = [];
  for (let start = 0; start < STARTS; start++) {
    const seen = await inNewPage(async page => {
      await open(page, '/lab?reset');
      return page.evaluate(() => window.memguardActivations);
    });
    for (const { id, ms } of seen) {
      activations.set(id, [...(activations.get(id) ?? []), ms]);
    }
    sums.push(seen.reduce((total, { ms }) => total + ms, 0));
  }
  console.log(
    [
      ...table('start without a document', empty),
      ...table('start with a notebook', withNotebook),
      '',
      `| plugin | median ms of ${STARTS} starts |`,
      '| --- | --: |',
      ...[...activations].map(
        ([id, times]) => `| ${id} | ${median(times).toFixed(1)} |`
      ),
      `| **together** | **${median(sums).toFixed(1)}** |`
    ].join('\n')
  );
});
