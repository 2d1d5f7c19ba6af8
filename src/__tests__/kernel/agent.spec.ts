import type { IGuard } from '../../wire/protocol';
import type { AgentState } from '../../tokens';
import { NO_COMM } from '../../kernel/kernelFree';
import { REQUEST_TIMEOUT_MS } from '../../wire/request';
import {
  anAgent,
  askingAgent,
  failing,
  readyAgent
} from '../fakes/kernelAgents';
import { FakeContext, FakeKernel } from '../fakes/kernel';
import { sampleReleased, sampleReport } from '../fakes/samples';
import { settled } from '../fakes/waiting';

const GUARD: IGuard = { mode: 'large' };

describe('installing', () => {
  it('happens within the signal of a new kernel, with the guard', () => {
    const context = new FakeContext();
    const { agent } = anAgent(context, GUARD);
    const kernel = new FakeKernel();
    context.setKernel(kernel);
    expect(kernel.installs).toHaveLength(1);
    expect(kernel.installs[0]).toContain('{\\"guard\\":{\\"mode\\"');
    expect(agent.state).toEqual({ kind: 'installing' });
  });

  it('happens in a kernel that is there already', () => {
    const { kernel } = askingAgent();
    expect(kernel.installs).toHaveLength(1);
  });

  it('opens no comm before the kernel has told its version', async () => {
    const { kernel } = askingAgent();
    expect(kernel.sent).toHaveLength(0);
    await kernel.answerVersion();
    await settled();
    expect(kernel.sent.map(msg => msg.header.msg_type)).toEqual(['comm_open']);
  });

  it('is over when the kernel has greeted', async () => {
    const { agent, states } = await readyAgent();
    expect(states).toEqual(['installing', 'ready']);
    expect(agent.guard?.mode).toBe('off');
    expect(agent.lateSince).toBeNull();
  });

  it('happens again when the connection is made anew', async () => {
    const { context, kernel, states } = await readyAgent();
    context.statusChanged.emit('autorestarting');
    context.connectionStatusChanged.emit('connecting');
    expect(kernel.installs).toHaveLength(2);
    expect(states.slice(2)).toEqual(['restarting', 'installing']);
  });

  it('looks at the newest answer only', async () => {
    const { agent, context, kernel } = askingAgent();
    const first = kernel.answerVersion(7);
    context.connectionStatusChanged.emit('connecting');
    await first;
    await settled();
    expect(agent.state.kind).toBe('installing');
    await kernel.answerVersion();
    await settled();
    kernel.hello();
    expect(agent.state.kind).toBe('ready');
  });

  it('is sent again when a failing cell took it along', async () => {
    const { kernel } = askingAgent();
    await kernel.answerInstall({ status: 'aborted' });
    await settled();
    expect(kernel.installs).toHaveLength(2);
  });

  it('survives a restart that takes the message along', async () => {
    const { agent, context, kernel } = askingAgent();
    context.statusChanged.emit('restarting');
    kernel.cancelInstall();
    await settled();
    expect(agent.state.kind).toBe('restarting');
  });

  it.each([
    ['0', { kind: 'no-shell' }],
    ['4', { kind: 'version', theirs: 4 }],
    ['-1', { kind: 'failed', detail: 'install' }]
  ])('with the answer %s ends as %j', async (version, state) => {
    const { agent, kernel } = askingAgent();
    await kernel.answerVersion(version);
    await settled();
    expect(agent.state).toEqual(state);
    expect(kernel.sent).toHaveLength(0);
  });
});

it('fails with a kernel that takes no comms, until there is another', async () => {
  const { agent, context, kernel } = askingAgent();
  await kernel.answerVersion();
  await settled();
  kernel.begin();
  expect(agent.state.kind).toBe('installing');
  await kernel.end();
  expect(agent.state).toEqual({ kind: 'failed', detail: NO_COMM });
  context.setKernel(new FakeKernel());
  expect(agent.state.kind).toBe('installing');
});

