/**
 * What the panel costs with 0, 100 and 10,000 results: the time to the first
 * row, the frames while scrolling, and the kernel's time for a refresh.
 *
 * Prints a table; run it as docs/performance.md says.
 */
import { expect, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import { loadavg } from 'os';
import { newNotebook, run, test } from '../tests/kernel-story';
import { rowsIn } from '../tests/panel-story';

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

/** Show the panel; milliseconds until a row, or that there is none, is drawn. */
function timeToFirst(page: IJupyterLabPageFixture): Promise<number> {
  return page.evaluate(async () => {
    const began = performance.now();
    void window.jupyterapp.commands.execute('memguard:show-panel');
    for (;;) {
      await new Promise(requestAnimationFrame);
      if (
        document.querySelector(
          '#jupyter-memguard-panel [role=row][data-key], #jupyter-memguard-panel[data-state=empty]'
        )
      ) {
        return performance.now() - began;
      }
    }
  });
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
  await run(page, SHOW_MANY);
  const panel = page.locator('#jupyter-memguard-panel');
  const lines: string[] = [];
  let there = 0;
  for (const count of [0, 100, 10_000]) {
    await page.notebook.addCell('code', `show(${count - there})`);
    await page.notebook.runCell((await page.notebook.getCellCount()) - 1, true);
    there = count;
    const load = loadavg()[0].toFixed(1);
    const first = await timeToFirst(page);
    await expect(panel.getByRole('status').first()).toBeAttached();
    await expect(rowsIn(panel)).not.toHaveCount(count === 0 ? -1 : 0);
    times.report = [];
    times.overview = [];
    for (let refresh = 1; refresh <= REFRESHES; refresh++) {
      await run(page, 'pass');
      await expect.poll(() => times.overview.length).toBe(refresh);
    }
    const frames = count > 0 ? await scroll(page) : null;
    lines.push(
      `| ${[
        count.toLocaleString('en'),
        first.toFixed(0),
        `${median(times.report).toFixed(1)} / ${Math.max(...times.report).toFixed(1)}`,
        `${median(times.overview).toFixed(1)} / ${Math.max(...times.overview).toFixed(1)}`,
        frames
          ? `${median(frames.scrolling).toFixed(0)} / ${Math.max(...frames.scrolling).toFixed(0)}`
          : '',
        frames
          ? `${median(frames.idle).toFixed(0)} / ${Math.max(...frames.idle).toFixed(0)}`
          : '',
        frames ? frames.rows : 0,
        load
      ].join(' | ')} |`
    );
    await page.evaluate(() => window.jupyterapp.shell.collapseRight());
    await expect(panel).toBeHidden();
  }
  console.log(
    [
      '| results | first row, ms | report, ms (median / longest) | overview, ms | frame while scrolling, ms | frame while idle, ms | rows in the page | load |',
      '| --: | --: | --: | --: | --: | --: | --: | --: |',
      ...lines
    ].join('\n')
  );
});
