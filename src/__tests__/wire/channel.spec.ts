import { Channel } from '../../wire/channel';
import { MainShellComm } from '../../wire/comm';
import type { KernelEvent } from '../../wire/protocol';
import { PROTOCOL_VERSION } from '../../wire/protocol';
import { RequestError, type RequestFailure } from '../../wire/request';
import { failing } from '../fakes/kernelAgents';
import { FakeKernel } from '../fakes/kernel';
import { sampleGuard, sampleReport } from '../fakes/samples';
import { settled } from '../fakes/waiting';

/** A channel that is open, and what it told. */
function aChannel() {
  const kernel = new FakeKernel();
  const comm = () => new MainShellComm(kernel.connection, 'target');
  const first = comm();
  const channel = new Channel(first, () => false);
  const events: KernelEvent[] = [];
  let closed = 0;
  channel.event.connect((_, event) => events.push(event));
  channel.closed.connect(() => {
    closed++;
  });
  const opened = channel.open();
  const types = () => kernel.sent.map(msg => msg.header.msg_type);
  return {
    kernel,
    channel,
    comm,
    first,
    events,
    opened,
    types,
    closed: () => closed
  };
}

describe('a channel', () => {
  it('opens with the version of the protocol, and knows when that is handled', async () => {
    const { kernel, opened } = aChannel();
    expect(kernel.sent[0].content).toMatchObject({
      target_name: 'target',
      data: { version: PROTOCOL_VERSION }
    });
    let isOpen = false;
    void opened.then(() => {
      isOpen = true;
    });
    await settled();
    expect(isOpen).toBe(false);
    await kernel.end();
    expect(isOpen).toBe(true);
  });

  it('gives each request a number of its own', () => {
    const { kernel, channel } = aChannel();
    channel.request('report', {}).catch(() => undefined);
    channel.request('report', {}).catch(() => undefined);
    const ids = kernel.requests.map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
  });

  it('tells events, and takes replies to nobody', async () => {
    const { kernel, channel, events } = aChannel();
    const data = sampleGuard();
    kernel.say({ event: 'guard', data });
    for (const late of [
      { ok: true, result: sampleReport() },
      { ok: false, error: { code: 'internal' } },
      { ok: 'maybe' }
    ]) {
      kernel.say({ id: 'nobody', ...late });
    }
    kernel.say('nonsense');
    expect(events).toEqual([{ event: 'guard', data }]);
    const asked = channel.request('report', {});
    kernel.say({
      id: kernel.requests[0].id,
      ok: true,
      result: sampleReport()
    });
    expect(await asked).toEqual(sampleReport());
  });

  it('passes on what the kernel says was wrong', async () => {
    const { kernel, channel } = aChannel();
    const asked = channel.request('release', { keys: ['r1'] });
    const [{ id }] = kernel.requests;
    const error = { code: 'unknown_key', detail: 'r1' };
    kernel.say({ id, ok: false, error });
    await expect(asked).rejects.toMatchObject(error);
  });

  it('tells that the kernel has closed it', () => {
    const { kernel, closed } = aChannel();
    kernel.say({}, 'comm_close');
    expect(closed()).toBe(1);
  });

  it.each<[RequestFailure, boolean]>([
    ['not_ready', true],
    ['disconnected', true],
    ['restarted', false],
    ['dead', false]
  ])('ends as %s; whether the kernel is told so: %s', async (code, isTold) => {
    const { kernel, channel, first, types, events } = aChannel();
    const asked = failing(channel.request('report', {}));
    expect(channel.isDisposed).toBe(false);
    channel.end(code);
    channel.end('not_ready');
    channel.dispose();
    expect(channel.isDisposed).toBe(true);
    expect(first.isDisposed).toBe(true);
    expect(await asked).toBe(code);
    expect(types()).toEqual([
      'comm_open',
      'comm_msg',
      ...(isTold ? ['comm_close'] : [])
    ]);
    kernel.say({ event: 'guard', data: sampleGuard() });
    expect(events).toEqual([]);
  });

  it('sends nothing after its end', async () => {
    const { channel, types } = aChannel();
    const asked = failing(channel.request('report', {}));
    channel.dispose();
    expect(await asked).toBe('not_ready');
    expect(await failing(channel.request('report', {}))).toBe('not_ready');
    expect(types()).toEqual(['comm_open', 'comm_msg', 'comm_close']);
  });

  it('sends again what has no answer, and only that, over another comm', async () => {
    const { kernel, channel, comm, types, events, closed } = aChannel();
    const first = channel.request('report', {});
    const second = channel.request('report', {});
    const [{ id }, { id: other }] = kernel.requests;
    kernel.say({ id, ok: true, result: sampleReport() });
    await first;
    const reopened = channel.reopen(comm());
    expect(types()).toEqual([
      'comm_open',
      'comm_msg',
      'comm_msg',
      'comm_open',
      'comm_msg'
    ]);
    kernel.say({ event: 'guard', data: sampleGuard() });
    expect(events).toHaveLength(1);
    kernel.say({ id: other, ok: true, result: sampleReport() });
    expect(await second).toEqual(sampleReport());
    await kernel.end(3);
    await reopened;
    kernel.say({}, 'comm_close');
    expect(closed()).toBe(1);
  });

  it('does not keep what failed', async () => {
    const { kernel, channel, comm } = aChannel();
    const abort = new AbortController();
    const { signal } = abort;
    const asked = channel.request('report', {}, { signal });
    abort.abort();
    await expect(asked).rejects.toEqual(new RequestError('cancelled'));
    void channel.reopen(comm());
    expect(kernel.requests).toHaveLength(1);
  });
});
