import { MemorySource } from '../../memory/source';
import { UsageRequests } from '../../memory/usageRequest';
import { FakeKernel } from '../fakes/kernel';
import { FakeServer, GIB, aReply, noReply } from '../fakes/server';

function aSource() {
  const server = new FakeServer();
  return { server, source: new MemorySource(server.rest, new UsageRequests()) };
}

describe('the source of a kernel’s memory', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it('is the process, and the kernel is not asked', async () => {
    const { server, source } = aSource();
    const kinds = {
      pss_bytes: 4,
      swap_bytes: 3,
      anonymous_bytes: 2,
      file_bytes: 1,
      shared_bytes: 0
    };
    server.answer = () => aReply('k', { children_bytes: 5, ...kinds });
    const kernel = new FakeKernel({ id: 'k' });
    expect(await source.read(kernel.connection)).toMatchObject({
      kind: 'process',
      kernelId: 'k',
      bytes: 2 * GIB,
      kinds,
      childrenBytes: 5,
      level: 0.25
    });
    expect(kernel.usageAsked).toBe(0);
  });

  it('is the kernel’s own answer where there is no process', async () => {
    const { server, source } = aSource();
    server.answer = () => noReply('k', 'remote');
    const kernel = new FakeKernel({ id: 'k' });
    kernel.usage = { kernel_memory: 1234, pid: 1 };
    expect(await source.read(kernel.connection)).toMatchObject({
      kind: 'usage_request',
      bytes: 1234,
      limit: null,
      level: null
    });
  });

  it('has the machine’s memory of the kernel’s own answer', async () => {
    const { server, source } = aSource();
    server.answer = () => noReply('k', 'remote');
    const kernel = new FakeKernel({ id: 'k' });
    kernel.usage = {
      kernel_memory: 1234,
      host_virtual_memory: { total: 1000, available: 100, used: 700 }
    };
    expect(await source.read(kernel.connection)).toMatchObject({
      bytes: 1234,
      limit: { source: 'machine', limit_bytes: 1000, used_bytes: 900 },
      level: 0.9
    });
  });

  it.each([
    null,
    'much',
    { total: 0, available: 0 },
    { total: 10, available: 20 },
    { total: '10', available: '5' }
  ])('has no limit of an answer with %j', async host_virtual_memory => {
    const { server, source } = aSource();
    server.answer = () => noReply('k', 'remote');
    const kernel = new FakeKernel({ id: 'k' });
    kernel.usage = { kernel_memory: 1234, host_virtual_memory };
    expect(await source.read(kernel.connection)).toMatchObject({
      bytes: 1234,
      limit: null,
      level: null
    });
  });

  it('asks a remote kernel, and about it, every ten seconds at most', async () => {
    jest.useFakeTimers();
    const { server, source } = aSource();
    server.answer = () => noReply('k', 'remote');
    const kernel = new FakeKernel({ id: 'k' });
    kernel.usage = { kernel_memory: 1234 };
    for (let second = 0; second < 35; second++) {
      await source.read(kernel.connection);
      jest.advanceTimersByTime(1000);
    }
    expect(kernel.usageAsked).toBe(4);
    expect(server.asked.length).toBe(4);
  });

  it('asks again when the clock was put back', async () => {
    jest.useFakeTimers();
    const { server, source } = aSource();
    server.answer = () => noReply('k', 'remote');
    const kernel = new FakeKernel({ id: 'k' });
    kernel.usage = { kernel_memory: 1 };
    await source.read(kernel.connection);
    jest.setSystemTime(Date.now() - 3_600_000);
    kernel.usage = { kernel_memory: 2 };
    expect(await source.read(kernel.connection)).toMatchObject({ bytes: 2 });
    expect(server.asked.length).toBe(2);
  });

  it('asks less often where the answers are slow', async () => {
    jest.useFakeTimers();
    const kernel = new FakeKernel({ id: 'k' });
    kernel.sendControlMessage = () => {
      kernel.usageAsked += 1;
      const done = new Promise(resolve =>
        setTimeout(() => resolve({ content: { kernel_memory: 1 } }), 4000)
      );
      return { done, dispose: () => undefined };
    };
    const usage = new UsageRequests();
    for (let second = 0; second < 60; second++) {
      void usage.ask(kernel.connection);
      await jest.advanceTimersByTimeAsync(1000);
    }
    // 4 seconds of answering, then 20 seconds of rest.
    expect(kernel.usageAsked).toBe(3);
  });

  it('is nothing where the kernel does not answer', async () => {
    jest.useFakeTimers();
    const { server, source } = aSource();
    server.answer = () => noReply('k', 'remote');
    const reading = source.read(new FakeKernel({ id: 'k' }).connection);
    await jest.advanceTimersByTimeAsync(10000);
    expect(await reading).toEqual({
      kind: 'none',
      kernelId: 'k',
      reason: 'remote_silent'
    });
  });

  it('is asked for soon after a request that was lost, then once a minute', async () => {
    jest.useFakeTimers();
    const kernel = new FakeKernel({ id: 'k' });
    const usage = new UsageRequests();
    const asked: number[] = [];
    for (let second = 0; second < 150; second++) {
      const before = kernel.usageAsked;
      void usage.ask(kernel.connection);
      if (kernel.usageAsked > before) {
        asked.push(second);
      }
      await jest.advanceTimersByTimeAsync(1000);
    }
    // Each request waits for 10 seconds.
    expect(asked).toEqual([0, 20, 90]);
  });

  it('is nothing where the answer has no memory in it', async () => {
    const { server, source } = aSource();
    server.answer = () => noReply('k', 'remote');
    const kernel = new FakeKernel({ id: 'k' });
    kernel.usage = { cpu_count: 2 };
    expect(await source.read(kernel.connection)).toMatchObject({
      kind: 'none',
      reason: 'remote_silent'
    });
  });

  it.each(['died', 'starting', 'not_permitted', 'unsupported'])(
    'is nothing, and says why: %s',
    async reason => {
      const { server, source } = aSource();
      server.answer = () => noReply('k', reason);
      expect(await source.read(new FakeKernel({ id: 'k' }).connection)).toEqual(
        {
          kind: 'none',
          kernelId: 'k',
          reason
        }
      );
    }
  );

  it('is nothing where the server is not there', async () => {
    const { source } = aSource();
    expect(
      await source.read(new FakeKernel({ id: 'k' }).connection)
    ).toMatchObject({
      reason: 'unreachable'
    });
  });

  it('does not ask a kernel again after a restart for what it was', async () => {
    const { server, source } = aSource();
    server.answer = () => noReply('k', 'remote');
    const kernel = new FakeKernel({ id: 'k' });
    kernel.usage = { kernel_memory: 1 };
    await source.read(kernel.connection);
    kernel.usage = { kernel_memory: 2 };
    source.forget(kernel.connection);
    expect(await source.read(kernel.connection)).toMatchObject({ bytes: 2 });
  });
});
