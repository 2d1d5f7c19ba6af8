import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import type { KernelList } from '../../memory/kernels/kernelList';
import type { MemoryPoll } from '../../memory/poll';
import { Warnings } from '../../memory/warnings/warnings';
import { FakeKernel } from '../fakes/kernel';
import { FakeMemguard, aDocument } from '../fakes/memguard';
import { aReport, aRow } from '../fakes/rows';
import { FakeServer, GIB, aReply } from '../fakes/server';
import { aPromise, settled as promisesKept, until } from '../fakes/waiting';

const LIMIT = {
  source: 'config' as const,
  limit_bytes: 8 * GIB,
  used_bytes: null
};

describe('the warnings', () => {
  const server = new FakeServer();
  const kernel = new FakeKernel({ id: 'k' });
  const opened = aDocument('a.ipynb', kernel);
  const poll = { changed: new Signal<object, object>({}) };
  class FakeList {
    kernels: object[] | null = null;
    readonly changed = new Signal<FakeList, void>(this);
  }
  const list = new FakeList();
  const memguard = new FakeMemguard(opened.watched);
  let warnings: Warnings;

  beforeEach(() => {
    Notification.manager.dismiss();
    opened.model.report = null;
    opened.model.death = null;
    opened.model.released.length = 0;
    opened.context.session = { kernel };
    // A kernel grows in a cell, and tells nothing then.
    opened.model.agent.cellRunning = true;
    memguard.bring(opened.watched);
    warnings = new Warnings(
      memguard,
      server.rest,
      nullTranslator.load('jupyter_memguard')
    );
    warnings.watch(
      poll as unknown as MemoryPoll,
      list as unknown as KernelList
    );
  });

  afterEach(() => warnings.dispose());

  /** A reading of the kernel in front; what tells a person is loaded then. */
  async function read(level: number, time = 1000): Promise<void> {
    await tell({
      kind: 'process',
      kernelId: 'k',
      bytes: level * 8 * GIB,
      level,
      limit: LIMIT,
      nearest: LIMIT,
      time
    });
  }

  async function tell(reading: object): Promise<void> {
    poll.changed.emit(reading);
    await promisesKept();
  }

  function messages(): string[] {
    return Notification.manager.notifications.map(each => each.message);
  }

  it('come once per crossing', async () => {
    for (const level of [0.5, 0.89, 0.91, 0.95, 0.89, 0.92]) {
      await read(level);
    }
    expect(messages()).toEqual([
      'The kernel of a.ipynb uses 7.3 GiB, 91 % of its limit of 8 GiB.'
    ]);
    await read(0.5);
    expect(messages()).toEqual([]);
    await read(0.93);
    expect(messages().length).toBe(1);
  });

  it('say how much is retained as soon as the kernel has told', async () => {
    await read(0.91);
    expect(opened.model.observers).toBe(1);
    opened.model.set({ report: aReport([aRow(1, 3 * GIB)]) });
    // JupyterLab would lose it if it came before the warning is on the page.
    expect(messages()[0]).not.toContain('kept');
    await until(() => messages()[0].includes('kept'));
    expect(messages()[0]).toContain('3 GiB of it is kept results.');
    expect(opened.model.observers).toBe(0);
  });

  it('say that about so much is retained where that is estimated', async () => {
    await read(0.91);
    const guess = { exact: false, freed_bytes: 80 };
    opened.model.set({
      report: aReport([aRow(1, 80, guess)], { estimate_bytes_all: 3 * GIB })
    });
    await until(() => messages()[0].includes('kept'));
    expect(messages()[0]).toContain('About 3 GiB of it is kept results.');
  });

  describe('of a kernel that is free', () => {
    beforeEach(() => {
      jest.useFakeTimers();
      opened.model.agent.cellRunning = false;
    });
    afterEach(() => {
      jest.useRealTimers();
    });

    it('are held until it has told what it retains', async () => {
      await read(0.91);
      expect(messages()).toEqual([]);
      jest.advanceTimersByTime(100);
      opened.model.set({ report: aReport([aRow(1, 3 * GIB)]) });
      expect(messages()).toEqual([
        'The kernel of a.ipynb uses 7.3 GiB, 91 % of its limit of 8 GiB. 3 GiB of it is kept results.'
      ]);
      jest.advanceTimersByTime(60_000);
      expect(messages().length).toBe(1);
    });

    it('are not held for long', async () => {
      await read(0.91);
      jest.advanceTimersByTime(2000);
      expect(messages()).toEqual([expect.not.stringContaining('kept')]);
    });

    it('do not come when it is safe again before that', async () => {
      await read(0.91);
      await read(0.5);
      jest.advanceTimersByTime(60_000);
      expect(messages()).toEqual([]);
      expect(opened.model.observers).toBe(0);
    });
  });

  it.each([
    [
      'cgroup2' as const,
      'The container of a.ipynb is 93 % full (8 GiB, shared); its kernel uses 1 GiB.'
    ],
    [
      'machine' as const,
      'The machine of a.ipynb is 93 % full (8 GiB, shared); its kernel uses 1 GiB.'
    ]
  ])(
    'tell of a shared limit (%s) once, of who is in front',
    async (...args) => {
      const [source, text] = args;
      const other = new FakeKernel({ id: 'behind' });
      const behind = aDocument('b.ipynb', other);
      memguard.bring(behind.watched);
      memguard.bring(opened.watched);
      const limit = { ...LIMIT, source };
      const seen = (id: string, level: number) =>
        inList({
          ...aReply(id),
          rss_bytes: GIB,
          limit,
          level,
          nearest: limit
        });
      async function inList(kernel: object): Promise<void> {
        list.kernels = [kernel];
        list.changed.emit();
        await promisesKept();
      }
      await seen('behind', 0.93);
      expect(messages()).toEqual([]);
      await seen('k', 0.93);
      await seen('behind', 0.94);
      expect(messages()).toEqual([text]);
      // In a group of its own that may grow as big.
      await seen('behind', 0.5);
      expect(messages()).toEqual([text]);
      await seen('k', 0.5);
      expect(messages()).toEqual([]);
      list.kernels = null;
    }
  );

  it('tell of a container of its own also of a kernel that is not in front', async () => {
    const behind = aDocument('own.ipynb', new FakeKernel({ id: 'contained' }));
    memguard.open(behind.watched);
    behind.model.agent.cellRunning = true;
    await read(0.2);
    const limit = { ...LIMIT, source: 'cgroup2', limit_bytes: 2 * GIB };
    list.kernels = [
      {
        ...aReply('contained'),
        rss_bytes: GIB,
        limit,
        level: 0.93,
        nearest: limit
      }
    ];
    list.changed.emit();
    await promisesKept();
    list.kernels = null;
    expect(messages()).toEqual([
      'The container of own.ipynb is 93 % full (2 GiB, shared); its kernel uses 1 GiB.'
    ]);
  });

  it('do not take the memory that is used for the address space that is', async () => {
    const limit = {
      source: 'rlimit_as',
      limit_bytes: 8 * GIB,
      used_bytes: 7.5 * GIB
    };
    await tell({
      kind: 'process',
      kernelId: 'k',
      bytes: GIB,
      level: 0.9375,
      limit,
      nearest: limit,
      time: 1
    });
    expect(messages()).toEqual([
      'The address space of a.ipynb is 93 % full (8 GiB); its kernel uses 1 GiB of memory.'
    ]);
  });

  it('tell of a remote kernel, too', async () => {
    await tell({
      kind: 'usage_request',
      kernelId: 'k',
      bytes: GIB,
      level: 0.93,
      limit: { ...LIMIT, source: 'machine' },
      time: 1
    });
    expect(messages()).toEqual([expect.stringContaining('The machine of')]);
  });

  it.each([
    ['is shut down', null],
    ['gives way to another', new FakeKernel({ id: 'other' })]
  ])('go when their kernel %s', async (_, next) => {
    await read(0.97);
    expect(messages().length).toBe(1);
    opened.context.session = { kernel: next };
    opened.context.kernelChanged.emit(null);
    expect(messages()).toEqual([]);
  });

  it.each(['config', 'cgroup2'])(
    'go when the kernel is restarted (limit: %s)',
    async source => {
      const limit = { ...LIMIT, source };
      const bytes = 7 * GIB;
      const level = 0.93;
      const kind = 'process';
      const reading = { kind, kernelId: 'k', bytes, level, limit };
      await tell({ ...reading, nearest: limit, time: 1 });
      expect(messages().length).toBe(1);
      opened.context.statusChanged.emit('restarting');
      expect(messages()).toEqual([]);
    }
  );

  it.each(['is closed', 'takes another kernel'])(
    'do not come again when another document of the kernel %s',
    async what => {
      const other = aDocument('console', kernel);
      memguard.open(other.watched);
      await read(0.97);
      // A person has put it away.
      Notification.manager.dismiss();
      if (what === 'is closed') {
        memguard.watched.delete(other.watched);
        other.watched.widget.dispose();
      } else {
        other.context.session = { kernel: new FakeKernel({ id: 'other' }) };
        other.context.kernelChanged.emit(null);
      }
      await read(0.97);
      expect(messages()).toEqual([]);
    }
  );

  it('name another document when the one that they name is closed', async () => {
    const first = aDocument('first.ipynb', kernel);
    memguard.watched.delete(opened.watched);
    memguard.open(first.watched);
    memguard.watched.add(opened.watched);
    first.model.agent.cellRunning = true;
    await read(0.97);
    expect(messages()).toEqual([expect.stringContaining('of first.ipynb')]);
    memguard.watched.delete(first.watched);
    first.watched.widget.dispose();
    expect(messages()).toEqual([]);
    await read(0.97);
    expect(messages()).toEqual([expect.stringContaining('of a.ipynb')]);
  });

  it('stay when the same kernel is told of again', async () => {
    await read(0.97);
    opened.context.kernelChanged.emit(null);
    expect(messages().length).toBe(1);
  });

  it('offer to free memory', async () => {
    await read(0.91);
    const [{ options }] = Notification.manager.notifications;
    const [action] = options.actions ?? [];
    expect(action.label).toBe('Free memory');
    action.callback(new MouseEvent('click'));
    expect(opened.model.released).toEqual([{ kind: 'large' }]);
  });

  it('say so when a kernel died near its limit', async () => {
    await read(0.97);
    // The order in which services tell an automatic restart.
    opened.context.statusChanged.emit('restarting');
    opened.context.statusChanged.emit('autorestarting');
    await until(() => messages().length > 0);
    expect(messages()).toEqual([
      expect.stringContaining(
        'died at 7.8 GiB, with 97 % of the limit of 8 GiB in use'
      )
    ]);
  });

  it('take the last samples of a kernel that grew too fast to be seen', async () => {
    server.answer = () => ({ samples: [[1001, 7.9 * GIB, null]] });
    await read(0.5);
    opened.context.statusChanged.emit('dead');
    await until(() => messages().length > 0);
    expect(messages()[0]).toContain('died at 7.9 GiB, with 98 %');
  });

  it("ask for the last samples by the server's clock, which may be another", async () => {
    server.answer = () => ({ samples: [] });
    const asked = server.asked.length;
    await read(0.97, 5);
    opened.context.statusChanged.emit('dead');
    await until(() => server.asked.length > asked);
    expect(server.asked[asked].query.get('since')).toBe('5');
  });

  it('take what was seen long ago, before the page was hidden, for no reason to die of', async () => {
    server.answer = () => ({ samples: [] });
    await read(0.97);
    const later = Date.now() + 60_000;
    const clock = jest.spyOn(Date, 'now').mockReturnValue(later);
    const asked = server.asked.length;
    opened.context.statusChanged.emit('dead');
    clock.mockRestore();
    await read(0.97, 5);
    opened.context.statusChanged.emit('dead');
    await until(() => messages().length > 0);
    // Of the first end nothing was asked.
    expect(server.asked[asked].query.get('since')).toBe('5');
    expect(messages()).toHaveLength(1);
  });

  it('take a peak long before the end for no reason to die of', async () => {
    server.answer = () => ({
      samples: [
        [1001, 7.9 * GIB, null],
        [1060, GIB, null]
      ]
    });
    const asked = server.asked.length;
    await read(0.85);
    opened.context.statusChanged.emit('dead');
    await until(() => server.asked.length > asked);
    await new Promise(resolve => setTimeout(resolve));
    expect(messages()).toEqual([]);
  });

  it('say nothing when somebody shut the kernel down', async () => {
    server.answer = () =>
      new Response('{}', {
        status: 404,
        headers: { 'Content-Type': 'application/json' }
      });
    const asked = server.asked.length;
    await read(0.97);
    opened.context.statusChanged.emit('dead');
    await until(() => server.asked.length > asked);
    await new Promise(resolve => setTimeout(resolve));
    expect(messages()).toEqual([]);
  });

  describe('tell the model what a kernel died at', () => {
    const { model } = opened;

    async function died(): Promise<void> {
      opened.context.statusChanged.emit('restarting');
      opened.context.statusChanged.emit('autorestarting');
      await until(() => model.death !== null);
    }

    beforeEach(() => {
      server.answer = () => ({ samples: [] });
    });

    it('however far from its limit, until a person restarts it', async () => {
      await read(0.25);
      await died();
      expect(model.death).toEqual({ bytes: 2 * GIB, limitBytes: 8 * GIB });
      await new Promise(resolve => setTimeout(resolve, 5));
      expect(model.death).not.toBeNull();
      opened.context.statusChanged.emit('restarting');
      await until(() => model.death === null);
    });

    describe('where two documents have it', () => {
      const second = aDocument('console', kernel);
      beforeEach(() => {
        second.model.death = null;
        memguard.open(second.watched);
      });
      afterEach(() => memguard.watched.delete(second.watched));

      const bothDied = async (): Promise<void> => {
        await died();
        await read(0.01);
        second.context.statusChanged.emit('restarting');
        second.context.statusChanged.emit('autorestarting');
        await until(() => second.model.death !== null);
      };

      it('each of them', async () => {
        await read(0.97);
        await bothDied();
        const death = { bytes: 0.97 * 8 * GIB, limitBytes: 8 * GIB };
        expect(model.death).toEqual(death);
        expect(second.model.death).toEqual(death);
        // One notification is enough.
        await until(() => messages().some(text => text.includes('died')));
        expect(messages().filter(text => text.includes('died'))).toHaveLength(
          1
        );
      });

      it('of each death anew', async () => {
        await read(0.5);
        await bothDied();
        model.death = null;
        second.model.death = null;
        await read(0.25);
        await bothDied();
        expect(model.death).toMatchObject({ bytes: 2 * GIB });
        expect(second.model.death).toMatchObject({ bytes: 2 * GIB });
      });
    });

    it('by the last samples where it grew fast', async () => {
      server.answer = () => ({ samples: [[1001, 5 * GIB, null]] });
      await read(0.25);
      await died();
      expect(model.death?.bytes).toBe(5 * GIB);
    });

    it('also where there is no limit', async () => {
      const limit = null;
      const reading = { kind: 'process', kernelId: 'k', bytes: GIB, limit };
      await tell({ ...reading, level: null, nearest: null, time: 1000 });
      await died();
      expect(model.death).toEqual({ bytes: GIB, limitBytes: null });
    });

    it('and that the system killed it, also far from its limit', async () => {
      let kills = 3;
      server.answer = path =>
        path.endsWith('/memory')
          ? aReply('k', { rss_bytes: null, reason: 'died', oom_kills: kills })
          : { samples: [] };
      const reading = {
        kind: 'process',
        kernelId: 'k',
        bytes: 2 * GIB,
        level: 0.25,
        limit: LIMIT,
        nearest: LIMIT,
        oomKills: 3,
        time: 1000
      };
      await tell(reading);
      await died();
      expect(model.death).not.toHaveProperty('killed');
      expect(messages()).toEqual([]);
      model.death = null;
      kills = 4;
      await tell(reading);
      await died();
      expect(model.death).toEqual({
        bytes: 2 * GIB,
        limitBytes: 8 * GIB,
        killed: true
      });
      await until(() => messages().length > 0);
      expect(messages()).toEqual([
        'The system killed the kernel of a.ipynb, last seen at 2 GiB of 8 GiB: memory ran out.'
      ]);
      // A person has read it.
      model.set({ death: null });
      expect(messages()).toEqual([]);
    });

    it('and that it did so where that is not known', async () => {
      await died();
      expect(model.death).toEqual({ bytes: null, limitBytes: null });
    });

    it('until a person takes another kernel', async () => {
      await read(0.25);
      await died();
      opened.context.setKernel(null);
      expect(model.death).not.toBeNull();
      opened.context.setKernel(new FakeKernel({ id: 'other' }));
      expect(model.death).toBeNull();
    });

    it('not once a person has begun anew', async () => {
      const { promise, resolve } = aPromise<void>();
      server.answer = () => promise.then(() => ({ samples: [] }));
      await read(0.25);
      const asked = server.asked.length;
      opened.context.statusChanged.emit('dead');
      opened.context.setKernel(new FakeKernel({ id: 'other' }));
      await until(() => server.asked.length > asked);
      resolve();
      await new Promise(done => setTimeout(done, 5));
      expect(model.death).toBeNull();
    });
  });

  it('are short enough to be shown whole, whatever the name', async () => {
    const { title } = opened.watched.widget;
    const before = title.label;
    title.label = `${'long'.repeat(12)}.ipynb`;
    await read(0.91);
    opened.model.set({ report: aReport([aRow(1, 3 * GIB)]) });
    await until(() => messages()[0].includes('kept'));
    title.label = before;
    expect(messages()[0].length).toBeLessThanOrEqual(140);
    expect(messages()[0]).toContain('longlong');
    expect(messages()[0]).toContain('3 GiB of it is kept results.');
  });

  it('say nothing when a kernel died far from its limit', async () => {
    server.answer = () => ({ samples: [] });
    const asked = server.asked.length;
    await read(0.3);
    opened.context.statusChanged.emit('dead');
    await until(() => server.asked.length > asked);
    await new Promise(resolve => setTimeout(resolve));
    expect(messages()).toEqual([]);
  });
});
