import { aModel } from '../fakes/retainedModel';
import { sampleReport } from '../fakes/samples';
import { settled } from '../fakes/waiting';

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

describe('the end of the process', () => {
  it('is told, and holds until the kernel has another state', () => {
    const { agent, model } = aModel();
    let told = 0;
    agent.setState({ kind: 'installing' });
    model.changed.connect(() => told++);
    model.processEnded = true;
    model.processEnded = true;
    expect(told).toBe(1);
    agent.setState({ kind: 'ready' });
    expect(model.processEnded).toBe(false);
  });
});