describe('a kernel that gets nothing', () => {
  it('is one of another language', () => {
    const context = new FakeContext();
    const { agent } = anAgent(context, GUARD);
    const kernel = new FakeKernel({ name: 'echo' });
    context.setKernel(kernel);
    context.connectionStatusChanged.emit('connecting');
    kernel.tellStatus('busy', 'somebody');
    expect(agent.state).toEqual({ kind: 'not-python', language: 'echo' });
    context.setKernel(new FakeKernel({ name: 'of another server' }));
    expect(agent.state).toEqual({ kind: 'not-python', language: null });
    expect(kernel.installs).toHaveLength(0);
    expect(kernel.sent).toHaveLength(0);
  });

  it('is one whose language is not known, until it is', () => {
    const context = new FakeContext();
    const { specsManager } = context;
    const { specs } = specsManager;
    specsManager.specs = null;
    const kernel = new FakeKernel();
    context.setKernel(kernel);
    anAgent(context);
    expect(kernel.installs).toHaveLength(0);
    specsManager.specs = specs;
    specsManager.specsChanged.emit(specs);
    expect(kernel.installs).toHaveLength(1);
  });

  it('is no kernel', () => {
    const { agent } = anAgent(new FakeContext());
    expect(agent.state).toEqual({ kind: 'no-kernel' });
  });
});

describe('a restart by another client', () => {
  it('is noticed by the first message of the new kernel', async () => {
    const { agent, kernel } = await readyAgent();
    const asked = failing(agent.request('report', {}));
    kernel.session = 'new';
    kernel.tellStatus('busy', 'c1');
    expect(kernel.installs).toHaveLength(2);
    expect(await asked).toBe('restarted');
    expect(agent.cellRunning).toBe(true);
    await kernel.answerVersion();
    await settled();
    kernel.hello({ execution_count: 2 });
    expect(agent.state.kind).toBe('ready');
    expect(agent.lateSince).toBe(2);
  });

  it('is not seen in what the server says by itself', async () => {
    const { kernel } = await readyAgent();
    const header = { msg_type: 'status', session: 'server', msg_id: 'x' };
    const msg = { header, parent_header: {}, content: {} } as never;
    kernel.anyMessage.emit({ msg, direction: 'recv' });
    expect(kernel.installs).toHaveLength(1);
  });

  it('is looked for no more where sessions change all the time', async () => {
    const { kernel } = await readyAgent();
    kernel.tellStatus('busy', 'c1', 'one');
    kernel.session = 'two';
    await kernel.answerVersion();
    await settled();
    kernel.tellStatus('idle', 'c1', 'three');
    kernel.tellStatus('busy', 'c2', 'four');
    expect(kernel.installs).toHaveLength(2);
  });
});

