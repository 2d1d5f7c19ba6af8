import { anOverview, aPart } from '../fakes/rows';
import { aModel } from '../fakes/retainedModel';
import { sampleReleased, sampleReport } from '../fakes/samples';
import { aPromise, settled } from '../fakes/waiting';

/** A model whose overview took 800 ms, right after a cell. */
async function oneThatTakesLong(): Promise<ReturnType<typeof aModel>> {
  const found = aModel();
  const { agent, model } = found;
  agent.answers.overview = anOverview({ elapsed_ms: 800 });
  model.observeOverview();
  model.observe();
  await settled();
  agent.setRunning(true);
  agent.setRunning(false);
  await settled();
  return found;
}

describe('the overview', () => {
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
      exact: sampleReport().exact_all,
      estimate_bytes: sampleReport().estimate_bytes_all,
      notes: sampleReport().notes_all
    });
    resolve();
  });

  it('is another reading, and leaves the headline to the report', async () => {
    const { agent, model } = aModel();
    agent.answers.report = { ...sampleReport(), exact_all: false };
    agent.answers.overview = anOverview({ results: aPart(7) });
    model.observeOverview();
    model.observe();
    await settled();
    expect(model.retained?.bytes).toBe(sampleReport().freed_bytes_all);
    agent.setState({ kind: 'restarting' });
    expect(model.retained).toBeNull();
  });

  it('is asked again when the kernel was left alone for as long as it took', async () => {
    jest.useFakeTimers();
    try {
      const { agent, model } = aModel();
      agent.answers.overview = anOverview({ elapsed_ms: 800 });
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

  it('waits for what a person asks for, and is said to be read then', async () => {
    jest.useFakeTimers();
    try {
      const { agent, model } = await oneThatTakesLong();
      agent.methods();
      const { promise, resolve } =
        aPromise<ReturnType<typeof sampleReleased>>();
      agent.answers.release = promise;
      const released = model.release({ kind: 'all' });
      await settled();
      jest.advanceTimersByTime(800);
      await settled();
      expect(agent.methods()).toEqual(['release']);
      resolve(sampleReleased());
      await released;
      await settled();
      agent.methods();
      const overview = aPromise<ReturnType<typeof anOverview>>();
      agent.answers.overview = overview.promise;
      jest.advanceTimersByTime(800);
      await settled();
      expect(agent.methods()).toEqual(['overview']);
      expect(model.activity).toEqual({ kind: 'reading' });
      overview.resolve(anOverview());
      await settled();
      expect(model.activity.kind).toBe('idle');
      model.dispose();
    } finally {
      jest.useRealTimers();
    }
  });

  it('is not waited for by a model that is disposed of', async () => {
    jest.useFakeTimers();
    try {
      const { model } = await oneThatTakesLong();
      model.dispose();
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });

  it('is not asked of a kernel that runs a cell again', async () => {
    jest.useFakeTimers();
    try {
      const { agent, model } = await oneThatTakesLong();
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
