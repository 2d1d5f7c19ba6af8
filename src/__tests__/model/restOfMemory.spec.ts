import { CodeError } from '../../kernel/silentCode';
import { RestOfMemory } from '../../model/restOfMemory';
import { RequestError } from '../../wire/request';
import { FakeAgent } from '../fakes/agent';
import { aModel } from '../fakes/retainedModel';
import { aHoard, aRest } from '../fakes/rows';
import { sampleReleased } from '../fakes/samples';
import { aPromise, settled } from '../fakes/waiting';

const MIB = 1024 * 1024;
const CODE = "plt.close('all')";
const REST = aRest([aHoard('figures', 800 * MIB, { remedy: CODE })], {
  rss_bytes: 1000 * MIB
});

/** The rest of a kernel that answers; `ran` is what was run in it. */
function theRest() {
  const agent = new FakeAgent();
  agent.answers = {
    rest: REST,
    release: { after_rss_bytes: 950 * MIB },
    overview: { rss_bytes: 990 * MIB }
  };
  const ran: string[] = [];
  const host = {
    canAsk: () => agent.state.kind === 'ready' && !agent.cellRunning,
    run: async (code: string) => {
      ran.push(code);
    },
    refresh: jest.fn(async () => undefined),
    told: jest.fn(),
    changed: jest.fn()
  };
  return { agent, host, ran, rest: new RestOfMemory(agent, host) };
}

