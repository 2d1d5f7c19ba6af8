import { RequestError } from '../../wire/request';
import { aModel } from '../fakes/retainedModel';
import { aPromise, settled } from '../fakes/waiting';

describe('setting the guard', () => {
  it('says what was asked until the kernel has answered', async () => {
    const { agent, model } = aModel();
    const { promise, resolve } = aPromise<void>();
    agent.gate = promise;
    const set = model.setGuard({ mode: 'all' });
    expect(model.guardAsked).toEqual({ mode: 'all' });
    resolve();
    await set;
    expect(model.guardAsked).toBeNull();
  });

  it('waits for a kernel that is not ready', async () => {
    const { agent, model } = aModel();
    agent.setState({ kind: 'installing' });
    await model.setGuard({ mode: 'all' });
    expect(agent.asked).toEqual([]);
    agent.setState({ kind: 'ready' });
    await settled();
    expect(agent.methods()).toEqual(['set_guard']);
    expect(model.guardAsked).toBeNull();
  });

  it('takes back what waits when something else is asked for', async () => {
    const { agent, model } = aModel();
    // The engine is on its way to the page: this one waits for it.
    const { promise, resolve } = aPromise<void>();
    agent.gate = promise;
    const on = model.setGuard({ mode: 'large' });
    agent.gate = null;
    const off = model.setGuard({ mode: 'off' });
    resolve();
    await Promise.all([on, off]);
    expect(agent.answered).toEqual([
      { method: 'set_guard', params: { mode: 'off' } }
    ]);
    expect(model.guardAsked).toBeNull();
    expect(model.outcome).toBeNull();
  });

  it('does not wait for an answer before something else is asked for', async () => {
    const { agent, model } = aModel();
    const { promise, resolve } = aPromise<void>();
    agent.gate = promise;
    void model.setGuard({ mode: 'large' });
    const off = model.setGuard({ mode: 'off' });
    // A cell that is sent now comes after both.
    expect(agent.methods()).toEqual(['set_guard', 'set_guard']);
    expect(model.guardAsked).toEqual({ mode: 'off' });
    resolve();
    await off;
    expect(model.guardAsked).toBeNull();
  });

  it.each(['restarted', 'disconnected'] as const)(
    'asks again where the kernel was %s meanwhile',
    async code => {
      const { agent, model } = aModel();
      const { set_guard } = agent.answers;
      agent.answers.set_guard = new RequestError(code);
      await model.setGuard({ mode: 'all' });
      expect(model.guardAsked).toEqual({ mode: 'all' });
      expect(model.outcome).toBeNull();
      agent.methods();
      agent.answers.set_guard = set_guard;
      agent.setState({ kind: 'ready' });
      await settled();
      expect(agent.asked).toEqual([
        { method: 'set_guard', params: { mode: 'all' } }
      ]);
      expect(model.guardAsked).toBeNull();
    }
  );

  it('tells why the kernel refused', async () => {
    const { agent, model } = aModel();
    agent.answers.set_guard = new RequestError('wrong_thread');
    await model.setGuard({ mode: 'all' });
    expect(model.outcome).toEqual({
      kind: 'failed',
      selection: null,
      code: 'wrong_thread'
    });
    expect(model.guardAsked).toBeNull();
  });
});
