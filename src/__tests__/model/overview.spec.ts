import type { IReport } from '../../wire/protocol';
import { aModel } from '../fakes/retainedModel';
import { sampleReport } from '../fakes/samples';
import { aPromise, settled } from '../fakes/waiting';

describe('the overview', () => {
  const anOverview = (results: object, elapsed_ms = 1): object => ({
    rss_bytes: 9000,
    results,
    shown: { bytes: 0, exact: true },
    tracebacks: { bytes: 0, exact: true },
    variables: { bytes: 0, exact: true },
    largest: [],
    elapsed_ms
  });
  const aCut = (bytes: number): IReport => ({
    ...sampleReport(),
    freed_bytes_all: bytes,
    exact_all: false
  });

  it('does not keep the rows waiting', async () => {
    const { agent, model } = aModel();
    const { promise, resolve } = aPromise<void>();
    agent.answers.overview = promise;
    let told = 0;
    model.changed.connect(() => {
      told += model.report !== null && model.overview === null ? 1 : 0;
    });
    model.observeOverview();
    model.observe();
    await settled();
    expect(told).toBeGreaterThan(0);
    expect(model.retained).toEqual({
      bytes: sampleReport().freed_bytes_all,
      exact: sampleReport().exact_all
    });
    resolve();
  });

  it.each([
    ['knows more', 5, { bytes: 7, exact: false }, { bytes: 7, exact: false }],
    ['knows all', 5, { bytes: 4, exact: true }, { bytes: 4, exact: true }],
    ['knows less', 5, { bytes: 4, exact: false }, { bytes: 5, exact: false }]
  ])(
    'completes a report that was cut if it %s',
    async (_, bytes, part, best) => {
      const { agent, model } = aModel();
      agent.answers.report = aCut(bytes);
      agent.answers.overview = anOverview(part);
      model.observeOverview();
      model.observe();
      await settled();
      expect(model.retained).toEqual(best);
      agent.setState({ kind: 'restarting' });
      expect(model.retained).toBeNull();
    }
  );

  it('is asked again when the kernel was left alone for as long as it took', async () => {
    jest.useFakeTimers();
    try {
      const { agent, model } = aModel();
      agent.answers.overview = anOverview({ bytes: 1, exact: true }, 800);
      model.observeOverview();
      model.observe();
      await settled();
      expect(agent.methods()).toContain('overview');
      const cell = async (): Promise<void> => {
        agent.setRunning(true);
        agent.setRunning(false);
        await settled();
      };
      await cell();
      jest.advanceTimersByTime(700);
      await cell();
      jest.advanceTimersByTime(700);
      await settled();
      expect(agent.methods()).toEqual(['report', 'report']);
      expect(model.activity.kind).toBe('idle');
      jest.advanceTimersByTime(200);
      await settled();
      expect(agent.methods()).toEqual(['overview']);
      model.dispose();
    } finally {
      jest.useRealTimers();
    }
  });

  it('is not asked of a kernel that runs a cell again', async () => {
    jest.useFakeTimers();
    try {
      const { agent, model } = aModel();
      agent.answers.overview = anOverview({ bytes: 1, exact: true }, 800);
      model.observeOverview();
      model.observe();
      await settled();
      agent.setRunning(true);
      agent.setRunning(false);
      await settled();
      agent.methods();
      agent.setRunning(true);
      jest.advanceTimersByTime(2000);
      await settled();
      expect(agent.methods()).toEqual([]);
      model.dispose();
    } finally {
      jest.useRealTimers();
    }
  });
});
