/** What goes into a kernel, and when: the core first, the engine on demand. */

import { KernelAgent } from '../../kernel/agent';
import type { ChunkOf } from '../../chunk';
import type { IKernelCode } from '../../kernel/kernelCode';
import { engineUse } from '../../kernel/engineOnDemand';
import type { IGuard } from '../../wire/protocol';
import { askingAgent, failing, readyAgent } from '../fakes/kernelAgents';
import { FakeContext, FakeKernel } from '../fakes/kernel';
import { KERNEL_CODE } from '../fakes/kernelCode';
import { sampleReport } from '../fakes/samples';
import { settled } from '../fakes/waiting';

/** A chunk that is loaded when a test says so. */
class SlowChunk<T> implements ChunkOf<T> {
  constructor(private readonly _content: T) {}
  loaded: T | null = null;
  asked = 0;
  load(): Promise<T> {
    this.asked++;
    return new Promise((resolve, reject) => {
      this.arrive = () => {
        this.loaded = this._content;
        resolve(this._content);
        return settled();
      };
      this.fail = () => {
        reject(new TypeError('no such file'));
        return settled();
      };
    });
  }
  arrive!: () => Promise<void>;
  fail!: () => Promise<void>;
}

function slowCode() {
  const core = new SlowChunk(KERNEL_CODE.core.loaded!);
  const engine = new SlowChunk(KERNEL_CODE.engine.loaded!);
  return { core, engine } satisfies IKernelCode;
}

/** The values that an install message carries. */
function values(kernel: FakeKernel, place = 0) {
  const code = kernel.installs[place];
  return JSON.parse(code.slice('install('.length, -1));
}

/** Answer a request by its place, and let what follows from it happen. */
async function reply(kernel: FakeKernel, place: number, result: object) {
  const { id } = kernel.requests[place];
  kernel.say({ id, ok: true, result });
  await settled();
}

async function refuse(kernel: FakeKernel, place: number, code: string) {
  const { id } = kernel.requests[place];
  kernel.say({ id, ok: false, error: { code } });
  await settled();
}

const asked = (kernel: FakeKernel) =>
  kernel.requests.map(({ method, params }) => [method, params]);

const LOAD = ['load_engine', { digest: 'this-build', text: 'the engine' }];
const REPORT = ['report', {}];

describe('the install message', () => {
  it('carries no engine where the guard is off', () => {
    const { kernel } = askingAgent({ mode: 'off' });
    expect(values(kernel).ENGINE).toBe('');
  });

  it('carries the engine where the guard measures', () => {
    const { kernel } = askingAgent({ mode: 'large' });
    expect(values(kernel).ENGINE).toBe('the engine');
  });

  it('waits for the core, of which no engine is loaded along', async () => {
    const code = slowCode();
    const { agent, kernel } = askingAgent(null, code);
    expect(kernel.installs).toHaveLength(0);
    expect(agent.state).toEqual({ kind: 'installing' });
    await code.core.arrive();
    expect(kernel.installs).toHaveLength(1);
    expect(code.engine.asked).toBe(0);
  });

  it('waits for the engine too where the guard measures', async () => {
    const code = slowCode();
    const { kernel } = askingAgent({ mode: 'large' }, code);
    await code.core.arrive();
    expect(kernel.installs).toHaveLength(0);
    await code.engine.arrive();
    expect(kernel.installs).toHaveLength(1);
  });

  it('finds the engine loaded if the guard was known in time', async () => {
    const code = slowCode();
    let guard: IGuard = { mode: 'off' };
    const context = new FakeContext();
    const agent = new KernelAgent(
      context.asContext,
      () => guard,
      undefined,
      code
    );
    guard = { mode: 'large' };
    agent.prepare();
    await code.core.arrive();
    await code.engine.arrive();
    const kernel = new FakeKernel();
    context.setKernel(kernel);
    expect(values(kernel).ENGINE).toBe('the engine');
    agent.dispose();
  });

  it('goes to the newest kernel, once, when the core is there', async () => {
    const code = slowCode();
    const { context, kernel } = askingAgent(null, code);
    const { arrive } = code.core;
    const other = new FakeKernel();
    context.setKernel(other);
    await arrive();
    await code.core.arrive();
    expect(kernel.installs).toHaveLength(0);
    expect(other.installs).toHaveLength(1);
  });

  it('cannot go where the core is not to be had, until a retry', async () => {
    const code = slowCode();
    const { agent, kernel } = askingAgent(null, code);
    await code.core.fail();
    expect(agent.state).toEqual({ kind: 'failed', detail: 'TypeError' });
    agent.retry();
    expect(agent.state).toEqual({ kind: 'installing' });
    await code.core.arrive();
    expect(kernel.installs).toHaveLength(1);
  });
});

