import { anOverview } from '../fakes/rows';
import { aModel } from '../fakes/retainedModel';
import { sampleReport } from '../fakes/samples';
import { aPromise, settled } from '../fakes/waiting';

/**
 * A model whose kernel needs some slices until its figures are final. Nobody
 * looks yet.
 */
function aMeasurement(slices: number) {
  const { agent, model } = aModel();
  let left = slices;
  agent.answers.report = () => ({ ...sampleReport(), final: left === 0 });
  agent.answers.overview = () => anOverview({ final: left === 0 });
  agent.answers.refine = () => ({
    final: (left = Math.max(0, left - 1)) === 0
  });
  /** What was asked about figures since the last call. */
  const asked = () => agent.methods().filter(method => method !== 'subscribe');
  return { agent, model, asked };
}

describe('refining', () => {
  it('goes on slice by slice, and reads what came of it once', async () => {
    const { agent, model, asked } = aMeasurement(3);
    model.observeOverview();
    model.observe();
    await settled();
    await settled();
    const slices = agent.asked.filter(({ method }) => method === 'refine');
    expect(slices.map(({ params }) => params)).toEqual(
      Array(3).fill({ budget_ms: 30 })
    );
    expect(asked()).toEqual([
      'report',
      'overview',
      'refine',
      'refine',
      'refine',
      'report',
      'overview'
    ]);
    expect(model.report?.final).toBe(true);
    expect(model.activity.kind).toBe('idle');
  });

  it('asks nothing where the figures are final', async () => {
    const { model, asked } = aMeasurement(0);
    model.observe();
    await settled();
    expect(asked()).toEqual(['report']);
  });

  it('does not begin again with figures that do not become final', async () => {
    const { agent, model, asked } = aMeasurement(1);
    agent.answers.report = { ...sampleReport(), final: false };
    model.observe();
    await settled();
    await settled();
    expect(asked()).toEqual(['report', 'refine', 'report']);
    // A person's refresh, or a cell's end, is a new measurement.
    await model.refresh();
    await settled();
    expect(asked()).toEqual(['report', 'refine', 'report']);
  });

  it.each([
    ['a cell begins', ({ agent }) => agent.setRunning(true)],
    ['nobody looks', ({ look }) => look.dispose()],
    [
      'the kernel is another one',
      ({ agent }) => agent.setState({ kind: 'restarting' })
    ],
    [
      'a person frees memory',
      ({ model }) => void model.release({ kind: 'large' })
    ]
  ] as const satisfies readonly [string, (now: INow) => void][])(
    'stops at once when %s',
    async (_, happen) => {
      const { agent, model, asked } = aMeasurement(1000);
      const slice = aPromise<{ final: boolean }>();
      agent.answers.refine = slice.promise;
      const look = model.observe();
      await settled();
      expect(asked()).toEqual(['report', 'refine']);
      agent.answers.release = aPromise<never>().promise;
      happen({ agent, model, look });
      slice.resolve({ final: false });
      await settled();
      expect(asked().filter(method => method !== 'release')).toEqual([]);
      model.dispose();
    }
  );

  it('goes on after the cell with the new figures', async () => {
    const { agent, model, asked } = aMeasurement(2);
    model.observe();
    agent.setRunning(true);
    await settled();
    asked();
    agent.setRunning(false);
    await settled();
    await settled();
    expect(asked()).toEqual(['report', 'refine', 'refine', 'report']);
  });

  it('reads nothing more where a cell begins with the last slice', async () => {
    const { agent, model, asked } = aMeasurement(1000);
    const slice = aPromise<{ final: boolean }>();
    agent.answers.refine = slice.promise;
    model.observe();
    await settled();
    asked();
    agent.setRunning(true);
    slice.resolve({ final: true });
    await settled();
    expect(asked()).toEqual([]);
    expect(model.activity.kind).toBe('idle');
  });

  it('is one slice at a time, whatever happens meanwhile', async () => {
    const { agent, model, asked } = aMeasurement(1000);
    const slice = aPromise<{ final: boolean }>();
    agent.answers.refine = slice.promise;
    model.observe();
    await settled();
    model.dismissOutcome();
    await settled();
    expect(asked()).toEqual(['report', 'refine']);
    model.dispose();
  });

  it('goes on where the overview is not final, if somebody looks at it', async () => {
    const { agent, model, asked } = aMeasurement(0);
    agent.answers.overview = anOverview({ final: false });
    agent.answers.refine = { final: true };
    const looking = model.observeOverview();
    model.observe();
    await settled();
    await settled();
    expect(asked()).toEqual([
      'report',
      'overview',
      'refine',
      'report',
      'overview'
    ]);
    looking.dispose();
    await model.refresh();
    await settled();
    expect(asked()).toEqual(['report']);
  });

  it('leaves a kernel alone that cannot refine', async () => {
    const { agent, model, asked } = aMeasurement(1);
    agent.answers.refine = new Error('unknown');
    model.observe();
    await settled();
    expect(asked()).toEqual(['report', 'refine']);
  });
});

type INow = ReturnType<typeof aModel> & {
  look: ReturnType<ReturnType<typeof aModel>['model']['observe']>;
};
