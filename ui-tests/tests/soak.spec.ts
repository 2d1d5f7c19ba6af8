/**
 * A long session: cells, restarts and reconnects with the panel open. What is
 * counted after it (listeners, timers, comms, callbacks) is what was counted
 * before, and no memory grows. The story is a small soak; a long one is asked
 * for by MEMGUARD_SOAK_CELLS, MEMGUARD_SOAK_RESTARTS and
 * MEMGUARD_SOAK_RECONNECTS: docs/reliability.md has the command.
 */
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import { expect } from '@playwright/test';
import { newNotebook, openWholePanel, test } from './kernel-story';
import { valueOf } from './panel-story';

const CELLS = Number(process.env.MEMGUARD_SOAK_CELLS ?? 200);
const RESTARTS = Number(process.env.MEMGUARD_SOAK_RESTARTS ?? 3);
const RECONNECTS = Number(process.env.MEMGUARD_SOAK_RECONNECTS ?? 2);
const MIB = 2 ** 20;

// Each cell shows a large result; each tenth lets all go.
const CELL = [
  'class Shown:',
  '    def __init__(self): self.bytes = bytearray(200_000)',
  'Shown()'
].join('\n');

/** The parts of the page that a soak looks at. */
interface IPanelInPage {
  sessionContext: {
    restartKernel(): Promise<void>;
    session: {
      kernel: {
        reconnect(): Promise<void>;
        requestExecute(request: object): { done: Promise<unknown> };
      };
    };
  };
}

/** What must not grow. */
interface ICounts {
  /** Intervals and time-outs that our code has set and that are to come. */
  timers: number;
  /** Listeners that our code has put on window, document and elements. */
  listeners: number;
  /** The page's connections to kernels. */
  connections: number;
  /** The page's sockets that are open. */
  sockets: number;
  /** The comms of ours in the kernel. */
  kernelComms: number;
  /** The callbacks for IPython's events. */
  callbacks: number;
}

/** Count what our code has set and not taken back, from the page's start. */
function countOurs(): void {
  const isOurs = () => /jupyter-memguard/.test(new Error().stack ?? '');
  const timers = new Set<unknown>();
  const listeners = new Map<string, WeakRef<object>>();
  let targets = 0;
  const numbers = new WeakMap<object, number>();
  const numberOf = (each: object) => {
    if (!numbers.has(each)) {
      numbers.set(each, targets++);
    }
    return numbers.get(each);
  };
  const set = window.setTimeout.bind(window) as typeof setTimeout;
  const repeat = window.setInterval.bind(window) as typeof setInterval;
  const drop = window.clearTimeout.bind(window);
  const counted = Object.assign(window, {
    oursSet: () => ({
      timers: timers.size,
      listeners: [...listeners.values()].filter(each => {
        const target = each.deref();
        // What is not in the page any more goes with its listeners.
        return (
          target !== undefined &&
          (!(target instanceof Node) || target.isConnected)
        );
      }).length
    })
  });
  counted.setTimeout = ((what: () => void, ...rest: unknown[]) => {
    const ours = isOurs();
    const id: unknown = set(
      () => {
        timers.delete(id);
        what();
      },
      ...(rest as [number])
    );
    if (ours) {
      timers.add(id);
    }
    return id;
  }) as typeof setTimeout;
  counted.setInterval = ((what: () => void, ...rest: unknown[]) => {
    const id: unknown = repeat(what, ...(rest as [number]));
    if (isOurs()) {
      timers.add(id);
    }
    return id;
  }) as typeof setInterval;
  const clear = (id?: number) => {
    timers.delete(id);
    drop(id);
  };
  counted.clearTimeout = clear as typeof clearTimeout;
  counted.clearInterval = clear as typeof clearInterval;
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  const keyOf = (target: object, type: string, listener: object) =>
    `${numberOf(target)} ${type} ${numberOf(listener)}`;
  EventTarget.prototype.addEventListener = function (
    this: EventTarget,
    ...args: Parameters<typeof addEventListener>
  ) {
    if (args[1] && isOurs()) {
      const target = this ?? window;
      listeners.set(keyOf(target, args[0], args[1]), new WeakRef(target));
    }
    return addEventListener.apply(this, args);
  };
  EventTarget.prototype.removeEventListener = function (
    this: EventTarget,
    ...args: Parameters<typeof removeEventListener>
  ) {
    if (args[1]) {
      listeners.delete(keyOf(this ?? window, args[0], args[1]));
    }
    return removeEventListener.apply(this, args);
  };
}

/** Run cells in the kernel as a page does, without drawing their outputs. */
async function runCells(
  page: IJupyterLabPageFixture,
  count: number
): Promise<void> {
  await page.evaluate(
    async ([code, times]) => {
      const panel = window.jupyterapp.shell.currentWidget;
      const { session } = (panel as unknown as IPanelInPage).sessionContext;
      for (let at = 1; at <= Number(times); at++) {
        const letGo = at % 10 === 0 ? '%reset -f out\n' : '';
        await session.kernel.requestExecute({ code: `${letGo}${code}` }).done;
      }
    },
    [CELL, count] as const
  );
}