describe('where a part of the code cannot be loaded', () => {
  it.each<[string, (context: FakeContext) => void]>([
    ['connection', c => c.connectionStatusChanged.emit('connected')],
    ['sign of life', c => c.statusChanged.emit('busy')]
  ])('the next %s tries again', async (_, happens) => {
    const code = slowCode();
    const { agent, context, kernel } = askingAgent(null, code);
    await code.core.fail();
    expect(agent.state.kind).toBe('failed');
    happens(context);
    expect(agent.state.kind).toBe('installing');
    await code.core.arrive();
    expect(kernel.installs).toHaveLength(1);
    happens(context);
    expect(kernel.installs).toHaveLength(1);
  });

  it('the core goes alone, and the guard as soon as the engine is there', async () => {
    const code = slowCode();
    const { kernel } = askingAgent({ mode: 'large' }, code);
    await code.engine.fail();
    await code.core.arrive();
    expect(values(kernel).ENGINE).toBe('');
    await kernel.answerVersion();
    await settled();
    kernel.hello({ engine: false });
    await settled();
    expect(asked(kernel)).toEqual([]);
    await code.engine.arrive();
    expect(asked(kernel)).toEqual([LOAD, ['set_guard', { mode: 'large' }]]);
  });
});

it('cells that run while the code is loaded are not looked after', async () => {
  const code = slowCode();
  const { agent, kernel } = askingAgent(null, code);
  kernel.tellStatus('busy', 'c1');
  await code.core.arrive();
  await kernel.answerVersion();
  await settled();
  kernel.hello({ execution_count: 2 });
  expect(agent.lateSince).toBe(2);
});

