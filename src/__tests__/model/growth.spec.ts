import { Signal } from '@lumino/signaling';
import { Growth } from '../../model/growth';
import type { ICellRuns, RunStep } from '../../tokens';
import type { IOverview } from '../../wire/protocol';
import { aModel } from '../fakes/retainedModel';
import {
  aHoard,
  anOverview,
  aPart,
  aReport,
  aRest,
  aVariable
} from '../fakes/rows';
import { sampleReport } from '../fakes/samples';
import { settled } from '../fakes/waiting';

const MIB = 1024 * 1024;

/** Growth of a kernel whose cells a test runs. */
function theGrowth() {
  const runs = {} as { step: Signal<ICellRuns, RunStep> } & ICellRuns;
  Object.assign(runs, { step: new Signal<ICellRuns, RunStep>(runs) });
  const growth = new Growth(runs);
  let executed = 0;
  return {
    growth,
    runs,
    /** Run a cell under an id. */
    run(id: string) {
      executed++;
      runs.step.emit({ kind: 'input', count: executed, id, cellId: null });
    },
    /** Take an overview now, of a report that came now. */
    see(mib: number, more?: Partial<IOverview>) {
      growth.noteReport();
      growth.take(
        anOverview({ rss_bytes: mib * MIB, ...more }),
        aReport([], { execution_count: executed + 1 })
      );
    }
  };
}

const figures = (mib: number) => aRest([aHoard('figures', mib * MIB)]);

