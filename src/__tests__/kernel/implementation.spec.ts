/** Kernels that say Python, and what they get. */

import { hasOwnShell, HeldRequest, learn } from '../../kernel/implementation';
import { anAgent } from '../fakes/kernelAgents';
import { FakeContext, FakeKernel } from '../fakes/kernel';
import { settled } from '../fakes/waiting';

/** What the messages to a kernel would be if they went out now. */
function outgoing(kernel: FakeKernel): string[] {
  return kernel.outgoing.map(msg => msg.header.msg_type);
}

describe('an implementation', () => {
  it.each([
    ['ipython', true],
    ['IPython', true],
    ['xeus-python', true],
    ['pyodide', true],
    ['PySpark', false],
    ['MetaKernel Python', false],
    ['', false]
  ])('named %j has a shell of its own: %s', (name, has) => {
    expect(hasOwnShell(name, [])).toBe(has);
  });

  it('that a person has added has one', () => {
    expect(hasOwnShell('My Kernel', ['other', ' my kernel '])).toBe(true);
  });

  it('has none in raw mode, unless a person has added it', () => {
    const argv = ['python', '-m', 'xpython_launcher', '-f', '{}', '--raw'];
    expect(hasOwnShell('xeus-python', [], argv)).toBe(false);
    expect(hasOwnShell('xeus-python', ['xeus-python'], argv)).toBe(true);
    expect(hasOwnShell('xeus-python', [], argv.slice(0, 5))).toBe(true);
  });

  it('that is no text is unknown', () => {
    const kernel = new FakeKernel().connection;
    expect(learn(kernel, { implementation: 5 })).toBe(true);
    expect(learn(kernel, { implementation: 'ipython' })).toBe(false);
  });
});

describe('a kernel that answers itself', () => {
  it.each(['echo', 'python3', 'of another server'])(
    'named %s is greeted, and gets no code',
    async name => {
      const context = new FakeContext();
      const { agent } = anAgent(context);
      const kernel = new FakeKernel({ name });
      context.setKernel(kernel);
      kernel.tellInfo('mine', ['memguard']);
      expect(outgoing(kernel)).not.toContain('execute_request');
      expect(kernel.sent.map(msg => msg.header.msg_type)).toEqual([
        'comm_open'
      ]);
      kernel.hello();
      expect(agent.state).toEqual({ kind: 'ready' });
      await settled();
    }
  );

  it('is greeted where it had told so before', async () => {
    const context = new FakeContext();
    const kernel = new FakeKernel({ name: 'echo' });
    kernel.connectionStatus = 'connected';
    kernel.info = Promise.resolve({ supported_features: ['memguard'] });
    context.setKernel(kernel);
    const { agent } = anAgent(context);
    expect(agent.state.kind).toBe('not-python');
    await settled();
    kernel.hello();
    expect(agent.state.kind).toBe('ready');
  });
});

describe('a request that is held', () => {
  it('asks what the kernel is until it is released', () => {
    const content = { code: 'pass' };
    const msg = { header: { msg_type: 'execute_request' }, content } as never;
    const held = new HeldRequest(msg);
    expect(msg).toEqual({
      header: { msg_type: 'kernel_info_request' },
      content: {}
    });
    held.release();
    expect(msg).toEqual({ header: { msg_type: 'execute_request' }, content });
  });
});

describe('the install message', () => {
  function starting(added: string[] = []) {
    const context = new FakeContext();
    const { agent } = anAgent(context, null, undefined, added);
    const kernel = new FakeKernel();
    context.setKernel(kernel);
    return { agent, context, kernel };
  }

  it('waits before the first cell, and goes out to IPython', () => {
    const { agent, kernel } = starting();
    expect(outgoing(kernel)).toEqual(['kernel_info_request']);
    kernel.tellInfo('ipython');
    expect(outgoing(kernel)).toEqual(['execute_request']);
    expect(agent.state.kind).toBe('installing');
  });

  it('never goes out to a kernel that passes code on', () => {
    const { agent, context, kernel } = starting();
    kernel.tellInfo('PySpark');
    expect(outgoing(kernel)).toEqual(['kernel_info_request']);
    expect(agent.state).toEqual({
      kind: 'not-python',
      language: 'python',
      implementation: 'PySpark'
    });
    context.statusChanged.emit('restarting');
    context.setKernel(kernel);
    expect(outgoing(kernel)).toEqual(['kernel_info_request']);
    expect(agent.state.kind).toBe('not-python');
  });

  it('goes out as itself at once where the kernel is known', async () => {
    const { context, kernel } = starting();
    await kernel.answerVersion();
    await settled();
    context.setKernel(kernel);
    expect(outgoing(kernel)).toEqual(['execute_request', 'execute_request']);
  });

  it('goes to a kernel that a person adds, without a restart', () => {
    const added: string[] = [];
    const { agent, kernel } = starting(added);
    kernel.tellInfo('mine');
    added.push('mine');
    agent.prepare();
    expect(outgoing(kernel)).toEqual([
      'kernel_info_request',
      'execute_request'
    ]);
  });

  it('waits for what a kernel is that is connected to already', async () => {
    const context = new FakeContext();
    const kernel = new FakeKernel();
    kernel.connectionStatus = 'connected';
    kernel.info = Promise.resolve({ implementation: 'PySpark' });
    context.setKernel(kernel);
    const { agent } = anAgent(context);
    await settled();
    expect(kernel.outgoing).toHaveLength(0);
    expect(agent.state.kind).toBe('not-python');
    const other = new FakeKernel();
    other.connectionStatus = 'connected';
    context.setKernel(other);
    await settled();
    expect(outgoing(other)).toEqual(['execute_request']);
  });

  it('is not sent to a connected kernel that does not tell what it is', async () => {
    const context = new FakeContext();
    const kernel = new FakeKernel();
    kernel.connectionStatus = 'connected';
    kernel.info = Promise.reject(new Error('Kernel info reply errored'));
    context.setKernel(kernel);
    const { agent } = anAgent(context);
    await settled();
    expect(kernel.outgoing).toHaveLength(0);
    expect(agent.state).toMatchObject({ implementation: '' });
  });

  it('is sent again where JupyterLab did not wait for the answer', async () => {
    const { kernel } = starting();
    await kernel.answerAsInfo('ipython');
    await settled();
    expect(outgoing(kernel)).toEqual([
      'kernel_info_request',
      'execute_request'
    ]);
  });
});
