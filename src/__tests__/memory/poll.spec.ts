import { nullTranslator } from '@jupyterlab/translation';
import { MemoryPoll } from '../../memory/poll';
import type { MemorySource, Reading } from '../../memory/source';
import { reasonText } from '../../memory/words';
import { FakeKernel } from '../fakes/kernel';
import { FakeMemguard, aDocument } from '../fakes/memguard';
import { NO_KINDS } from '../fakes/server';
import { aPromise, until } from '../fakes/waiting';

const trans = nullTranslator.load('jupyter_memguard');

function aReading(kernelId: string, bytes: number, time = bytes): Reading {
  return {
    kind: 'process',
    kernelId,
    bytes,
    kinds: NO_KINDS,
    childrenBytes: 0,
    limit: null,
    level: null,
    nearest: null,
    time
  };
}

/** A source whose readings a test gives out one by one. */
class FakeSource {
  readonly asked: { kernelId: string; give: (reading: Reading) => void }[] = [];
  forgotten = 0;
  async read(kernel: { id: string }): Promise<Reading> {
    const { promise, resolve } = aPromise<Reading>();
    this.asked.push({ kernelId: kernel.id, give: resolve });
    return promise;
  }
  forget(): void {
    this.forgotten += 1;
  }
  /** Answer the newest question. */
  async give(reading: Reading): Promise<void> {
    this.asked[this.asked.length - 1].give(reading);
    await Promise.resolve();
  }
  get source(): MemorySource {
    return this as unknown as MemorySource;
  }
}

function setHidden(hidden: boolean): void {
  Object.defineProperties(document, {
    hidden: { value: hidden, configurable: true },
    visibilityState: {
      value: hidden ? 'hidden' : 'visible',
      configurable: true
    }
  });
  document.dispatchEvent(new Event('visibilitychange'));
}

