import { type ISignal, Signal } from '@lumino/signaling';
import fc from 'fast-check';
import {
  chooseGuard,
  firstGuard,
  followSettings,
  holdingGuard,
  modeWhenOn,
  wantedGuard
} from '../../model/guard';
import { ConsoleGuard, readOwnGuard } from '../../model/guardStores';
import type { GuardMode, IGuard } from '../../wire/protocol';
import { DEFAULTS, readSettings } from '../../model/settings';
import type { IOwnGuard, ISettings, IWatched } from '../../tokens';

const LARGE: ISettings = { ...DEFAULTS, guardMode: 'large' };

/** A document as far as its guard goes. */
function aDocument(options: {
  own?: IOwnGuard;
  kernel?: GuardMode;
  asked?: IGuard;
  id?: string;
}) {
  const set: IGuard[] = [];
  const toldOf = (mode?: GuardMode) => (mode ? { mode, set: true } : null);
  const agent = {
    guard: toldOf(options.kernel),
    guardChanged: new Signal<object, unknown>({}),
    sessionContext: { session: { kernel: { id: options.id ?? 'k' } } }
  };
  /** The kernel tells of its guard, or is not there any more. */
  const tell = (mode?: GuardMode) => {
    agent.guard = toldOf(mode);
    agent.guardChanged.emit(agent.guard);
  };
  const watched = {
    guardStore: new ConsoleGuard(),
    agent,
    model: {
      guardAsked: options.asked ?? null,
      setGuard: async (guard: IGuard) => {
        set.push(guard);
      }
    }
  } as unknown as IWatched;
  watched.guardStore.own = options.own ?? null;
  return { watched, set, tell };
}

describe('readOwnGuard', () => {
  it.each([
    [{ guard: 'all' }, { guard: 'all' }],
    [
      { guard: 'large', threshold_bytes: 5, keep_last: 0, other: 1 },
      { guard: 'large', threshold_bytes: 5, keep_last: 0 }
    ],
    [{ guard: 'last', threshold_bytes: 0, keep_last: '3' }, { guard: 'last' }],
    [{ guard: 'last', threshold_bytes: -1, keep_last: -1 }, { guard: 'last' }],
    [{ guard: 'on' }, null],
    [{ threshold_bytes: 5 }, null],
    [undefined, null],
    [['off'], null],
    ['off', null]
  ])('reads %j as %j', (value, expected) => {
    expect(readOwnGuard(value)).toEqual(expected);
  });

  it('reads anything without an exception', () => {
    fc.assert(fc.property(fc.anything(), value => void readOwnGuard(value)));
  });

  it('takes nothing from a hostile notebook but a mode and two numbers', () => {
    const anything = fc.record(
      {
        guard: fc.constantFrom('off', 'large', 'last', 'all', 'on', 1, null),
        threshold_bytes: fc.anything(),
        keep_last: fc.anything(),
        total_bytes: fc.anything(),
        code: fc.string()
      },
      { requiredKeys: [] }
    );
    fc.assert(
      fc.property(anything, value => {
        const { guard, threshold_bytes, keep_last, ...rest } = {
          guard: 'off',
          threshold_bytes: 1,
          keep_last: 0,
          ...readOwnGuard(value)
        };
        expect(['off', 'large', 'last', 'all']).toContain(guard);
        expect(Number.isSafeInteger(threshold_bytes)).toBe(true);
        expect(threshold_bytes).toBeGreaterThan(0);
        expect(Number.isSafeInteger(keep_last)).toBe(true);
        expect(keep_last).toBeGreaterThanOrEqual(0);
        expect(rest).toEqual({});
      })
    );
    const polluted = JSON.parse('{"guard": "all", "__proto__": {"guard": 1}}');
    expect(readOwnGuard(polluted)).toEqual({ guard: 'all' });
    expect(({} as { guard?: unknown }).guard).toBeUndefined();
  });
});

describe('wantedGuard', () => {
  it('takes from the settings what the notebook does not say', () => {
    const own: IOwnGuard = { guard: 'last', keep_last: 8 };
    expect(wantedGuard(own, LARGE)).toEqual({
      mode: 'last',
      threshold_bytes: 10 * 1024 * 1024,
      total_bytes: 100 * 1024 * 1024,
      keep_last: 8,
      shown_bytes: 10 * 1024 * 1024,
      tracebacks: false
    });
    expect(wantedGuard(null, LARGE).mode).toBe('large');
  });
});

