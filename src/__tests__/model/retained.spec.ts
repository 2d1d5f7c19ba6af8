import { aModel } from '../fakes/retainedModel';
import { aRow } from '../fakes/rows';
import { sampleGuard, sampleReleased, sampleReport } from '../fakes/samples';
import { aPromise, settled } from '../fakes/waiting';

describe('reading the totals', () => {
  it('waits behind a running cell, and is done also while nobody looks', async () => {
    const { agent, model } = aModel();
    agent.setRunning(true);
    const read = model.readTotals();
    await settled();
    expect(agent.asked).toEqual([]);
    agent.setRunning(false);
    expect(await read).toEqual(sampleReport());
    expect(agent.asked).toEqual([{ method: 'report', params: { limit: 1 } }]);
    expect(model.report).toBeNull();
  });

  it('fails with a kernel that cannot be asked', async () => {
    const { agent, model } = aModel();
    agent.setState({ kind: 'dead' });
    await expect(model.readTotals()).rejects.toMatchObject({ code: 'dead' });
  });
});

describe('how the process before ended', () => {
  it('is told once', () => {
    const { model } = aModel();
    let told = 0;
    model.changed.connect(() => told++);
    const death = { bytes: 5, limitBytes: null };
    model.death = null;
    model.death = death;
    model.death = death;
    expect(model.death).toBe(death);
    expect(told).toBe(1);
    model.death = null;
    expect(told).toBe(2);
  });
});

describe('what a person asks of a result', () => {
  it('is who keeps it, or a variable', async () => {
    const { agent, model } = aModel();
    const explained = { key: 'k1', holders: [], paths: [], cut: false };
    agent.answers.explain = explained;
    agent.answers.explain_variable = explained;
    expect(await model.explain(aRow(1, 5))).toBe(explained);
    expect(await model.explainVariable('df')).toBe(explained);
    expect(agent.asked).toEqual([
      { method: 'explain', params: { key: 'k1' } },
      { method: 'explain_variable', params: { name: 'df' } }
    ]);
  });

  it('is a name for it, which the next report has', async () => {
    const { agent, model } = aModel();
    agent.answers.rescue = { name: 'x' };
    model.observe();
    await settled();
    agent.methods();
    await model.rescue(aRow(1, 5), 'x');
    expect(agent.asked[0].params).toEqual({ key: 'k1', name: 'x' });
    expect(agent.methods()).toEqual(['rescue', 'report']);
  });
});

describe('what is under way', () => {
  it('cannot be taken back but where it waits', async () => {
    const { agent, model } = aModel();
    const { promise, resolve } = aPromise<void>();
    agent.gate = promise;
    const released = model.release({ kind: 'all' });
    await settled();
    model.cancel();
    expect(model.activity.kind).toBe('freeing');
    resolve();
    await released;
    expect(model.outcome?.kind).toBe('released');
  });
});

describe('what the kernel tells', () => {
  it('of a release of another client is read by those who look', async () => {
    const { agent, model } = aModel();
    model.observe();
    await settled();
    agent.methods();
    expect(model.pushed.size).toBeGreaterThan(0);
    const { size } = model.pushed;
    agent.tell({ event: 'released', data: sampleReleased() });
    expect(model.pushed.size).toBe(size);
    await settled();
    expect(agent.methods()).toEqual(['report']);
  });

  it('of its guard changes nothing that was released', async () => {
    const { agent, model } = aModel();
    model.observe();
    await model.release({ kind: 'all' });
    await settled();
    agent.methods();
    agent.tell({ event: 'guard', data: sampleGuard() });
    await settled();
    expect(agent.methods()).toEqual([]);
  });
});

describe('the end of the process', () => {
  it('is told, and holds until the kernel has another state', () => {
    const { agent, model } = aModel();
    let told = 0;
    expect(model.processEnded).toBe(false);
    agent.setState({ kind: 'installing' });
    model.changed.connect(() => told++);
    model.processEnded = true;
    model.processEnded = true;
    expect(told).toBe(1);
    agent.setState({ kind: 'ready' });
    expect(model.processEnded).toBe(false);
  });
});