describe('what a cell made grow', () => {
  it('is told by name, the largest first', () => {
    const { growth, run, see } = theGrowth();
    run('a');
    see(100, { largest: [aVariable('df', 50 * MIB)] });
    run('b');
    see(1300, {
      largest: [aVariable('df2', 800 * MIB), aVariable('df', 50 * MIB)],
      results: aPart(300 * MIB)
    });
    expect(growth.of('b')).toEqual({
      since: 1,
      bytes: 1200 * MIB,
      parts: [
        { kind: 'variable', name: 'df2', bytes: 800 * MIB },
        { kind: 'part', name: 'results', bytes: 300 * MIB }
      ]
    });
    expect(growth.of('a')).toBeNull(); // Nothing was seen before it.
  });

  it('is told of what fell', () => {
    const { growth, run, see } = theGrowth();
    see(900, { largest: [aVariable('df', 800 * MIB)] });
    run('a');
    see(100);
    expect(growth.of('a')).toMatchObject({
      since: 0,
      bytes: -800 * MIB,
      parts: [{ name: 'df', bytes: -800 * MIB }]
    });
  });

  it('names hoards only where both readings know them', () => {
    const { growth, run, see } = theGrowth();
    const rest = (mib: number) => ({ rest: aPart(mib * MIB) });
    run('a');
    see(100, rest(50));
    run('b');
    see(400, rest(350));
    growth.takeRest(figures(300));
    const of = (id: string) => growth.of(id)?.parts;
    expect(of('b')).toEqual([{ kind: 'part', name: 'rest', bytes: 300 * MIB }]);
    run('c');
    see(900, rest(850));
    expect(of('c')).toEqual([{ kind: 'part', name: 'rest', bytes: 500 * MIB }]);
    growth.takeRest(figures(700));
    expect(of('c')).toEqual([
      { kind: 'hoard', name: 'figures', bytes: 400 * MIB },
      { kind: 'part', name: 'rest', bytes: 100 * MIB }
    ]);
  });

  it('says since when, if cells ran that nobody looked at', () => {
    const { growth, run, see } = theGrowth();
    run('a');
    see(100);
    run('b');
    run('c');
    see(200, { results: aPart(100 * MIB) });
    expect(growth.of('b')).toBeNull();
    expect(growth.of('c')?.since).toBe(1);
  });

  it('is measured from the run before, however often it is read', () => {
    const { growth, run, see } = theGrowth();
    see(100);
    run('a');
    see(150, { results: aPart(50 * MIB) });
    see(200, { results: aPart(100 * MIB) });
    expect(growth.of('a')).toMatchObject({
      bytes: 100 * MIB,
      parts: [{ bytes: 100 * MIB }]
    });
  });

  it('says nothing of figures that tell too little', () => {
    const { growth, run, see } = theGrowth();
    const bound = { exact: false, estimate_bytes: null };
    see(100, {
      largest: [aVariable('df', MIB, bound)],
      results: aPart(0, bound)
    });
    run('a');
    see(900, {
      largest: [aVariable('df', 800 * MIB)],
      results: aPart(100 * MIB)
    });
    expect(growth.of('a')).toMatchObject({ bytes: 800 * MIB, parts: [] });
  });

  it('says nothing of a variable that a long list may have left out', () => {
    const { growth, run, see } = theGrowth();
    const largest = Array.from({ length: 100 }, (_, index) =>
      aVariable(`v${index}`, 2 * MIB)
    );
    see(100, { largest });
    run('a');
    see(100, { largest: [aVariable('new', 9 * MIB), ...largest.slice(1)] });
    expect(growth.of('a')?.parts).toEqual([]);
  });

  it('leaves out what hardly matters, and tells four at most', () => {
    const { growth, run, see } = theGrowth();
    see(0);
    run('a');
    see(900, {
      largest: [400, 200, 100, 50, 30, 3].map((mib, index) =>
        aVariable(`v${index}`, mib * MIB)
      )
    });
    expect(growth.of('a')?.parts.map(({ name }) => name)).toEqual([
      'v0',
      'v1',
      'v2',
      'v3'
    ]);
    run('b');
    see(900, { largest: [aVariable('v0', 399.5 * MIB)] });
    expect(growth.of('b')?.parts.map(({ name }) => name)).toEqual([
      'v1',
      'v2',
      'v3',
      'v4'
    ]);
  });

  it('keeps the hoards of a run that is read again', () => {
    const { growth, run, see } = theGrowth();
    growth.takeRest(figures(900)); // Nothing was seen yet.
    const rest = (mib: number) => ({ rest: aPart(mib * MIB) });
    run('a');
    see(100, rest(50));
    growth.takeRest(figures(20));
    run('b');
    see(400, rest(350));
    growth.takeRest(figures(320));
    see(400, rest(350));
    expect(growth.of('b')?.parts).toEqual([
      { kind: 'hoard', name: 'figures', bytes: 300 * MIB }
    ]);
  });

  it('has no hoards of a run before which nobody asked for them', () => {
    const { growth, run, see } = theGrowth();
    run('a');
    see(100);
    growth.takeRest(figures(20));
    run('b');
    see(200);
    run('c');
    growth.takeRest(figures(300)); // Whose they are is not known.
    see(400);
    growth.takeRest(figures(500));
    expect(growth.of('c')?.parts).toEqual([]);
  });

  it('compares no hoards of parts that are compared anyway', () => {
    const { growth, run, see } = theGrowth();
    const hoards = (mib: number) =>
      aRest([
        aHoard('cache', mib * MIB, { part: 'variables' }),
        aHoard('figures', mib * MIB),
        aHoard('figures', mib * MIB)
      ]);
    const parts = (mib: number) => ({
      rest: aPart(mib * MIB),
      results: aPart(mib * MIB)
    });
    run('a');
    see(100, parts(0));
    growth.takeRest(hoards(0));
    run('b');
    see(900, parts(100));
    growth.takeRest(hoards(40));
    expect(growth.of('b')?.parts).toEqual([
      { kind: 'part', name: 'results', bytes: 100 * MIB },
      { kind: 'hoard', name: 'figures', bytes: 80 * MIB },
      { kind: 'part', name: 'rest', bytes: 20 * MIB }
    ]);
  });

  it('is a cell’s, whatever else the kernel runs', () => {
    const { growth, runs, run, see } = theGrowth();
    see(100);
    run('a');
    runs.step.emit({ kind: 'sent', id: 'x', cellId: null });
    runs.step.emit({ kind: 'idle', id: 'x', cellId: null, time: 1 });
    see(200);
    expect(growth.of('a')?.bytes).toBe(100 * MIB);
    expect(growth.of('x')).toBeNull();
  });

  it('is known of the last two hundred runs', () => {
    const { growth, run, see } = theGrowth();
    see(0);
    for (let number = 0; number <= 200; number++) {
      run(`r${number}`);
      see(number);
    }
    expect(growth.of('r0')).toBeNull();
    expect(growth.of('r1')).not.toBeNull();
    expect(growth.of('r200')).not.toBeNull();
  });

  it('is told of estimates, and of bounds of which something is known', () => {
    const { growth, run, see } = theGrowth();
    const about = (mib: number) => ({
      exact: false,
      estimate_bytes: mib * MIB
    });
    see(100, {
      largest: [aVariable('df', 0, about(10))],
      results: aPart(0, about(10)),
      shown: aPart(MIB, { exact: false })
    });
    run('a');
    see(900, {
      largest: [aVariable('df', 0, about(90))],
      results: aPart(50 * MIB),
      shown: aPart(31 * MIB)
    });
    expect(growth.of('a')?.parts).toEqual([
      { kind: 'variable', name: 'df', bytes: 80 * MIB },
      { kind: 'part', name: 'results', bytes: 50 * MIB },
      { kind: 'part', name: 'shown', bytes: 30 * MIB }
    ]);
  });

  it.each<[string, number, number, string[]]>([
    [
      'names a new variable after a list that had all large ones',
      2,
      0.5,
      ['new']
    ],
    ['does not after one that may have left it out', 2, 1, []]
  ])('%s', (_, most, least, names) => {
    const { growth, run, see } = theGrowth();
    const largest = Array.from({ length: 100 }, (__, index) =>
      aVariable(`v${index}`, (index < 99 ? most : least) * MIB)
    );
    see(100, { largest });
    run('a');
    see(900, { largest: [aVariable('new', 9 * MIB), ...largest] });
    expect(growth.of('a')?.parts.map(({ name }) => name)).toEqual(names);
    // Nor is one that fell out of such a list.
    run('b');
    see(100, { largest });
    expect(growth.of('b')?.parts.map(({ name }) => name)).toEqual(names);
  });

  it('says nothing of variables where one of two lists is cut', () => {
    const { growth, run, see } = theGrowth();
    const largest = Array.from({ length: 100 }, (_, index) =>
      aVariable(`v${index}`, 2 * MIB)
    );
    see(100, { largest: [aVariable('one', 9 * MIB)] });
    run('a');
    see(900, { largest });
    expect(growth.of('a')?.parts).toEqual([]);
    run('b');
    see(900, { largest: [aVariable('other', 9 * MIB)] });
    expect(growth.of('b')?.parts).toEqual([]);
  });

  it('leaves out what is little, by itself or beside the greatest', () => {
    const { growth, run, see } = theGrowth();
    see(100);
    run('a');
    see(900, {
      largest: [aVariable('tiny', MIB - 1), aVariable('least', MIB)]
    });
    const names = (id: string) => growth.of(id)?.parts.map(({ name }) => name);
    expect(names('a')).toEqual(['least']);
    run('b');
    see(900, {
      largest: [
        aVariable('little', 5 * MIB - 1),
        aVariable('enough', 5 * MIB),
        aVariable('greatest', 100 * MIB)
      ]
    });
    expect(names('b')).toEqual(['greatest', 'enough']);
  });

  it('has the four greatest changes, wherever they are', () => {
    const { growth, run, see } = theGrowth();
    see(100, { results: aPart(900 * MIB) });
    run('a');
    see(900, {
      results: aPart(0),
      shown: aPart(500 * MIB),
      free: aPart(300 * MIB),
      largest: [aVariable('one', 200 * MIB), aVariable('two', 400 * MIB)]
    });
    expect(growth.of('a')?.parts).toEqual([
      { kind: 'part', name: 'results', bytes: -900 * MIB },
      { kind: 'part', name: 'shown', bytes: 500 * MIB },
      { kind: 'variable', name: 'two', bytes: 400 * MIB },
      { kind: 'part', name: 'free', bytes: 300 * MIB }
    ]);
  });

  it('is not known of the process where its size was not', () => {
    const { growth, run, see } = theGrowth();
    see(100, { rss_bytes: null });
    run('a');
    see(200);
    expect(growth.of('a')?.bytes).toBeNull();
    run('b');
    see(0, { rss_bytes: null });
    expect(growth.of('b')?.bytes).toBeNull();
  });

  it('is forgotten with the kernel', () => {
    const { growth, run, see } = theGrowth();
    see(100);
    run('a');
    see(200);
    expect(growth.of('a')).not.toBeNull();
    growth.forget();
    expect(growth.of('a')).toBeNull();
    run('a');
    see(200);
    expect(growth.of('a')).toBeNull();
  });

  it('takes no overview before which a cell began after its report', () => {
    const { growth, run, see } = theGrowth();
    see(100);
    growth.noteReport();
    run('a');
    growth.take(anOverview({ rss_bytes: 900 * MIB }), aReport([]));
    expect(growth.of('a')).toBeNull();
    see(200);
    expect(growth.of('a')?.bytes).toBe(100 * MIB);
  });

  it('takes an overview that comes while the next cell waits', async () => {
    const { agent, model } = aModel();
    const step = agent.cellRuns.step as unknown as Signal<ICellRuns, RunStep>;
    const run = (id: string, count: number) =>
      step.emit({ kind: 'input', count, id, cellId: null });
    let mib = 100;
    agent.answers.overview = () => {
      // A person starts the second cell meanwhile; its first step is to come.
      if (mib === 200) {
        agent.setRunning(true);
      }
      return anOverview({ rss_bytes: mib * MIB });
    };
    agent.answers.report = () => sampleReport();
    model.observeOverview();
    model.observe();
    await settled();
    for (const [id, count] of [
      ['a', 9],
      ['b', 10]
    ] as const) {
      agent.setRunning(true);
      run(id, count);
      mib += 100;
      agent.setRunning(false);
      await settled();
    }
    expect(model.growthOf('a')?.bytes).toBe(100 * MIB);
    expect(model.growthOf('b')?.bytes).toBe(100 * MIB);
  });

  it('comes from what the model reads anyway', async () => {
    const { agent, model } = aModel();
    let mib = 100;
    agent.answers.overview = () => anOverview({ rss_bytes: mib * MIB });
    agent.answers.report = () => sampleReport();
    model.observeOverview();
    model.observe();
    await settled();
    const step = agent.cellRuns.step as unknown as Signal<ICellRuns, RunStep>;
    agent.setRunning(true);
    step.emit({ kind: 'input', count: 9, id: 'a', cellId: null });
    mib = 300;
    agent.setRunning(false);
    await settled();
    expect(model.growthOf('a')?.bytes).toBe(200 * MIB);
    agent.setState({ kind: 'restarting' });
    expect(model.growthOf('a')).toBeNull();
  });

  it('has the hoards of which the model is told', async () => {
    const { agent, model } = aModel();
    agent.answers.overview = () => anOverview();
    agent.answers.rest = figures(1);
    model.observeOverview();
    model.observe();
    await settled();
    await model.askRest();
    const step = agent.cellRuns.step as unknown as Signal<ICellRuns, RunStep>;
    agent.setRunning(true);
    step.emit({ kind: 'input', count: 9, id: 'a', cellId: null });
    agent.setRunning(false);
    await settled();
    expect(model.growthOf('a')?.parts).toEqual([]);
    agent.answers.rest = figures(81);
    await model.askRest();
    expect(model.growthOf('a')?.parts).toContainEqual({
      kind: 'hoard',
      name: 'figures',
      bytes: 80 * MIB
    });
  });
});
