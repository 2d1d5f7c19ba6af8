import { RequestError } from '../../wire/request';
import { aPart } from '../fakes/rows';
import { aModel } from '../fakes/retainedModel';
import { sampleReport } from '../fakes/samples';
import { aPromise, settled } from '../fakes/waiting';

const AB = ['a', 'b'];
const BC = ['b', 'c'];

/** A model whose report somebody looks at, with all requests forgotten. */
async function aReadModel() {
  const { agent, model } = aModel();
  agent.answers.joint = aPart(9);
  model.observe();
  await settled();
  agent.methods();
  return { agent, model };
}

describe('joint sizes', () => {
  it('are asked for by keys, one set after another', async () => {
    const { agent, model } = await aReadModel();
    model.wantJointSizes([AB, [], ['c'], BC]);
    expect(agent.asked).toHaveLength(1);
    await settled();
    expect(agent.asked).toEqual([
      { method: 'joint', params: { keys: AB, budget_ms: 50 } },
      { method: 'joint', params: { keys: BC, budget_ms: 50 } }
    ]);
    expect(model.jointSize(['b', 'a'])).toEqual(aPart(9));
    expect(model.jointSize(['a', 'c'])).toBeNull();
    // What is known is not asked for again.
    agent.methods();
    model.wantJointSizes([BC]);
    await settled();
    expect(agent.methods()).toEqual([]);
  });

  it('are not asked for before there is a report', async () => {
    const { agent, model } = aModel();
    model.wantJointSizes([AB]);
    await settled();
    expect(agent.methods()).toEqual([]);
    expect(model.jointSize(AB)).toBeNull();
  });

  it('are told when they come', async () => {
    const { model } = await aReadModel();
    let told = 0;
    model.changed.connect(() => told++);
    model.wantJointSizes([AB]);
    await settled();
    expect(told).toBe(1);
  });

  it('are asked for anew with each report', async () => {
    const { agent, model } = await aReadModel();
    model.wantJointSizes([AB]);
    await settled();
    agent.methods();
    agent.answers.joint = aPart(3, { exact: false });
    const refreshed = model.refresh();
    await settled();
    await refreshed;
    expect(agent.methods()).toEqual(['report', 'joint']);
    expect(model.jointSize(AB)).toEqual(aPart(3, { exact: false }));
  });

  it('wait while a cell runs or something else is asked', async () => {
    const { agent, model } = await aReadModel();
    agent.setRunning(true);
    model.wantJointSizes([AB]);
    await settled();
    expect(agent.methods()).toEqual([]);
    const { promise, resolve } = aPromise<void>();
    agent.answers.report = () => promise.then(sampleReport);
    agent.setRunning(false);
    await settled();
    expect(agent.methods()).toEqual(['report']);
    resolve();
    await settled();
    expect(agent.methods()).toEqual(['joint']);
  });

  it('wait until the kernel has measured to its end', async () => {
    const { agent, model } = aModel();
    const slice = aPromise<{ final: boolean }>();
    agent.answers.joint = aPart(9);
    agent.answers.report = { ...sampleReport(), final: false };
    agent.answers.refine = slice.promise;
    model.observe();
    await settled();
    agent.methods();
    model.wantJointSizes([AB]);
    await settled();
    expect(agent.methods()).toEqual([]);
    slice.resolve({ final: true });
    await settled();
    await settled();
    expect(agent.methods()).toEqual(['report', 'joint']);
  });

  it('are not taken from a kernel whose report has gone in the meantime', async () => {
    const { agent, model } = await aReadModel();
    const { promise, resolve } = aPromise<void>();
    agent.answers.joint = () => promise.then(() => aPart(9));
    model.wantJointSizes([AB]);
    agent.setState({ kind: 'restarting' });
    resolve();
    await settled();
    expect(model.jointSize(AB)).toBeNull();
    expect(agent.methods()).toEqual(['joint']);
  });

  it('are asked for once only where the kernel refuses', async () => {
    const { agent, model } = await aReadModel();
    agent.answers.joint = new RequestError('unknown_key');
    model.wantJointSizes([AB, BC]);
    await settled();
    expect(agent.methods()).toEqual(['joint', 'joint']);
    expect(model.jointSize(AB)).toBeNull();
    model.wantJointSizes([AB]);
    await settled();
    expect(agent.methods()).toEqual([]);
  });

  it('leave the report and its pages alone', async () => {
    const { agent, model } = await aReadModel();
    const { report } = model;
    model.wantJointSizes([AB]);
    await settled();
    expect(agent.methods()).not.toContain('report');
    expect(model.report).toBe(report);
  });
});