describe('requests', () => {
  it('resolve with the reply of their number', async () => {
    const { agent, kernel } = await readyAgent();
    const asked = agent.request('report', { limit: 5 });
    const [{ id, method, params }] = kernel.requests;
    expect([method, params]).toEqual(['report', { limit: 5 }]);
    kernel.say({ id: 'another', ok: true, result: {} });
    kernel.say({ id, ok: true, result: sampleReport() });
    expect(await asked).toEqual(sampleReport());
  });

  it.each([
    ['an error', { ok: false, error: { code: 'unknown_key' } }, 'unknown_key'],
    ['a wrong result', { ok: true, result: { count: 1 } }, 'invalid_reply'],
    ['nonsense', { ok: 'yes' }, 'invalid_reply']
  ])('fail alone with %s', async (_, reply, code) => {
    const { agent, kernel } = await readyAgent();
    const asked = failing(agent.request('report', {}));
    const other = agent.request('report', {});
    const [first, second] = kernel.requests;
    kernel.say({ id: first.id, ...reply });
    expect(await asked).toBe(code);
    kernel.say({ id: second.id, ok: true, result: sampleReport() });
    expect(await other).toEqual(sampleReport());
    expect(agent.state.kind).toBe('ready');
  });

  it('can be given up, and a late reply finds nobody', async () => {
    const { agent, kernel } = await readyAgent();
    const abort = new AbortController();
    const { signal } = abort;
    const asked = failing(agent.request('report', {}, { signal }));
    abort.abort();
    expect(await asked).toBe('cancelled');
    kernel.say({ id: kernel.requests[0].id, ok: true, result: sampleReport() });
    expect(agent.state.kind).toBe('ready');
    expect(await failing(agent.request('report', {}, { signal }))).toBe(
      'cancelled'
    );
  });

  it.each([
    ['restarting', 'restarted'],
    ['dead', 'dead']
  ] as const)('fail when the kernel is %s', async (status, code) => {
    const { agent, context } = await readyAgent();
    const asked = failing(agent.request('report', {}));
    context.statusChanged.emit(status);
    expect(await asked).toBe(code);
    expect(await failing(agent.request('report', {}))).toBe(code);
  });

  it('fail when the connection is lost', async () => {
    const { agent, context } = await readyAgent();
    const asked = failing(agent.request('report', {}));
    context.connectionStatusChanged.emit('disconnected');
    expect(await asked).toBe('disconnected');
    expect(agent.state.kind).toBe('disconnected');
  });

  it('fail while the connection is made anew, until the kernel is asked again', async () => {
    const { agent, context, kernel, states } = await readyAgent();
    const asked = failing(agent.request('report', {}));
    context.connectionStatusChanged.emit('connecting');
    expect(await asked).toBe('disconnected');
    // The server is away: each try to reach it ends as the one before.
    context.connectionStatusChanged.emit('connecting');
    expect(agent.state).toEqual({ kind: 'disconnected', again: true });
    expect(kernel.installs.length).toBeGreaterThan(1);
    context.connectionStatusChanged.emit('connected');
    await kernel.answerVersion();
    await settled();
    kernel.hello();
    expect(states.slice(2)).toEqual(['disconnected', 'installing', 'ready']);
  });

  it('fail so too where the kernel was busy and never asked yet', async () => {
    const context = new FakeContext();
    context.setKernel(new FakeKernel());
    const { agent, states } = anAgent(context);
    context.connectionStatusChanged.emit('connected');
    expect(agent.state).toEqual({ kind: 'installing' });
    context.connectionStatusChanged.emit('connecting');
    expect(states).toEqual(['installing', 'disconnected']);
    // A person takes another kernel: it is not the one that was lost.
    context.setKernel(new FakeKernel());
    expect(agent.state).toEqual({ kind: 'installing' });
  });

  it('time out, but not while a cell runs', async () => {
    const { agent, kernel } = await readyAgent();
    jest.useFakeTimers();
    try {
      const asked = failing(agent.request('report', {}));
      let isOver = false;
      void asked.then(() => {
        isOver = true;
      });
      kernel.tellStatus('busy', 'c1');
      jest.advanceTimersByTime(5 * REQUEST_TIMEOUT_MS);
      await settled();
      expect(isOver).toBe(false);
      kernel.tellStatus('idle', 'c1');
      expect(kernel.requests).toHaveLength(1);
      jest.advanceTimersByTime(REQUEST_TIMEOUT_MS);
      expect(await asked).toBe('timeout');
    } finally {
      jest.useRealTimers();
    }
  });

  it('wait for as long as the kernel is at them', async () => {
    const { agent, kernel } = await readyAgent();
    jest.useFakeTimers();
    try {
      const asked = agent.request('release', {});
      jest.advanceTimersByTime(0.9 * REQUEST_TIMEOUT_MS);
      kernel.begin();
      jest.advanceTimersByTime(100 * REQUEST_TIMEOUT_MS);
      kernel.say({
        id: kernel.requests[0].id,
        ok: true,
        result: sampleReleased()
      });
      expect(await asked).toEqual(sampleReleased());
    } finally {
      jest.useRealTimers();
    }
  });

  it('fail when the kernel is through with them without a reply', async () => {
    const { agent, kernel } = await readyAgent();
    const asked = failing(agent.request('report', {}));
    kernel.begin();
    await kernel.end();
    expect(await asked).toBe('invalid_reply');
  });

  it('are asked again over a new comm when the kernel has closed the first', async () => {
    const { agent, kernel } = await readyAgent();
    const release = agent.request('release', {});
    const report = agent.request('report', {});
    kernel.begin();
    const [first, second] = kernel.requests;
    kernel.say({}, 'comm_close');
    // The kernel knows nothing of the comm over which they came.
    await kernel.end(1);
    await kernel.end(2);
    expect(kernel.sent.map(msg => msg.header.msg_type)).toEqual([
      'comm_open',
      ...['comm_msg', 'comm_msg'],
      'comm_open',
      ...['comm_msg', 'comm_msg']
    ]);
    expect(kernel.requests.slice(2)).toEqual([first, second]);
    kernel.hello();
    kernel.say({ id: first.id, ok: true, result: sampleReleased() });
    kernel.say({ id: second.id, ok: true, result: sampleReport() });
    expect(await release).toEqual(sampleReleased());
    expect(await report).toEqual(sampleReport());
  });

  it('fail when the kernel does not take the new comm either', async () => {
    const { agent, kernel } = await readyAgent();
    const asked = failing(agent.request('report', {}));
    kernel.say({}, 'comm_close');
    kernel.say({}, 'comm_close');
    expect(await asked).toBe('restarted');
  });

  it('keep what set_guard answers', async () => {
    const { agent, kernel } = await readyAgent();
    const guard = { ...agent.guard!, mode: 'all' as const };
    const asked = agent.request('set_guard', { mode: 'all' });
    kernel.say({ id: kernel.requests[0].id, ok: true, result: guard });
    await asked;
    expect(agent.guard).toEqual(guard);
  });
});