describe('the rest of the memory', () => {
  it('is asked for when a person wants it, and then told', async () => {
    const { agent, host, rest } = theRest();
    expect(rest.state).toEqual({ kind: 'unasked' });
    expect(agent.asked).toEqual([]);
    const asked = rest.ask();
    expect(rest.state).toEqual({ kind: 'asking' });
    await asked;
    expect(rest.state).toEqual({ kind: 'told', rest: REST });
    expect(agent.asked).toEqual([
      { method: 'rest', params: { budget_ms: 1000 } }
    ]);
    expect(host.told).toHaveBeenCalledWith(REST);
    expect(host.changed).toHaveBeenCalledTimes(2);
  });

  it('is asked for once at a time, and not while a cell runs', async () => {
    const { agent, rest } = theRest();
    await Promise.all([rest.ask(), rest.ask()]);
    expect(agent.methods()).toEqual(['rest']);
    agent.cellRunning = true;
    await rest.ask();
    expect(agent.methods()).toEqual([]);
  });

  it('says why it is not told', async () => {
    const { agent, rest } = theRest();
    agent.answers.rest = new RequestError('unknown_method');
    await rest.ask();
    expect(rest.state).toEqual({ kind: 'failed', code: 'unknown_method' });
    agent.answers.rest = REST;
    await rest.ask();
    expect(rest.state.kind).toBe('told');
  });

  it('is forgotten when a cell runs, also while it is asked for', async () => {
    const { agent, host, rest } = theRest();
    await rest.ask();
    rest.changed();
    expect(rest.state).toEqual({ kind: 'unasked' });
    const gate = aPromise<void>();
    agent.gate = gate.promise;
    const asked = rest.ask();
    rest.changed();
    gate.resolve();
    await asked;
    expect(rest.state).toEqual({ kind: 'unasked' });
    expect(host.told).toHaveBeenCalledTimes(1);
  });

  it('runs a remedy, has garbage collected, and looks again', async () => {
    const { agent, host, ran, rest } = theRest();
    await rest.run(CODE);
    expect(ran).toEqual([]); // Nobody has seen it yet.
    await rest.ask();
    agent.methods();
    agent.answers.rest = aRest([], { rss_bytes: 200 * MIB });
    const running = rest.run(CODE);
    expect(rest.state).toEqual({ kind: 'running', code: CODE });
    rest.changed(); // The remedy is a run as a cell is.
    await running;
    expect(ran).toEqual([CODE]);
    expect(agent.asked).toMatchObject([
      { method: 'release', params: { keys: [] } },
      { method: 'release', params: { keys: [] } },
      { method: 'rest' }
    ]);
    expect(rest.state.kind).toBe('told');
    expect(rest.remedy).toEqual({
      code: CODE,
      exception: null,
      failure: null,
      // What was free already came back before.
      beforeBytes: 950 * MIB,
      afterBytes: 200 * MIB
    });
    expect(host.refresh).toHaveBeenCalledTimes(1);
    rest.changed();
    expect(rest.remedy).toBeNull();
  });

  it('counts what a remedy gives back of free memory from what there is then', async () => {
    const { agent, rest } = theRest();
    const code = 'pa.default_memory_pool().release_unused()';
    agent.answers.rest = aRest([
      aHoard('pyarrow', 100 * MIB, { remedy: code })
    ]);
    await rest.ask();
    agent.answers.rest = aRest([], { rss_bytes: 890 * MIB });
    await rest.run(code);
    expect(rest.remedy).toMatchObject({
      beforeBytes: 990 * MIB,
      afterBytes: 890 * MIB
    });
  });

  it('does not run a remedy in a kernel that is another one by then', async () => {
    const { agent, ran, rest } = theRest();
    await rest.ask();
    const { promise, resolve } = aPromise<object>();
    agent.answers.release = promise;
    const running = rest.run(CODE);
    await settled();
    rest.forget();
    resolve({ after_rss_bytes: 950 * MIB });
    await running;
    expect(ran).toEqual([]);
    expect(rest.state).toEqual({ kind: 'unasked' });
  });

  it('says no figure of a remedy where the kernel could not be read before', async () => {
    const { agent, ran, rest } = theRest();
    await rest.ask();
    agent.answers.release = new RequestError('internal');
    await rest.run(CODE);
    expect(ran).toEqual([CODE]);
    expect(rest.remedy).toMatchObject({ beforeBytes: null, failure: null });
  });

  it.each([
    [new CodeError('NameError', 'no plt'), 'NameError: no plt', null],
    [new RequestError('not_ready'), null, 'not_ready']
  ])('says why a remedy failed: %s', async (error, exception, failure) => {
    const { host, rest } = theRest();
    await rest.ask();
    host.run = () => Promise.reject(error);
    await rest.run(CODE);
    expect(rest.remedy).toMatchObject({ exception, failure });
    expect(rest.state.kind).toBe('told');
  });

  it('says nothing of a remedy in a kernel that is another one by now', async () => {
    const { host, rest } = theRest();
    await rest.ask();
    const { promise, resolve } = aPromise<void>();
    host.run = () => promise;
    const running = rest.run(CODE);
    rest.forget();
    resolve();
    await running;
    expect(rest.state).toEqual({ kind: 'unasked' });
    expect(rest.remedy).toBeNull();
  });

  it('is not told by an answer that comes after the next cell', async () => {
    const { agent, host, rest } = theRest();
    const { promise, resolve } = aPromise<typeof REST>();
    agent.answers.rest = promise;
    const asked = rest.ask();
    // The kernel is at it, and cannot be stopped any more.
    await settled();
    rest.changed();
    resolve(REST);
    await asked;
    expect(rest.state).toEqual({ kind: 'unasked' });
    expect(host.told).not.toHaveBeenCalled();
  });

  it('is given up with the request where a cell begins', async () => {
    const { agent, rest } = theRest();
    const gate = aPromise<void>();
    agent.gate = gate.promise;
    const asked = rest.ask();
    rest.changed();
    gate.resolve();
    await asked;
    expect(agent.answered).toEqual([]);
  });

  it('is not asked for while a remedy runs', async () => {
    const { agent, host, rest } = theRest();
    await rest.ask();
    const { promise, resolve } = aPromise<void>();
    host.run = () => promise;
    const running = rest.run(CODE);
    agent.methods();
    await rest.ask();
    expect(agent.methods()).toEqual([]);
    expect(rest.state.kind).toBe('running');
    resolve();
    await running;
    expect(rest.state.kind).toBe('told');
  });

  it('is not known after a remedy where the kernel does not tell it then', async () => {
    const { agent, rest } = theRest();
    await rest.ask();
    agent.answers.rest = new RequestError('internal');
    await rest.run(CODE);
    expect(rest.state).toEqual({ kind: 'failed', code: 'internal' });
    expect(rest.remedy).toMatchObject({ afterBytes: null, failure: null });
  });

  it('says nothing of a remedy where a cell began before it was read again', async () => {
    const { agent, host, rest } = theRest();
    await rest.ask();
    const { promise, resolve } = aPromise<typeof REST>();
    agent.answers.rest = promise;
    const running = rest.run(CODE);
    await settled();
    expect(rest.state).toEqual({ kind: 'asking' });
    rest.changed();
    resolve(REST);
    await running;
    expect(rest.remedy).toBeNull();
    expect(host.refresh).toHaveBeenCalledTimes(1);
  });

  it('of the model runs a remedy in the document’s kernel, and reads again', async () => {
    const { agent, model } = aModel();
    agent.answers.rest = REST;
    const ran: object[] = [];
    const kernel = {
      requestExecute: (content: object) => {
        ran.push(content);
        return { done: Promise.resolve({ content: { status: 'ok' } }) };
      }
    };
    Object.defineProperty(agent, 'sessionContext', {
      value: { session: { kernel } }
    });
    model.observe();
    await model.askRest();
    await settled();
    agent.methods();
    await model.runRemedy(CODE);
    expect(ran).toMatchObject([{ code: CODE, silent: true }]);
    expect(agent.methods()).toEqual(['release', 'release', 'rest', 'report']);
    expect(model.remedy).toMatchObject({ code: CODE, exception: null });
  });

  it('goes with a release of the model, and one that another page asked for', async () => {
    const { agent, model } = aModel();
    agent.answers.rest = REST;
    await model.askRest();
    await model.release({ kind: 'large' });
    expect(model.rest.kind).toBe('unasked');
    await model.askRest();
    expect(model.rest.kind).toBe('told');
    agent.tell({ event: 'released', data: sampleReleased() });
    expect(model.rest.kind).toBe('unasked');
  });

  it('goes with the kernel and with the next cell of the model', async () => {
    const { agent, model } = aModel();
    agent.answers.rest = REST;
    await model.askRest();
    expect(model.rest.kind).toBe('told');
    agent.setRunning(true);
    expect(model.rest.kind).toBe('unasked');
    agent.setRunning(false);
    await model.askRest();
    agent.setState({ kind: 'restarting' });
    await settled();
    expect(model.rest.kind).toBe('unasked');
  });
});