describe('the poll of the kernel in front', () => {
  let poll: MemoryPoll | null = null;

  afterEach(() => {
    poll?.dispose();
    poll = null;
    setHidden(false);
    jest.useRealTimers();
  });

  function start(kernel: FakeKernel | null) {
    const { watched, context } = aDocument('a.ipynb', kernel);
    const memguard = new FakeMemguard(watched);
    const fake = new FakeSource();
    poll = new MemoryPoll(memguard, fake.source);
    return { memguard, fake, context, poll };
  }

  it('reads at once, and keeps a history', async () => {
    const { fake, poll } = start(new FakeKernel({ id: 'k' }));
    await until(() => fake.asked.length === 1);
    await fake.give(aReading('k', 100));
    await until(() => poll.reading.kind === 'process');
    poll.readNow();
    await until(() => fake.asked.length === 2);
    await fake.give(aReading('k', 200));
    await until(() => poll.history.length === 2);
    expect(poll.history).toEqual([100, 200]);
  });

  it('asks nothing where there is no kernel', async () => {
    jest.useFakeTimers();
    const { fake, poll } = start(null);
    await jest.advanceTimersByTimeAsync(5000);
    expect(poll.reading).toMatchObject({ kind: 'none', reason: 'no_kernel' });
    expect(fake.asked).toEqual([]);
  });

  it('drops a late answer about a kernel that is not in front', async () => {
    const { fake, memguard, poll } = start(new FakeKernel({ id: 'first' }));
    await until(() => fake.asked.length === 1);
    const late = fake.asked[0].give;
    memguard.bring(
      aDocument('b.ipynb', new FakeKernel({ id: 'second' })).watched
    );
    expect(poll.reading).toMatchObject({ kernelId: 'second', kind: 'none' });
    await until(() => fake.asked.length === 2);
    expect(fake.asked[1].kernelId).toBe('second');
    late(aReading('first', 1));
    await fake.give(aReading('second', 2));
    await until(() => poll.reading.kind === 'process');
    expect(poll.reading).toMatchObject({ kernelId: 'second', bytes: 2 });
    expect(poll.history).toEqual([2]);
  });

  it('drops a late answer about the process before a restart', async () => {
    const { fake, context, poll } = start(new FakeKernel({ id: 'k' }));
    await until(() => fake.asked.length === 1);
    const late = fake.asked[0].give;
    context.statusChanged.emit('restarting');
    late(aReading('k', 1));
    await until(() => fake.asked.length === 2);
    expect(poll.reading.kind).toBe('none');
    await fake.give(aReading('k', 2));
    await until(() => poll.reading.kind === 'process');
    expect(poll.history).toEqual([2]);
  });

  it('forgets what a kernel told when it restarts, not when it comes in front', async () => {
    const { fake, context, memguard } = start(new FakeKernel({ id: 'first' }));
    const first = memguard.current;
    memguard.bring(
      aDocument('b.ipynb', new FakeKernel({ id: 'second' })).watched
    );
    memguard.bring(first);
    expect(fake.forgotten).toBe(0);
    context.statusChanged.emit('restarting');
    expect(fake.forgotten).toBe(1);
  });

  it('says that it starts of a kernel that does, not of each that comes in front', async () => {
    const { fake, context, memguard, poll } = start(
      new FakeKernel({ id: 'k' })
    );
    expect(poll.reading).toMatchObject({ kind: 'none', reason: 'reading' });
    await until(() => fake.asked.length === 1);
    await fake.give(aReading('k', 1));
    await until(() => poll.reading.kind === 'process');
    context.statusChanged.emit('restarting');
    expect(poll.reading).toMatchObject({ kind: 'none', reason: 'starting' });
    const other = aDocument('b.ipynb', new FakeKernel({ id: 'other' }));
    memguard.bring(other.watched);
    expect(poll.reading).toMatchObject({ kind: 'none', reason: 'reading' });
    expect(reasonText('reading', trans)).toBe('reading…');
  });

  it('shows no figure of a kernel that died', async () => {
    const { fake, context, poll } = start(new FakeKernel({ id: 'k' }));
    await until(() => fake.asked.length === 1);
    await fake.give(aReading('k', 1));
    await until(() => poll.reading.kind === 'process');
    context.statusChanged.emit('dead');
    expect(poll.reading).toMatchObject({ kind: 'none', reason: 'died' });
    expect(poll.history).toEqual([]);
  });

  it('shows no figure when the server does not answer, and asks less', async () => {
    jest.useFakeTimers();
    const { fake, poll } = start(new FakeKernel({ id: 'k' }));
    await jest.advanceTimersByTimeAsync(0);
    await fake.give(aReading('k', 1));
    for (let second = 0; second < 120; second++) {
      await jest.advanceTimersByTimeAsync(1000);
      await fake.give({ kind: 'none', kernelId: 'k', reason: 'unreachable' });
    }
    expect(poll.reading).toMatchObject({ reason: 'unreachable' });
    expect(fake.asked.length).toBeLessThan(60);
  });

  it('asks less about a kernel that the server does not have any more', async () => {
    jest.useFakeTimers();
    const { fake } = start(new FakeKernel({ id: 'k' }));
    for (let second = 0; second < 120; second++) {
      await jest.advanceTimersByTimeAsync(1000);
      await fake.give({ kind: 'none', kernelId: 'k', reason: 'no_kernel' });
    }
    expect(fake.asked.length).toBeLessThan(60);
  });

  it('asks no more while the server is gone, and at once when it is back', async () => {
    jest.useFakeTimers();
    const kernel = new FakeKernel({ id: 'k' });
    const { fake, context, poll } = start(kernel);
    const link = (status: 'connecting' | 'connected') => {
      kernel.connectionStatus = status;
      context.connectionStatusChanged.emit(status);
    };
    await jest.advanceTimersByTimeAsync(0);
    await fake.give(aReading('k', 1));
    await jest.advanceTimersByTimeAsync(0);
    link('connecting');
    await jest.advanceTimersByTimeAsync(0);
    await fake.give({ kind: 'none', kernelId: 'k', reason: 'unreachable' });
    await jest.advanceTimersByTimeAsync(0);
    expect(poll.reading).toMatchObject({ reason: 'unreachable' });
    const asked = fake.asked.length;
    await jest.advanceTimersByTimeAsync(600_000);
    expect(fake.asked.length).toBe(asked);
    link('connected');
    await jest.advanceTimersByTimeAsync(0);
    expect(fake.asked.length).toBe(asked + 1);
    await fake.give(aReading('k', 2));
    await jest.advanceTimersByTimeAsync(5000);
    expect(poll.reading).toMatchObject({ bytes: 2 });
    expect(fake.asked.length).toBeGreaterThan(asked + 1);
  });

  it('asks seldom when the connection is given up: nothing else says that the server is back', async () => {
    jest.useFakeTimers();
    const kernel = new FakeKernel({ id: 'k' });
    const { fake, context, poll } = start(kernel);
    kernel.connectionStatus = 'connecting';
    await jest.advanceTimersByTimeAsync(0);
    await fake.give({ kind: 'none', kernelId: 'k', reason: 'unreachable' });
    await jest.advanceTimersByTimeAsync(60_000);
    expect(fake.asked.length).toBe(1);
    kernel.connectionStatus = 'disconnected';
    context.connectionStatusChanged.emit('disconnected');
    for (let second = 0; second < 300; second++) {
      await jest.advanceTimersByTimeAsync(1000);
      await fake.give({ kind: 'none', kernelId: 'k', reason: 'unreachable' });
    }
    expect(fake.asked.length).toBeGreaterThan(5);
    expect(fake.asked.length).toBeLessThan(40);
    const asked = fake.asked.length;
    await jest.advanceTimersByTimeAsync(60_000);
    expect(fake.asked.length).toBeGreaterThan(asked);
    await fake.give(aReading('k', 2));
    await jest.advanceTimersByTimeAsync(0);
    expect(poll.reading).toMatchObject({ bytes: 2 });
  });

  it('stands still while the page is hidden', async () => {
    jest.useFakeTimers();
    setHidden(true);
    const { fake } = start(new FakeKernel({ id: 'k' }));
    await jest.advanceTimersByTimeAsync(10000);
    const before = fake.asked.length;
    await jest.advanceTimersByTimeAsync(10000);
    expect(fake.asked.length).toBe(before);
    setHidden(false);
    await jest.advanceTimersByTimeAsync(0);
    expect(fake.asked.length).toBe(before + 1);
  });
});