describe('events', () => {
  it('tell of a guard that somebody else has set', async () => {
    const { agent, kernel } = await readyAgent();
    const data = { ...agent.guard!, mode: 'last' as const };
    kernel.say({ event: 'guard', data });
    expect(agent.guard).toEqual(data);
  });

  it('are dropped when they are not right', async () => {
    const { agent, kernel } = await readyAgent();
    const before = agent.guard;
    const seen: string[] = [];
    agent.event.connect((_, { event }) => seen.push(event));
    kernel.say({ event: 'guard', data: { mode: 'all' } });
    kernel.say({ event: 'news', data: {} });
    kernel.say(null);
    expect(agent.guard).toBe(before);
    expect(seen).toEqual([]);
  });

  it('tell of a kernel of another version', async () => {
    const { agent, kernel } = askingAgent();
    await kernel.answerVersion();
    await settled();
    kernel.hello({ version: 4 });
    kernel.say({}, 'comm_close');
    expect(agent.state).toEqual({ kind: 'version', theirs: 4 });
  });

  it('come over a new comm when another copy has closed the first', async () => {
    const { agent, kernel, states } = await readyAgent();
    kernel.say({}, 'comm_close');
    kernel.hello();
    expect(states).toEqual(['installing', 'ready', 'installing', 'ready']);
    expect(kernel.installs).toHaveLength(1);
    expect(agent.guard).not.toBeNull();
  });

  it('end when the kernel does not know the comm', async () => {
    const { agent, kernel } = await readyAgent();
    kernel.say({}, 'comm_close');
    kernel.say({}, 'comm_close');
    expect(agent.state).toEqual({ kind: 'failed', detail: 'comm_close' });
    agent.retry();
    expect(kernel.installs).toHaveLength(2);
  });
});

describe('cellRunning', () => {
  it('counts the cells of every client, and not the install', async () => {
    const { agent, kernel } = await readyAgent();
    const seen: boolean[] = [];
    agent.cellRunningChanged.connect((_, running) => seen.push(running));
    kernel.tellStatus('busy', 'mine');
    kernel.tellStatus('busy', 'theirs');
    kernel.tellStatus('idle', 'mine');
    expect(agent.cellRunning).toBe(true);
    kernel.tellStatus('idle', 'theirs');
    agent.retry();
    expect(seen).toEqual([true, false]);
  });

  it('is false after a restart in mid-cell', async () => {
    const { agent, context, kernel } = await readyAgent();
    kernel.tellStatus('busy', 'c1');
    context.statusChanged.emit('restarting');
    expect(agent.cellRunning).toBe(false);
  });
});

