/** What an agent makes of a signal, where a similar one means another thing. */

import type { AgentState } from '../../tokens';
import {
  anAgent,
  askingAgent,
  failing,
  readyAgent
} from '../fakes/kernelAgents';
import type { ICoreCode, IKernelCode } from '../../kernel/kernelCode';
import { FakeContext, FakeKernel } from '../fakes/kernel';
import { KERNEL_CODE } from '../fakes/kernelCode';
import { aRow } from '../fakes/rows';
import { sampleGuard } from '../fakes/samples';
import { aPromise, settled } from '../fakes/waiting';

/** The code of a request that waits for its answer. */
function asking(agent: Awaited<ReturnType<typeof readyAgent>>['agent']) {
  return failing(agent.request('report', {}));
}

describe('the page is late', () => {
  it('in no kernel that has not greeted', () => {
    expect(askingAgent().agent.lateSince).toBeNull();
  });

  it('not where it came first, however many cells ran since', async () => {
    const { agent } = await readyAgent({ execution_count: 5 });
    expect(agent.lateSince).toBeNull();
  });

  it('not where a cell runs when the install message is on its way', async () => {
    const { agent, kernel } = askingAgent();
    kernel.tellStatus('busy', 'c1');
    await kernel.answerVersion();
    await settled();
    kernel.tellStatus('idle', 'c1');
    kernel.hello({ execution_count: 2 });
    expect(agent.lateSince).toBeNull();
  });

  it('not where it loads the code while no cell runs', async () => {
    const core = aPromise<ICoreCode>();
    const code: IKernelCode = {
      ...KERNEL_CODE,
      core: { loaded: null, load: () => core.promise }
    };
    const { agent, kernel } = askingAgent(null, code);
    core.resolve(KERNEL_CODE.core.loaded!);
    await settled();
    await kernel.answerVersion();
    await settled();
    kernel.hello({ execution_count: 2 });
    expect(agent.state.kind).toBe('ready');
    expect(agent.lateSince).toBeNull();
  });

  it('only where cells ran before it, and for as long as the kernel is there', async () => {
    const { agent, context, kernel } = await readyAgent();
    const greet = async (execution_count: number): Promise<void> => {
      await kernel.answerVersion();
      await settled();
      kernel.hello({ execution_count });
    };
    const restart = (session: string): void => {
      kernel.session = session;
      kernel.tellStatus('idle', 'c');
    };
    restart('second');
    await greet(1);
    expect(agent.lateSince).toBeNull();
    restart('third');
    await greet(4);
    expect(agent.lateSince).toBe(4);
    context.connectionStatusChanged.emit('disconnected');
    expect(agent.lateSince).toBeNull();
  });
});

describe('the kernel of a document', () => {
  it('gets the code again where it is the same one, and is never said to be none', async () => {
    const { context, kernel, states } = await readyAgent();
    context.setKernel(kernel);
    expect(kernel.installs).toHaveLength(2);
    expect(states.slice(2)).toEqual(['installing']);
  });

  it('is none where it goes without a word, once it was connected to', async () => {
    const { agent, context } = await readyAgent();
    const asked = asking(agent);
    context.setKernel(null);
    expect(agent.state).toEqual({ kind: 'no-kernel' });
    expect(await asked).toBe('not_ready');
    expect(await asking(agent)).toBe('not_ready');
  });

  it('fails what the one before was asked', async () => {
    const { agent, context, kernel, states } = await readyAgent();
    kernel.tellStatus('busy', 'c1');
    const asked = asking(agent);
    context.setKernel(new FakeKernel());
    expect(await asked).toBe('disconnected');
    expect(agent.cellRunning).toBe(false);
    expect(states.slice(2)).toEqual(['no-kernel', 'installing']);
    // What the one before says is nobody's.
    kernel.tellStatus('busy', 'c2');
    kernel.tellInfo('PySpark');
    expect(agent.cellRunning).toBe(false);
    expect(agent.state).toEqual({ kind: 'installing' });
  });

  it('was connected to, where it is so already when it ends', () => {
    const { agent, context } = askingAgent();
    const kernel = new FakeKernel();
    kernel.connectionStatus = 'connected';
    context.setKernel(kernel);
    context.statusChanged.emit('dead');
    expect(agent.state).toEqual({ kind: 'dead' });
  });

  it('is asked nothing by one that tells what it is too late', async () => {
    const context = new FakeContext();
    const late = new FakeKernel();
    late.connectionStatus = 'connected';
    late.info = Promise.resolve({ supported_features: ['memguard'] });
    const { agent } = anAgent(context);
    context.setKernel(late);
    const kernel = new FakeKernel();
    context.setKernel(kernel);
    await settled();
    expect(late.sent).toEqual([]);
    expect(late.installs).toEqual([]);
    expect(kernel.installs).toHaveLength(1);
    expect(agent.state).toEqual({ kind: 'installing' });
  });

  it('cannot be installed into again where there is none', () => {
    const { agent, states } = anAgent(new FakeContext());
    agent.retry();
    expect(states).toEqual(['no-kernel']);
  });

  it('fails what it was asked when it is installed into again', async () => {
    const { agent, kernel } = await readyAgent();
    const asked = asking(agent);
    agent.retry();
    expect(await asked).toBe('disconnected');
    expect(kernel.installs).toHaveLength(2);
  });

  it('gets nothing where its connection is disposed of', () => {
    const { agent, context } = askingAgent();
    const kernel = new FakeKernel();
    kernel.isDisposed = true;
    context.setKernel(kernel);
    expect(kernel.installs).toEqual([]);
    agent.retry();
    expect(kernel.installs).toEqual([]);
  });

  it('has another spec by now, which makes it one of Python', () => {
    const context = new FakeContext();
    const kernel = new FakeKernel({ name: 'new' });
    context.setKernel(kernel);
    const { agent } = anAgent(context);
    expect(agent.state).toEqual({ kind: 'not-python', language: null });
    const { specsManager } = context;
    specsManager.specs = { kernelspecs: { new: { language: 'Python' } } };
    specsManager.specsChanged.emit(specsManager.specs);
    expect(kernel.installs).toHaveLength(1);
  });

  it('is not installed into again because the specs have changed', async () => {
    const { agent, context, kernel } = await readyAgent();
    context.specsManager.specsChanged.emit(context.specsManager.specs);
    expect(kernel.installs).toHaveLength(1);
    expect(agent.state.kind).toBe('ready');
  });

  it('is not installed into again because the settings have changed', async () => {
    const { agent, kernel } = await readyAgent();
    agent.prepare();
    expect(kernel.installs).toHaveLength(1);
    expect(agent.state.kind).toBe('ready');
  });
});

