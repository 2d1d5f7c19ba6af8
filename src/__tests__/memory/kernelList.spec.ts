import { KernelList } from '../../memory/kernels/kernelList';
import { MemorySource } from '../../memory/source';
import { UsageRequests } from '../../memory/usageRequest';
import { FakeKernel } from '../fakes/kernel';
import { FakeMemguard, aDocument } from '../fakes/memguard';
import { FakeServer, noReply } from '../fakes/server';

describe('how often the kernels are listed', () => {
  let server: FakeServer;
  let memguard: FakeMemguard;
  let list: KernelList;
  const kernels = ['one', 'other'].map(id => new FakeKernel({ id }));

  beforeEach(() => {
    jest.useFakeTimers();
    server = new FakeServer();
    memguard = new FakeMemguard(null);
    kernels.forEach(kernel =>
      memguard.open(aDocument(`${kernel.id}.ipynb`, kernel).watched)
    );
    const source = new MemorySource(server.rest, new UsageRequests());
    list = new KernelList(memguard, server.rest, source, server.sessions);
  });

  afterEach(() => {
    list.dispose();
    jest.useRealTimers();
  });

  it('follows the settings while somebody looks', async () => {
    server.answer = () => ({ kernels: [] });
    list.observe();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(server.asked.length).toBeGreaterThan(20);
    const settings = { ...memguard.settings, pollSeconds: 20 };
    Object.assign(memguard, { settings });
    memguard.settingsChanged.emit(settings);
    await jest.advanceTimersByTimeAsync(0);
    const asked = server.asked.length;
    await jest.advanceTimersByTimeAsync(60_000);
    expect(server.asked.length).toBe(asked + 3);
  });

  it('is at once when a session has another name, while somebody looks', async () => {
    server.answer = () => ({ kernels: [] });
    await jest.advanceTimersByTimeAsync(100);
    const asked = server.asked.length;
    server.sessionsChanged.emit();
    await jest.advanceTimersByTimeAsync(0);
    expect(server.asked.length).toBe(asked);
    list.observe();
    await jest.advanceTimersByTimeAsync(0);
    expect(server.asked.length).toBe(asked + 1);
    server.sessionsChanged.emit();
    await jest.advanceTimersByTimeAsync(0);
    expect(server.asked.length).toBe(asked + 2);
  });

  it('is at once when the page is seen again, while somebody looks', async () => {
    server.answer = () => ({ kernels: [] });
    list.observe();
    await jest.advanceTimersByTimeAsync(0);
    const asked = server.asked.length;
    document.dispatchEvent(new Event('visibilitychange'));
    await jest.advanceTimersByTimeAsync(0);
    expect(server.asked.length).toBe(asked + 1);
  });

  it('begins without what remote kernels told when somebody looked before', async () => {
    const reply = noReply('one', 'remote');
    const more = { name: 'python3', notebook: null, title: null, kind: null };
    server.answer = path =>
      path === '' ? { kernels: [{ ...reply, ...more }] } : reply;
    kernels[0].usage = { kernel_memory: 5 };
    const looking = list.observe();
    await jest.advanceTimersByTimeAsync(100);
    expect(list.remote.get('one')).toMatchObject({ bytes: 5 });
    looking.dispose();
    await jest.advanceTimersByTimeAsync(3_600_000);
    list.observe();
    expect(list.remote.size).toBe(0);
  });

  it('is not at all while a connection is made anew and none is there', async () => {
    [kernels[0].connectionStatus, kernels[1].connectionStatus] = [
      'connecting',
      'disconnected'
    ];
    await jest.advanceTimersByTimeAsync(600_000);
    expect(list.failure).toBe('unreachable');
    expect(server.asked.length).toBe(1);
  });

  it('is seldom when all connections are given up', async () => {
    kernels.forEach(kernel => {
      kernel.connectionStatus = 'disconnected';
    });
    await jest.advanceTimersByTimeAsync(600_000);
    expect(list.failure).toBe('unreachable');
    server.answer = () => ({ kernels: [] });
    await jest.advanceTimersByTimeAsync(120_000);
    expect(list.failure).toBeNull();
  });
});