describe('the engine', () => {
  it('is not asked for while nobody needs it', async () => {
    const { agent, kernel } = await readyAgent({ engine: false });
    void agent.request('rescue', { key: 'r1', name: 'x' });
    void agent.request('set_guard', { mode: 'off' });
    void agent.request('subscribe', { cell_end: false });
    await settled();
    expect(kernel.requests.map(({ method }) => method)).toEqual([
      'rescue',
      'set_guard',
      'subscribe'
    ]);
  });

  it('is sent before the requests that need it, once for all of them', async () => {
    const { agent, kernel } = await readyAgent({ engine: false });
    void agent.request('report', {});
    void agent.request('report', {});
    await settled();
    expect(asked(kernel)).toEqual([LOAD, REPORT, REPORT]);
    await reply(kernel, 0, { engine: true });
    void agent.request('report', {});
    expect(asked(kernel)).toEqual([LOAD, REPORT, REPORT, REPORT]);
  });

  it('comes after a guard that can do without it', async () => {
    const { agent, kernel } = await readyAgent({ engine: false });
    void agent.request('set_guard', { mode: 'last' });
    expect(asked(kernel)).toEqual([['set_guard', { mode: 'last' }]]);
    await settled();
    expect(asked(kernel)).toEqual([['set_guard', { mode: 'last' }], LOAD]);
  });

  it('is sent right before a guard that needs it', async () => {
    const { agent, kernel } = await readyAgent({ engine: false });
    void agent.request('set_guard', { mode: 'large' });
    await settled();
    expect(asked(kernel)).toEqual([LOAD, ['set_guard', { mode: 'large' }]]);
  });

  it('comes with core and all where the core is of another build', async () => {
    const { agent, kernel } = await readyAgent({
      engine: false,
      digest: 'another'
    });
    const report = agent.request('report', {});
    await settled();
    expect(asked(kernel)).toEqual([]);
    expect(values(kernel, 1).ENGINE).toBe('the engine');
    await kernel.answerVersion();
    await settled();
    kernel.hello();
    await settled();
    expect(asked(kernel)).toEqual([REPORT]);
    await reply(kernel, 0, sampleReport());
    expect(await report).toEqual(sampleReport());
  });

  it('comes so too where the kernel does not want it alone', async () => {
    const { agent, kernel } = await readyAgent({ engine: false });
    const report = agent.request('report', {});
    await settled();
    await refuse(kernel, 0, 'wrong_engine');
    await refuse(kernel, 1, 'no_engine');
    expect(values(kernel, 1).ENGINE).toBe('the engine');
    await kernel.answerVersion();
    await settled();
    kernel.hello();
    await settled();
    expect(asked(kernel)).toEqual([LOAD, REPORT, REPORT]);
    await reply(kernel, 2, sampleReport());
    expect(await report).toEqual(sampleReport());
  });

  it('is brought again where another page has replaced it', async () => {
    const { agent, kernel } = await readyAgent({ engine: true });
    void agent.request('report', {});
    await refuse(kernel, 0, 'no_engine');
    expect(asked(kernel)).toEqual([REPORT, LOAD, REPORT]);
  });

  it.each([
    ['is refused', (kernel: FakeKernel) => refuse(kernel, 0, 'internal')],
    [
      'is not there',
      (kernel: FakeKernel) => reply(kernel, 0, { engine: false })
    ]
  ])('is sent once more, and no more, where it %s', async (_, answer) => {
    const { agent, kernel } = await readyAgent({ engine: false });
    const report = failing(agent.request('report', {}));
    await settled();
    await answer(kernel);
    await refuse(kernel, 1, 'no_engine');
    expect(asked(kernel)).toEqual([LOAD, REPORT, LOAD, REPORT]);
    await refuse(kernel, 3, 'no_engine');
    expect(await report).toBe('no_engine');
    expect(kernel.requests).toHaveLength(4);
  });

  it('is not waited for by a request that is given up', async () => {
    const { engine } = slowCode();
    const { agent, kernel } = await readyAgent({ engine: false }, engine);
    const { signal, abort } = stoppable();
    const given = failing(agent.request('report', {}, { signal }));
    void agent.request('report', {});
    abort();
    expect(await given).toBe('cancelled');
    await engine.arrive();
    expect(asked(kernel)).toEqual([LOAD, REPORT]);
  });

  it('is asked for again by the next request after it could not be loaded', async () => {
    const { engine } = slowCode();
    const { agent, kernel } = await readyAgent({ engine: false }, engine);
    const report = failing(agent.request('report', {}));
    await engine.fail();
    expect(await report).toBe('no_engine');
    expect(asked(kernel)).toEqual([]);
    void agent.request('report', {});
    await engine.arrive();
    expect(asked(kernel)).toEqual([LOAD, REPORT]);
  });

  it('of a kernel that restarts meanwhile is nobody’s any more', async () => {
    const { agent, context } = await readyAgent({ engine: false });
    const report = failing(agent.request('report', {}));
    await settled();
    context.statusChanged.emit('restarting');
    expect(await report).toBe('restarted');
  });
});

function stoppable() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

it('engineUse follows the parameters where they decide', () => {
  expect(engineUse('subscribe', { cell_end: true })).toBe('first');
  expect(engineUse('subscribe', { cell_end: false })).toBe('none');
  expect(engineUse('set_guard', { mode: 'large' })).toBe('first');
  expect(engineUse('set_guard', { mode: 'last' })).toBe('later');
  expect(engineUse('set_guard', { mode: 'off' })).toBe('none');
  expect(engineUse('release', {})).toBe('first');
});