describe('firstGuard', () => {
  it('sets nothing where nobody said anything', () => {
    expect(firstGuard(null, DEFAULTS)).toBeNull();
  });

  it('sets the mode of the settings or of the notebook', () => {
    expect(firstGuard(null, LARGE)?.mode).toBe('large');
    expect(firstGuard({ guard: 'all' }, LARGE)?.mode).toBe('all');
  });

  it("sets a notebook's explicit off", () => {
    expect(firstGuard({ guard: 'off' }, DEFAULTS)?.mode).toBe('off');
  });
});

describe('modeWhenOn', () => {
  it.each<[IOwnGuard | null, ISettings, GuardMode]>([
    [null, DEFAULTS, 'large'],
    [{ guard: 'off' }, DEFAULTS, 'large'],
    [null, { ...DEFAULTS, guardMode: 'all' }, 'all'],
    [{ guard: 'last' }, LARGE, 'last']
  ])('of %j and the settings %j', (own, settings, mode) => {
    expect(modeWhenOn(own, settings)).toBe(mode);
  });
});

describe('holdingGuard', () => {
  it.each<[Parameters<typeof aDocument>[0], ISettings, GuardMode, string]>([
    [{}, LARGE, 'large', 'settings'],
    [{ kernel: 'large' }, LARGE, 'large', 'settings'],
    [{ kernel: 'all' }, LARGE, 'all', 'kernel'],
    [{ own: { guard: 'off' }, kernel: 'all' }, LARGE, 'all', 'kernel'],
    [{ own: { guard: 'all' }, kernel: 'all' }, LARGE, 'all', 'document'],
    [{ own: { guard: 'all' } }, LARGE, 'all', 'document']
  ])('of %j', (options, settings, mode, origin) => {
    const { watched } = aDocument(options);
    expect(holdingGuard(watched, settings)).toEqual({
      mode,
      origin,
      isAsked: false,
      isConfirmed: options.kernel !== undefined
    });
  });

  it('is what was asked for while the kernel is busy', () => {
    const { watched } = aDocument({
      own: { guard: 'all' },
      kernel: 'off',
      asked: { mode: 'all' }
    });
    expect(holdingGuard(watched, DEFAULTS)).toEqual({
      mode: 'all',
      origin: 'document',
      isAsked: true,
      isConfirmed: true
    });
  });
});

describe('chooseGuard', () => {
  it('has the document keep the mode, and the kernel get it', async () => {
    const own: IOwnGuard = { guard: 'large', keep_last: 8 };
    const { watched, set } = aDocument({ own });
    await chooseGuard(watched, 'last', LARGE);
    expect(watched.guardStore.own).toEqual({ guard: 'last', keep_last: 8 });
    expect(set).toEqual([wantedGuard(watched.guardStore.own, LARGE)]);
    expect(set[0]).toMatchObject({ mode: 'last', keep_last: 8 });
  });

  it('has it follow the settings again', async () => {
    const { watched, set } = aDocument({ own: { guard: 'off' } });
    await chooseGuard(watched, null, LARGE);
    expect(watched.guardStore.own).toBeNull();
    expect(set).toEqual([wantedGuard(null, LARGE)]);
  });
});