describe('a kernel that is shut down', () => {
  it('is none until the shut-down has failed', async () => {
    const { agent, context, kernel } = await readyAgent();
    context.isTerminating = true;
    context.statusChanged.emit('terminating');
    // It still answers.
    context.statusChanged.emit('busy');
    context.statusChanged.emit('idle');
    expect(agent.state).toEqual({ kind: 'no-kernel' });
    expect(kernel.installs).toHaveLength(1);
    context.isTerminating = false;
    context.statusChanged.emit('idle');
    expect(kernel.installs).toHaveLength(2);
    await kernel.answerVersion();
    await settled();
    kernel.hello();
    expect(agent.state).toEqual({ kind: 'ready' });
  });

  it('is none when the shut-down has come about', async () => {
    const { agent, context, kernel } = await readyAgent();
    context.statusChanged.emit('terminating');
    kernel.isDisposed = true;
    context.statusChanged.emit('unknown');
    context.setKernel(null);
    expect(agent.state).toEqual({ kind: 'no-kernel' });
    expect(kernel.installs).toHaveLength(1);
  });
});

describe('a kernel that dies', () => {
  it('stays dead until there is another', async () => {
    const { agent, context, states } = await readyAgent();
    context.statusChanged.emit('dead');
    context.connectionStatusChanged.emit('disconnected');
    context.setKernel(null);
    expect(agent.state).toEqual({ kind: 'dead' });
    context.setKernel(new FakeKernel());
    expect(states).toEqual(['installing', 'ready', 'dead', 'installing']);
  });
});

describe('a page that goes away', () => {
  it('closes the comm', async () => {
    const { kernel } = await readyAgent();
    window.dispatchEvent(new Event('pagehide'));
    expect(kernel.sent.map(msg => msg.header.msg_type)).toEqual([
      'comm_open',
      'comm_close'
    ]);
  });

  it('keeps it where the browser may bring the page back', async () => {
    const { kernel } = await readyAgent();
    const event = new Event('pagehide');
    window.dispatchEvent(Object.assign(event, { persisted: true }));
    expect(kernel.sent.map(msg => msg.header.msg_type)).toEqual(['comm_open']);
  });

  it('is not listened for after the end', async () => {
    const { agent, kernel } = await readyAgent();
    agent.dispose();
    const sent = kernel.sent.length;
    window.dispatchEvent(new Event('pagehide'));
    expect(kernel.sent).toHaveLength(sent);
  });
});

describe('a kernel that ends before it was connected to', () => {
  const ENDED: AgentState = { kind: 'dead', atStart: true };

  it('is dead when JupyterLab says so', () => {
    const { agent, context } = askingAgent();
    context.statusChanged.emit('dead');
    expect(agent.state).toEqual(ENDED);
    context.setKernel(null);
    expect(agent.state).toEqual(ENDED);
  });

  it('is dead when its session goes first', () => {
    const { agent, context } = askingAgent();
    context.connectionStatusChanged.emit('disconnected');
    context.setKernel(null);
    expect(agent.state).toEqual(ENDED);
  });

  it('is dead when it is dead already', () => {
    const { agent, context } = askingAgent();
    const kernel = new FakeKernel();
    kernel.status = 'dead';
    context.setKernel(kernel);
    expect(agent.state).toEqual(ENDED);
    expect(kernel.installs).toEqual([]);
  });

  it('is none when a person shuts it down', () => {
    const { agent, context } = askingAgent();
    context.statusChanged.emit('terminating');
    context.connectionStatusChanged.emit('disconnected');
    context.setKernel(null);
    expect(agent.state).toEqual({ kind: 'no-kernel' });
  });
});

describe('dispose', () => {
  it('closes the comm and hears nothing more', async () => {
    const { agent, context, kernel, states } = await readyAgent();
    const asked = failing(agent.request('report', {}));
    agent.dispose();
    expect(await asked).toBe('not_ready');
    expect(kernel.sent.map(msg => msg.header.msg_type).pop()).toBe(
      'comm_close'
    );
    context.setKernel(new FakeKernel());
    expect(states).toEqual(['installing', 'ready']);
  });
});