describe('what is asked', () => {
  it('fails as not ready when a person shuts the kernel down', async () => {
    const { agent, context } = await readyAgent();
    const asked = asking(agent);
    context.statusChanged.emit('terminating');
    expect(await asked).toBe('not_ready');
  });

  it('fails as not ready when the page is closed', async () => {
    const { agent } = await readyAgent();
    const asked = asking(agent);
    window.dispatchEvent(new Event('pagehide'));
    expect(await asked).toBe('not_ready');
    const rescue = agent.request('rescue', { key: 'r1', name: 'x' });
    expect(await failing(rescue)).toBe('not_ready');
  });

  it.each<[string, (context: FakeContext) => void]>([
    ['restarted', ({ statusChanged }) => statusChanged.emit('restarting')],
    ['dead', ({ statusChanged }) => statusChanged.emit('dead')],
    [
      'disconnected',
      ({ connectionStatusChanged }) =>
        connectionStatusChanged.emit('disconnected')
    ],
    ['not_ready', ({ statusChanged }) => statusChanged.emit('terminating')]
  ])('fails as %s also where it needs no engine', async (code, tell) => {
    const { agent, context, kernel } = await readyAgent();
    tell(context);
    const sent = kernel.sent.length;
    const rescue = agent.request('rescue', { key: 'r1', name: 'x' });
    expect(await failing(rescue)).toBe(code);
    expect(kernel.sent).toHaveLength(sent);
  });

  it('fails until the kernel has greeted over the next comm', async () => {
    const { agent, kernel } = await readyAgent();
    kernel.say({}, 'comm_close');
    const sent = kernel.sent.length;
    const rescue = agent.request('rescue', { key: 'r1', name: 'x' });
    expect(await failing(rescue)).toBe('not_ready');
    expect(kernel.sent).toHaveLength(sent);
  });

  it('tells of no guard while there is no kernel that has one', async () => {
    const { agent, context } = await readyAgent();
    const told: unknown[] = [];
    agent.guardChanged.connect((_, guard) => told.push(guard));
    expect(agent.guard).not.toBeNull();
    context.statusChanged.emit('restarting');
    expect(agent.guard).toBeNull();
    expect(told).toEqual([null]);
  });
});