describe('followSettings', () => {
  it.each([
    ['a kernel', { kernel: null }],
    ['a session', null]
  ])('leaves a document alone that has not %s', (_, session) => {
    const { watched, set } = aDocument({ kernel: 'off' });
    Object.assign(watched.agent.sessionContext, { session });
    followSettings([watched], DEFAULTS, LARGE);
    expect(set).toEqual([]);
  });

  it('leaves the guard alone that nobody has set, also once it is told', () => {
    const { watched, set } = aDocument({});
    Object.assign(watched.agent, { guard: { mode: 'off', set: false } });
    followSettings([watched], DEFAULTS, { ...DEFAULTS, guardKeepLast: 9 });
    expect(set).toEqual([]);
  });

  it('changes nothing for a setting that is not of the guard', () => {
    const { watched, set } = aDocument({ kernel: 'all' });
    followSettings([watched], DEFAULTS, { ...DEFAULTS, pollSeconds: 5 });
    expect(set).toEqual([]);
  });

  it('takes a new mode to kernels whose documents say nothing', () => {
    const { watched, set } = aDocument({ kernel: 'off' });
    followSettings([watched], DEFAULTS, LARGE);
    expect(set.map(({ mode }) => mode)).toEqual(['large']);
  });

  it('sets a kernel once that two documents share', () => {
    const one = aDocument({ kernel: 'off' });
    const two = aDocument({ kernel: 'off' });
    const other = aDocument({ kernel: 'off', id: 'another' });
    const all = [one, two, other];
    followSettings(
      all.map(({ watched }) => watched),
      DEFAULTS,
      LARGE
    );
    expect(all.map(({ set }) => set.length)).toEqual([1, 0, 1]);
  });

  it("keeps a document's mode, with the new sizes", () => {
    const one = aDocument({ kernel: 'all' });
    const two = aDocument({ kernel: 'all', own: { guard: 'all' } });
    const settings = { ...LARGE, guardThresholdMiB: 1 };
    followSettings([one.watched, two.watched], DEFAULTS, settings);
    expect(one.set).toEqual([]);
    expect(two.set).toEqual([wantedGuard(null, settings, 'all')]);
  });

  it('takes new sizes to a kernel that is not there yet, in the mode that it tells then', () => {
    const { watched, set, tell } = aDocument({ own: { guard: 'large' } });
    const settings = { ...DEFAULTS, guardTotalMiB: 7 };
    followSettings([watched], DEFAULTS, settings);
    tell();
    expect(set).toEqual([]);
    tell('all');
    tell('all');
    expect(set).toEqual([wantedGuard(watched.guardStore.own, settings, 'all')]);
  });

  it('leaves a kernel alone that nobody has set', () => {
    const { watched, set } = aDocument({});
    followSettings([watched], DEFAULTS, { ...DEFAULTS, guardKeepLast: 9 });
    expect(set).toEqual([]);
  });
});

describe('ConsoleGuard', () => {
  it('tells of a change', () => {
    const store = new ConsoleGuard();
    let told = 0;
    const changed: ISignal<ConsoleGuard, void> = store.changed;
    changed.connect(() => void told++);
    store.own = { guard: 'all' };
    expect([store.own, told]).toEqual([{ guard: 'all' }, 1]);
  });
});

describe('readSettings', () => {
  it('replaces what is not right by its default', () => {
    const composite = {
      guardMode: 'on',
      guardThresholdMiB: 0,
      guardTotalMiB: 0.5,
      guardKeepLast: -1,
      pollSeconds: '1',
      statusBar: false
    };
    expect(readSettings({ composite })).toEqual({
      ...DEFAULTS,
      guardTotalMiB: 0.5,
      statusBar: false
    });
  });

  it('takes the least and the most of each number', () => {
    const least = {
      guardKeepLast: 0,
      guardShownMiB: 0,
      freeMinimumMiB: 0,
      pollSeconds: 0.5,
      statusBarFreePercent: 0,
      markThresholdMiB: 0
    };
    expect(readSettings({ composite: least })).toMatchObject(least);
    const most = {
      guardThresholdMiB: 2 ** 30,
      guardKeepLast: 1e6,
      pollSeconds: 3600,
      statusBarFreePercent: 100
    };
    expect(readSettings({ composite: most })).toMatchObject(most);
  });

  it('keeps whole results, and names of kernels that are texts', () => {
    const composite = {
      guardKeepLast: 2.6,
      kernelImplementations: ['xpython', 5, null, 'other'],
      statusBarShows: 'limit',
      guardTracebacks: true
    };
    expect(readSettings({ composite })).toEqual({
      ...DEFAULTS,
      guardKeepLast: 3,
      kernelImplementations: ['xpython', 'other'],
      statusBarShows: 'limit',
      guardTracebacks: true
    });
    expect(
      readSettings({
        composite: { kernelImplementations: 'xpython', statusBarShows: 'all' }
      })
    ).toEqual(DEFAULTS);
  });

  it('replaces what no timer and no kernel takes', () => {
    const composite = {
      guardThresholdMiB: 1e12,
      guardTotalMiB: 1e300,
      guardKeepLast: 1e20,
      guardShownMiB: 1e15,
      freeMinimumMiB: Infinity,
      pollSeconds: 1e7,
      markThresholdMiB: NaN
    };
    expect(readSettings({ composite })).toEqual(DEFAULTS);
  });
});
