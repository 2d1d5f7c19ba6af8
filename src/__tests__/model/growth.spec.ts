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
});