describe('what a kernel says', () => {
  it('over a comm of before is not heard', async () => {
    const { agent, kernel } = await readyAgent();
    const events: string[] = [];
    agent.event.connect((_, { event }) => events.push(event));
    const [opened] = kernel.sent;
    agent.retry();
    const { comm_id } = opened.content as { comm_id: string };
    const data = { version: 3, engine: true, digest: '', execution_count: 1 };
    kernel.iopubMessage.emit({
      header: { msg_type: 'comm_msg' },
      content: { comm_id, data: { event: 'hello', data } }
    } as never);
    expect(events).toEqual([]);
    expect(agent.state).toEqual({ kind: 'installing' });
  });

  it('is passed on, event by event', async () => {
    const { agent, kernel } = await readyAgent();
    const events: string[] = [];
    agent.event.connect((_, { event }) => events.push(event));
    kernel.say({ event: 'guard', data: agent.guard });
    kernel.say({
      event: 'settled',
      data: { before_rss_bytes: 2, after_rss_bytes: 1 }
    });
    expect(events).toEqual(['guard', 'settled']);
    expect(agent.guard).toHaveProperty('mode');
  });

  it('of a guard that somebody has set leaves no wish for another', async () => {
    const { kernel } = askingAgent({ mode: 'large' });
    await kernel.answerVersion();
    await settled();
    const guard_state = { ...sampleGuard(), set: true };
    kernel.hello({ engine: false, guard_state });
    await settled();
    expect(kernel.requests).toEqual([]);
  });

  it('while it installs is no greeting', async () => {
    const { agent, kernel } = askingAgent();
    await kernel.answerVersion();
    await settled();
    await kernel.end();
    // It had handled the opening, and had not greeted.
    expect(agent.state.kind).toBe('failed');
    expect(kernel.sent.map(msg => msg.header.msg_type)).toEqual([
      'comm_open',
      'comm_close'
    ]);
  });

  it('after its greeting is heard when it has handled the opening', async () => {
    const { agent, kernel } = await readyAgent();
    await kernel.end(0);
    expect(agent.state.kind).toBe('ready');
    expect(agent.guard).not.toBeNull();
  });

  it('of an opening before an installation is not of the one after it', async () => {
    const { agent, kernel } = askingAgent();
    await kernel.answerVersion();
    await settled();
    agent.retry();
    await kernel.answerVersion();
    await settled();
    await kernel.end(0);
    expect(agent.state.kind).toBe('installing');
    kernel.hello();
    expect(agent.state.kind).toBe('ready');
  });

  it.each<[string, AgentState]>([
    ['closes', { kind: 'failed', detail: 'comm_close' }],
    ['does not take', { kind: 'failed', detail: 'comm_open' }]
  ])('ends the new comm too, where it %s it', async (how, state) => {
    const { agent, kernel } = await readyAgent();
    const asked = asking(agent);
    kernel.say({}, 'comm_close');
    if (how === 'closes') {
      kernel.say({}, 'comm_close');
    } else {
      const opened = kernel.sent.length - 2;
      await kernel.end(opened);
    }
    expect(await asked).toBe(how === 'closes' ? 'restarted' : 'not_ready');
    expect(agent.state).toEqual(state);
    expect(agent.guard).toBeNull();
  });
});

describe('which cells ran', () => {
  it.each<[string, boolean, (context: FakeContext) => void]>([
    [
      'the connection is lost',
      true,
      c => c.connectionStatusChanged.emit('disconnected')
    ],
    ['the kernel restarts', false, c => c.statusChanged.emit('restarting')],
    ['the kernel dies', false, c => c.statusChanged.emit('dead')],
    [
      'the document takes another kernel',
      false,
      c => c.setKernel(new FakeKernel())
    ],
    [
      'the kernel has another connection',
      true,
      c => c.setKernel(new FakeKernel({ id: c.session?.kernel?.id }))
    ]
  ])('when %s is known on: %s', async (_, isKnown, happens) => {
    const { agent, context, kernel } = await readyAgent();
    const input = {
      header: { msg_type: 'execute_input', session: kernel.session },
      parent_header: { msg_id: 'c1', msg_type: 'execute_request' },
      content: { execution_count: 3 }
    };
    kernel.anyMessage.emit({ direction: 'recv', msg: input as never });
    const row = aRow(3, 9, { cell_id: null, time: null });
    expect(agent.executed.complete(row).time).not.toBeNull();
    happens(context);
    expect(agent.executed.complete(row).time !== null).toBe(isKnown);
  });
});

describe('a connection that goes while a comm is opened', () => {
  const gone = (): never => {
    throw new TypeError('disposed');
  };

  it('fails the installation', async () => {
    const { agent, kernel } = askingAgent();
    kernel.sendShellMessage = gone;
    await kernel.answerVersion();
    await settled();
    expect(agent.state).toEqual({ kind: 'failed', detail: 'TypeError' });
  });

  it('fails what was asked over the one before', async () => {
    const { agent, kernel } = await readyAgent();
    const asked = asking(agent);
    const closed = kernel.sent.length;
    const send = kernel.sendShellMessage;
    kernel.sendShellMessage = gone;
    kernel.say({}, 'comm_close');
    kernel.sendShellMessage = send;
    expect(await asked).toBe('disconnected');
    expect(agent.state).toEqual({ kind: 'failed', detail: 'TypeError' });
    expect(kernel.sent).toHaveLength(closed);
  });
});

describe('the end of an agent', () => {
  it('comes once', async () => {
    const { agent, kernel } = await readyAgent();
    const leaves = jest.spyOn(window, 'removeEventListener');
    expect(agent.isDisposed).toBe(false);
    agent.dispose();
    agent.dispose();
    expect(agent.isDisposed).toBe(true);
    const types = leaves.mock.calls.map(([type]) => type);
    expect(types.filter(type => type === 'pagehide')).toHaveLength(1);
    leaves.mockRestore();
    expect(kernel.sent.map(msg => msg.header.msg_type)).toEqual([
      'comm_open',
      'comm_close'
    ]);
  });

  it('ends an installation that is under way', async () => {
    const { agent, kernel } = askingAgent();
    agent.dispose();
    await kernel.answerVersion();
    await settled();
    expect(kernel.sent).toEqual([]);
  });
});
