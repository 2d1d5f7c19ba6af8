/**
 * What the panel costs with 0, 100 and 10,000 results: the time to the first
 * row, the frames while scrolling, and the kernel's time for a refresh.
 *
 * Prints a table; run it as docs/performance.md says.
 */
import { expect, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import { readFileSync } from 'fs';
import { loadavg } from 'os';
import { newNotebook, test } from '../tests/kernel-story';
import { runCells, valueOf } from '../tests/panel-story';

const REFRESHES = 11;

/** Results that show themselves without a word, one for each cell. */
const SHOW_MANY = [
  'import numpy as np',
  'class Result:',
  '    def __init__(self, size): self.data = np.ones(size)',
  '    def _ipython_display_(self): pass',
  'shell = get_ipython()',
  "# IPython's own limit is 1,000 results.",
  'shell.displayhook.cache_size = 20_000',
  'def show(count):',
  '    for number in range(count):',
  '        shell.run_cell(f"Result({1000 + number})", store_history=True)'
].join('\n');

function median(figures: readonly number[]): number {
  return [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)];
}

/**
 * Show the panel; milliseconds until a row of a report of so many results, or
 * that there is none, is drawn.
 */
function timeToFirst(
  page: IJupyterLabPageFixture,
  count: number
): Promise<number> {
  return page.evaluate(async expected => {
    const began = performance.now();
    void window.jupyterapp.commands.execute('memguard:show-panel');
    // The head is a row, too.
    const drawn =
      expected === 0
        ? '#jupyter-memguard-panel[data-state=empty]'
        : `#jupyter-memguard-panel [aria-rowcount="${expected + 1}"] [data-key]`;
    do {
      await new Promise(requestAnimationFrame);
    } while (document.querySelector(drawn) === null);
    return performance.now() - began;
  }, count);
}

/** Milliseconds of processor time that a process has had. */
function processorMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1];
  const [user, system] = fields.split(' ').slice(11, 13).map(Number);
  // Linux counts in hundredths of a second.
  return 10 * (user + system);
}

/** What the page keeps: MiB of its heap, and its nodes. */
async function pageMemory(page: IJupyterLabPageFixture): Promise<string> {
  // Galata's page is one that stands for the browser's.
  const context = page.context();
  const session = await context.newCDPSession(context.pages()[0]);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  const { nodes } = await session.send('Memory.getDOMCounters');
  await session.detach();
  return `${(usedSize / 2 ** 20).toFixed(0)} / ${nodes}`;
}

interface IFrames {
  /** Milliseconds between frames while nothing is done. */
  idle: number[];
  /** The same while the rows are scrolled by a page each frame. */
  scrolling: number[];
  /** The most rows that were in the page at once. */
  rows: number;
}

function scroll(page: IJupyterLabPageFixture): Promise<IFrames> {
  return page.evaluate(async () => {
    const scroller = document.querySelector('.jp-Memguard-scroll')!;
    let rows = 0;
    const measure = async (step: number): Promise<number[]> => {
      const frames: number[] = [];
      let last: number = await new Promise(requestAnimationFrame);
      for (let frame = 0; frame < 200; frame++) {
        scroller.scrollTop += step;
        const now: number = await new Promise(requestAnimationFrame);
        frames.push(now - last);
        last = now;
        rows = Math.max(rows, scroller.querySelectorAll('[data-key]').length);
      }
      return frames;
    };
    const idle = await measure(0);
    return { idle, scrolling: await measure(scroller.clientHeight), rows };
  });
}

test('the panel with 0, 100 and 10,000 results', async ({ page }) => {
  const times: { report: number[]; overview: number[] } = {
    report: [],
    overview: []
  };
  page.on('websocket', socket => {
    socket.on('framereceived', ({ payload }) => {
      const text = payload.toString('utf8');
      const elapsed = /"elapsed_ms": ?([\d.]+)/.exec(text);
      if (elapsed !== null) {
        const kind = text.includes('"exact_all"') ? 'report' : 'overview';
        times[kind].push(Number(elapsed[1]));
      }
    });
  });
  await newNotebook(page);
  await runCells(page, [SHOW_MANY]);
  const panel = page.locator('#jupyter-memguard-panel');
  const pid = Number(await valueOf(page, '__import__("os").getpid()'));
  const cells = async (times: number, done: () => number): Promise<number> => {
    const before = processorMs(pid);
    for (let cell = 1; cell <= times; cell++) {
      await runCells(page, ['pass']);
      await expect.poll(done).toBeGreaterThanOrEqual(cell);
    }
    return (processorMs(pid) - before) / times;
  };
  const lines: string[] = [];
  let there = 0;
  for (const count of [0, 100, 10_000]) {
    await runCells(page, [`show(${count - there})`]);
    there = count;
    const load = loadavg()[0].toFixed(1);
    const hiddenMs = await cells(REFRESHES, () => Infinity);
    const first = await timeToFirst(page, count);
    await expect.poll(() => times.overview.length).toBeGreaterThan(0);
    times.report = [];
    times.overview = [];
    const shownMs = await cells(REFRESHES, () => times.report.length);
    // The last overview comes after a rest.
    await expect.poll(() => times.overview.length).toBeGreaterThan(0);
    const frames = count > 0 ? await scroll(page) : null;
    const both = (figures: readonly number[], digits = 0): string =>
      `${median(figures).toFixed(digits)} / ${Math.max(...figures).toFixed(digits)}`;
    lines.push(
      `| ${[
        count.toLocaleString('en'),
        first.toFixed(0),
        both(times.report, 1),
        both(times.overview, 1),
        `${hiddenMs.toFixed(0)} / ${shownMs.toFixed(0)}`,
        frames ? both(frames.scrolling) : '',
        frames ? both(frames.idle) : '',
        frames ? frames.rows : 0,
        await pageMemory(page),
        load
      ].join(' | ')} |`
    );
    await page.evaluate(() => window.jupyterapp.shell.collapseRight());
    await expect(panel).toBeHidden();
    times.overview = [];
  }
  console.log(
    [
      '| results | first row, ms | report, ms (median / longest) | overview, ms | processor of a cell, panel hidden / shown, ms | frame while scrolling, ms | frame while idle, ms | rows in the page | heap of the page, MiB / nodes | load |',
      '| --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |',
      ...lines
    ].join('\n')
  );
});