/** Count the sockets that a page has open from now on. */
function countSockets(page: IJupyterLabPageFixture): () => number {
  let open = 0;
  page.on('websocket', socket => {
    open++;
    socket.on('close', () => open--);
  });
  return () => open;
}

async function counts(
  page: IJupyterLabPageFixture,
  sockets: () => number
): Promise<ICounts> {
  const kernel = await valueOf(
    page,
    "(lambda shell: [len(vars(shell)['_jupyter_memguard'].channel._comms)," +
      ' sum(map(len, shell.events.callbacks.values()))])(get_ipython())'
  );
  const [kernelComms, callbacks] = JSON.parse(kernel) as number[];
  const ours = await page.evaluate(() => {
    const { kernels } = window.jupyterapp.serviceManager as unknown as {
      kernels: { _kernelConnections: Set<unknown> };
    };
    const { oursSet } = window as unknown as {
      oursSet(): { timers: number; listeners: number };
    };
    return { ...oursSet(), connections: kernels._kernelConnections.size };
  });
  return { ...ours, sockets: sockets(), kernelComms, callbacks };
}

/** The resident bytes of the kernel and of its server, and the page's heap. */
async function memory(page: IJupyterLabPageFixture) {
  const found = await valueOf(
    page,
    "[int(open('/proc/%d/statm' % each).read().split()[1]) * 4096" +
      " for os in [__import__('os')] for each in (os.getpid(), os.getppid())]"
  );
  const [kernel, server] = JSON.parse(found) as number[];
  const session = await page.context().newCDPSession(page.context().pages()[0]);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return { kernel, server, page: usedSize };
}

test('hours of cells, restarts and reconnects leave nothing behind', async ({
  page
}) => {
  test.setTimeout(180_000 + CELLS * 300 + (RESTARTS + RECONNECTS) * 60_000);
  await page.addInitScript(countOurs);
  const sockets = countSockets(page);
  await page.reload();
  await newNotebook(page);
  const panel = await openWholePanel(page);
  const settled = async () => {
    await expect(panel.locator('[role=row][data-key]').first()).toBeVisible();
    // Until no reading and no refining goes on any more.
    let before = '';
    await expect
      .poll(async () => {
        const now = JSON.stringify(await counts(page, sockets));
        const same = now === before;
        before = now;
        return same;
      })
      .toBe(true);
    return counts(page, sockets);
  };
  const restart = () =>
    page.evaluate(async () => {
      const shown = window.jupyterapp.shell.currentWidget;
      await (shown as unknown as IPanelInPage).sessionContext.restartKernel();
    });
  const reconnect = () =>
    page.evaluate(async () => {
      const shown = window.jupyterapp.shell.currentWidget;
      const { session } = (shown as unknown as IPanelInPage).sessionContext;
      await session.kernel.reconnect();
    });

  // Warm up: each thing once, and the first cells.
  await runCells(page, 25);
  await restart();
  await runCells(page, 25);
  await reconnect();
  await runCells(page, 25);
  const before = await settled();
  const start = await memory(page);
  const begun = Date.now();
  const seconds = () => Math.round((Date.now() - begun) / 1000);

  const parts = RESTARTS + RECONNECTS + 1;
  const passed = [];
  for (let part = 0; part < parts; part++) {
    await runCells(page, Math.ceil(CELLS / parts));
    if (part < RESTARTS) {
      await restart();
    } else if (part < RESTARTS + RECONNECTS) {
      await reconnect();
    }
    // So that one sees how far it is, and what grows.
    const found = { part, seconds: seconds(), ...(await memory(page)) };
    console.log(JSON.stringify(found));
    passed.push(found);
  }
  await runCells(page, 25);
  const after = await settled();
  const end = await memory(page);
  const description = JSON.stringify({ before, after, start, passed, end });
  test.info().annotations.push({ type: 'soak', description });
  console.log(description);

  expect(after.connections).toBe(before.connections);
  expect(after.sockets).toBe(before.sockets);
  expect(after.kernelComms).toBe(before.kernelComms);
  expect(after.callbacks).toBe(before.callbacks);
  expect(after.listeners).toBe(before.listeners);
  expect(after.timers).toBeLessThanOrEqual(before.timers + 2);
  // IPython and JupyterLab keep each cell's source.
  const each = CELLS * 2000;
  expect(end.kernel - start.kernel).toBeLessThan(20 * MIB + each);
  expect(end.server - start.server).toBeLessThan(20 * MIB + each);
  expect(end.page - start.page).toBeLessThan(20 * MIB + each);
});
