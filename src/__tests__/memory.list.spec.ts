import { KernelList } from '../memory/kernelList';
import { MemorySource } from '../memory/source';
import { UsageRequests } from '../memory/usageRequest';
import { FakeMemguard } from './fakes';
import { aDocument, FakeKernel, FakeServer } from './memory.fakes';

describe('how often the kernels are listed', () => {
  let server: FakeServer;
  let memguard: FakeMemguard;
  let list: KernelList;
  const kernels = ['one', 'other'].map(id => new FakeKernel(id));

  beforeEach(() => {
    jest.useFakeTimers();
    server = new FakeServer();
    memguard = new FakeMemguard(null);
    kernels.forEach(kernel =>
      memguard.open(aDocument(`${kernel.id}.ipynb`, kernel).watched)
    );
    const source = new MemorySource(server.rest, new UsageRequests());
    list = new KernelList(
      memguard,
      server.rest,
      source,
      server.sessionsChanged
    );
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
