import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import type { MemoryPoll } from '../../memory/poll';
import type { Reading } from '../../memory/source';
import { StatusItem } from '../../memory/status/statusItem';
import { StatusModel } from '../../memory/status/statusModel';
import type { ISettings } from '../../tokens';
import { FakeKernel } from '../fakes/kernel';
import { FakeMemguard, aDocument } from '../fakes/memguard';
import { redrawn } from '../fakes/render';
import { GUARD, aPart, aReport, aRow } from '../fakes/rows';
import { GIB, NO_KINDS } from '../fakes/server';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const trans = nullTranslator.load('jupyter_memguard');

function aLimit(source: 'config' | 'cgroup2', limit: number, used: number) {
  return { source, limit_bytes: limit * GIB, used_bytes: used * GIB };
}

function aReading(bytes: number, level: number): Reading {
  const limit = aLimit('config', 8, bytes / GIB);
  return {
    kind: 'process',
    kernelId: 'k',
    bytes,
    kinds: NO_KINDS,
    childrenBytes: 0,
    limit,
    level,
    nearest: limit,
    time: 1
  };
}

describe('the status item', () => {
  const opened: jest.Mock = jest.fn();
  let item: StatusItem;
  let doc: ReturnType<typeof aDocument>;
  let memguard: FakeMemguard;
  const poll = {
    reading: aReading(0, 0),
    history: [1, 2, 3],
    changed: new Signal<object, Reading>({})
  };

  async function show(reading: Reading): Promise<HTMLElement> {
    await redrawn(() => {
      poll.reading = reading;
      poll.changed.emit(reading);
    });
    return button();
  }

  function button(): HTMLElement {
    const found = item.node.querySelector<HTMLElement>('.jp-Memguard-status');
    if (found === null) {
      throw new Error('there is no button');
    }
    return found;
  }

  function parts(): Record<string, string> {
    const rows = document.querySelectorAll<HTMLElement>(
      '[role=tooltip] [data-part]'
    );
    return Object.fromEntries(
      [...rows].map(row => [
        row.dataset.part,
        row.querySelector('dd')?.textContent
      ])
    );
  }

  beforeEach(async () => {
    opened.mockClear();
    doc = aDocument('a.ipynb', new FakeKernel({ id: 'k' }));
    memguard = new FakeMemguard(doc.watched);
    item = new StatusItem(
      new StatusModel(memguard, poll as unknown as MemoryPoll),
      opened,
      trans
    );
    await redrawn(() => Widget.attach(item, document.body));
  });

  afterEach(async () => {
    await redrawn(() => item.dispose());
  });

  it('shows the figure, the limit, and both as data', async () => {
    const node = await show(aReading(4.2 * GIB, 0.525));
    expect(node.textContent).toBe('Kernel 4.2 GiB of 8 GiB');
    expect(node.dataset.bytes).toBe(String(4.2 * GIB));
    expect(node.dataset.level).toBe('0.525');
    expect(node.tagName).toBe('BUTTON');
    expect(node.getAttribute('aria-label')).toMatch(/^Kernel memory/);
    expect(node.getAttribute('aria-label')).toContain(node.textContent);
  });

  it.each([
    [0.79, 'normal', /8 GiB$/],
    [0.8, 'high', /80 % of the limit$/],
    [0.9499, 'high', /94 % of the limit$/],
    [0.95, 'critical', /95 %, almost out of memory$/]
  ])('says at %d that it is %s, in colour and words', async (...args) => {
    const [level, severity, words] = args;
    const node = await show(aReading(level * 8 * GIB, level));
    expect(node.dataset.severity).toBe(severity);
    expect(node.textContent).toMatch(words);
  });

  it('says what the process before died at, as long as that is told', async () => {
    const reading = aReading(GIB, 0.1);
    doc.model.set({ death: { bytes: 5 * GIB, limitBytes: 8 * GIB } });
    const node = await show(reading);
    expect(node.textContent).toBe(
      'Kernel 1 GiB of 8 GiB \u00b7 died at 5 GiB of 8 GiB'
    );
    expect(node.dataset.diedBytes).toBe(String(5 * GIB));
    await show({ kind: 'none', kernelId: 'k', reason: 'died' });
    expect(node.textContent).toBe(
      'Kernel memory: kernel died at 5 GiB of 8 GiB'
    );
    await redrawn(() => doc.model.set({ death: null }));
    expect((await show(reading)).textContent).toBe('Kernel 1 GiB of 8 GiB');
  });

  it('shows no figure where there is none, but why', async () => {
    await show(aReading(GIB, 0.1));
    const node = await show({ kind: 'none', kernelId: 'k', reason: 'died' });
    expect(node.dataset.bytes).toBeUndefined();
    expect(node.dataset.reason).toBe('died');
    expect(node.textContent).toBe('Kernel memory: kernel died');
  });

  it('labels what the kernel itself told', async () => {
    const node = await show({
      kind: 'usage_request',
      kernelId: 'k',
      bytes: GIB,
      limit: null,
      level: null,
      time: 1
    });
    expect(node.textContent).toBe('Kernel 1 GiB (PSS with children)');
  });

  it('tells a remote kernel’s machine, and that more is not known', async () => {
    const node = await show({
      kind: 'usage_request',
      kernelId: 'k',
      bytes: GIB,
      limit: { ...aLimit('config', 64, 32), source: 'machine' },
      level: 0.5,
      time: 1
    });
    expect(node.textContent).toBe('Kernel 1 GiB of 64 GiB (PSS with children)');
    await redrawn(() => node.focus());
    expect(parts()).toMatchObject({
      kernel: '1 GiB',
      limit: '64 GiB',
      'limit-used': '32 GiB',
      unknown: 'not known from here'
    });
  });

  it.each([
    ['cgroup2', 0.85, 'container 85 % full'],
    ['machine', 0.85, 'machine 85 % full'],
    ['machine', 0.97, 'machine 97 % full, almost out of memory'],
    ['rlimit_as', 0.85, 'address space 85 % full'],
    ['rlimit_as', 0.97, 'address space 97 % full, almost out of memory']
  ] as const)(
    'says of %s at %d that not the kernel’s memory alone is meant',
    async (...args) => {
      const [source, level, words] = args;
      const nearest = { ...aLimit('config', 16, 16 * level), source };
      const node = await show({
        ...aReading(GIB, level),
        nearest
      } as Reading);
      expect(node.textContent).toBe(`Kernel 1 GiB of 8 GiB · ${words}`);
    }
  );

  it('shows as much as the settings say', async () => {
    const settings = memguard.settings as Mutable<ISettings>;
    const reading = aReading(GIB, 0.125);
    const seen: [string | null, boolean][] = [];
    for (const shows of ['history', 'limit', 'figure'] as const) {
      settings.statusBarShows = shows;
      const node = await show(reading);
      seen.push([node.textContent, node.querySelector('svg') !== null]);
    }
    settings.statusBarShows = 'history';
    expect(seen).toEqual([
      ['Kernel 1 GiB of 8 GiB', true],
      ['Kernel 1 GiB of 8 GiB', false],
      ['Kernel 1 GiB', false]
    ]);
  });

  it('opens the panel on a click', async () => {
    (await show(aReading(GIB, 0.1))).click();
    expect(opened).toHaveBeenCalledTimes(1);
  });

  it('tells nothing of results as of before they were released', async () => {
    const report = aReport([aRow(1, GIB)]);
    await redrawn(() => doc.model.set({ report, isStale: true }));
    const node = await show(aReading(GIB, 0.1));
    await redrawn(() => node.focus());
    expect(parts()).not.toHaveProperty('retained');
    await redrawn(() => doc.model.set({ isStale: false }));
    expect(parts()).toHaveProperty('retained', '1 GiB');
    // Cells' ends tell figures as well, and whether they are exact.
    const { pushed } = doc.model;
    pushed.set(3, { key: 'k3', figure: aPart(GIB / 2) });
    pushed.set(4, { key: 'k4', figure: aPart(GIB), group: ['k4', 'k5'] });
    pushed.set(5, { key: 'k5', figure: aPart(GIB), group: ['k4', 'k5'] });
    await redrawn(() => doc.model.set({ isStale: true }));
    expect(parts()).toHaveProperty('retained', '1.5 GiB');
    pushed.set(3, { key: 'k3', figure: aPart(GIB / 2, { exact: false }) });
    await redrawn(() => doc.model.set({ isStale: true }));
    expect(parts()).toHaveProperty('retained', 'at least 1.5 GiB');
    pushed.clear();
    await redrawn(() => doc.model.set({ isStale: false }));
  });

  it('says what can be freed, once that is a tenth of the memory', async () => {
    await redrawn(() => {
      doc.model.pushed.set(1, { key: 'a', figure: aPart(0.4 * GIB) });
      doc.model.pushed.set(2, { key: 'a', figure: aPart(0.4 * GIB) });
      doc.model.changed.emit();
    });
    expect((await show(aReading(4.1 * GIB, 0.5))).textContent).toBe(
      'Kernel 4.1 GiB of 8 GiB'
    );
    const node = await show(aReading(4 * GIB, 0.5));
    expect(node.textContent).toBe(
      'Kernel 4 GiB of 8 GiB \u00b7 409.6 MiB to free'
    );
    expect(node.dataset.freeBytes).toBe(String(0.4 * GIB));
    await redrawn(() => node.focus());
    expect(parts()).toHaveProperty('retained', '409.6 MiB');
    const settings = memguard.settings as Mutable<ISettings>;
    settings.statusBarFreePercent = 20;
    expect((await show(aReading(4 * GIB, 0.5))).dataset.freeBytes).toBe(
      undefined
    );
    settings.statusBarFreePercent = 0;
    await redrawn(() => doc.model.pushed.clear());
    expect((await show(aReading(4 * GIB, 0.5))).dataset.freeBytes).toBe(
      undefined
    );
    settings.statusBarFreePercent = 10;
  });

  it('lists what the guard did not keep', async () => {
    const { agent } = doc.model;
    agent.guard = { ...GUARD, withheld: 2, withheld_bytes: 1.1 * GIB };
    const node = await show(aReading(GIB, 0.1));
    await redrawn(() => node.focus());
    expect(parts()).toHaveProperty(
      'withheld',
      '2 results, the largest 1.1 GiB'
    );
    agent.guard = { ...agent.guard, withheld: 1, withheld_exact: false };
    await show(aReading(GIB, 0.1));
    expect(parts()).toHaveProperty('withheld', '1 result, at least 1.1 GiB');
  });

  it('lists the parts to who points or tabs to it, until Escape', async () => {
    await redrawn(() => doc.model.set({ report: aReport([aRow(1, GIB)]) }));
    const node = await show({
      ...aReading(4 * GIB, 0.9),
      kind: 'process',
      childrenBytes: 2 * GIB,
      nearest: aLimit('cgroup2', 10, 9)
    } as Reading);
    expect(parts()).toEqual({});
    await redrawn(() => node.focus());
    expect(parts()).toEqual({
      kernel: '4 GiB',
      children: '2 GiB',
      retained: '1 GiB',
      limit: '8 GiB',
      nearest: '10 GiB',
      'nearest-used': '9 GiB'
    });
    expect(
      document.getElementById(node.getAttribute('aria-describedby') ?? '')
    ).not.toBeNull();
    await redrawn(() => {
      node.dispatchEvent(
        new KeyboardEvent('keydown', { key: 'Escape', bubbles: true })
      );
    });
    expect(parts()).toEqual({});
  });

  it('lists what the memory consists of, as far as the system tells', async () => {
    const node = await show({
      ...aReading(4 * GIB, 0.9),
      childrenBytes: GIB,
      kinds: {
        pss_bytes: 2 * GIB,
        swap_bytes: 0.25 * GIB,
        anonymous_bytes: 3 * GIB,
        file_bytes: GIB,
        shared_bytes: 0
      }
    } as Reading);
    await redrawn(() => node.focus());
    expect(parts()).toEqual({
      kernel: '4 GiB',
      anonymous: '3 GiB',
      file: '1 GiB',
      swap: '256 MiB',
      pss: '2 GiB',
      children: '1 GiB',
      limit: '8 GiB'
    });
    expect(document.body.textContent).toContain(
      'Its child processes (shared memory split up)'
    );
  });

  it('is there only for a document in front', async () => {
    expect(item.model.active).toBe(true);
    await redrawn(() => memguard.bring(null));
    expect(item.model.active).toBe(false);
  });
});
