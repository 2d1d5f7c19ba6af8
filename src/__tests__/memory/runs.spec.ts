import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel } from '@jupyterlab/services';
import { CellRuns } from '../../kernel/cellRuns';
import { RunRecorder } from '../../memory/chart/runs';
import { FakeContext, FakeKernel } from '../fakes/kernel';
import { FakeServer, aReply, noReply } from '../fakes/server';
import { until } from '../fakes/waiting';

const START = Date.parse('2026-01-01T00:00:00Z') / 1000;

/** What passes by when a kernel runs a cell, at seconds after START. */
class FakeCell {
  constructor(
    private readonly kernel: FakeKernel,
    private readonly id: string,
    private readonly count: number
  ) {}
  request(cellId?: string): this {
    return this.emit('send', 'execute_request', {}, 0, { cellId });
  }
  begin(second: number): this {
    return this.emit('recv', 'status', { execution_state: 'busy' }, second);
  }
  input(second: number): this {
    const content = { execution_count: this.count, code: '' };
    return this.emit('recv', 'execute_input', content, second);
  }
  end(second: number): this {
    return this.emit('recv', 'status', { execution_state: 'idle' }, second);
  }
  private emit(
    direction: 'send' | 'recv',
    type: string,
    content: object,
    second: number,
    metadata: object = {}
  ): this {
    const sent = direction === 'send';
    const msg = {
      header: {
        msg_id: sent ? this.id : 'other',
        msg_type: type,
        date: new Date((START + second) * 1000).toISOString()
      },
      parent_header: sent
        ? {}
        : { msg_id: this.id, msg_type: 'execute_request' },
      metadata,
      content
    };
    this.kernel.anyMessage.emit({
      direction,
      msg
    } as unknown as Kernel.IAnyMessageArgs);
    return this;
  }
}

describe('the recorder of runs', () => {
  let recorder: RunRecorder;
  let server: FakeServer;
  let kernel: FakeKernel;
  let context: FakeContext;
  let samples: [number, number, number | null][];

  beforeEach(() => {
    server = new FakeServer();
    samples = [];
    server.answer = path =>
      path.endsWith('/samples')
        ? { samples: samples.map(([at, ...rest]) => [START + at, ...rest]) }
        : aReply('k', { sampled: START - 100 });
    kernel = new FakeKernel({ id: 'k' });
    context = new FakeContext(kernel);
    const runs = new CellRuns();
    kernel.anyMessage.connect((_, args) => runs.see(args));
    recorder = new RunRecorder(
      context as unknown as ISessionContext,
      server.rest,
      runs
    );
  });

  afterEach(() => recorder.dispose());

  it('measures a run with its cell', async () => {
    samples = [
      [0, 100, 100],
      [2, 700, 900],
      [4, 300, 900]
    ];
    const cell = new FakeCell(kernel, 'm1', 7);
    cell.request('cell-a').begin(1).input(1).end(3);
    await until(() => recorder.measured.length === 1);
    expect(recorder.measured[0]).toMatchObject({
      runs: [{ id: 'm1', count: 7, cellId: 'cell-a' }],
      change: { delta: 200, peak: 800 }
    });
  });

  it('knows runs of other clients, without their cells', async () => {
    samples = [
      [0, 100, null],
      [4, 300, null]
    ];
    new FakeCell(kernel, 'theirs', 3).begin(1).input(1).end(3);
    await until(() => recorder.measured.length === 1);
    expect(recorder.measured[0].runs[0]).toMatchObject({
      count: 3,
      cellId: null
    });
  });

  it('begins anew where the clock was put back', async () => {
    samples = [
      [1000, 100, null],
      [1004, 900, null]
    ];
    new FakeCell(kernel, 'm1', 1).begin(1001).input(1001).end(1003);
    await until(() => recorder.measured.length === 1);
    samples = [
      [0, 900, null],
      [4, 950, null]
    ];
    new FakeCell(kernel, 'm2', 2).begin(1).input(1).end(3);
    await until(() => recorder.measured.length === 2);
    expect(recorder.measured.map(({ change }) => change.delta)).toEqual([
      800, 50
    ]);
  });

  it('leaves silent requests out', async () => {
    samples = [
      [0, 100, null],
      [9, 300, null]
    ];
    new FakeCell(kernel, 'silent', 0).request().begin(1).end(2);
    new FakeCell(kernel, 'm2', 1).request('c').begin(3).input(3).end(4);
    await until(() => recorder.measured.length === 1);
    expect(recorder.measured[0].runs.map(run => run.id)).toEqual(['m2']);
  });

  it('keeps runs before a restart apart from those after it', async () => {
    samples = [
      [0, 100, null],
      [4, 300, null]
    ];
    new FakeCell(kernel, 'm1', 1).request('c').begin(1).input(1).end(3);
    await until(() => recorder.measured.length === 1);
    context.statusChanged.emit('autorestarting');
    samples = [
      [10, 50, null],
      [14, 60, null]
    ];
    new FakeCell(kernel, 'm2', 1).request('c').begin(11).input(11).end(13);
    await until(() => recorder.measured.length === 2);
    const [before, after] = recorder.measured;
    expect(after.life).not.toBe(before.life);
    expect(after.change.delta).toBe(10);
  });

  it('knows a restart by another client by the numbers, which begin anew', async () => {
    samples = [
      [0, 100, null],
      [4, 900, null]
    ];
    new FakeCell(kernel, 'm1', 5).request('c').begin(1).input(1).end(3);
    new FakeCell(kernel, 'm2', 6).request('c').begin(5).input(5);
    await until(() => recorder.measured.length === 1);
    samples = [
      [10, 50, null],
      [14, 60, null]
    ];
    const [first, second] = [3, 4].map(number =>
      new FakeCell(kernel, `m${number}`, number - 2).request(`c${number}`)
    );
    first.begin(11).input(11).end(13);
    await until(() => recorder.measured.length === 2);
    const [before, after] = recorder.measured;
    expect(after.life).not.toBe(before.life);
    expect(after).toMatchObject({
      change: { delta: 10 },
      runs: [{ count: 1 }]
    });
    samples = [[18, 80, null]];
    second.begin(15).input(15).end(17);
    await until(() => recorder.measured.length === 3);
    expect(recorder.measured[2]).toMatchObject({
      life: after.life,
      runs: [{ count: 2, cellId: 'c4' }],
      change: { delta: 20 }
    });
  });

  it('says so when the server has no samples', async () => {
    jest.useFakeTimers();
    server.answer = path =>
      path.endsWith('/samples') ? { samples: [] } : noReply('k', 'remote');
    new FakeCell(kernel, 'm1', 1).request('c').begin(1).input(1).end(3);
    await jest.advanceTimersByTimeAsync(10000);
    expect(recorder.measured).toEqual([]);
    expect(recorder.unmeasured).toBe(true);
    jest.useRealTimers();
  });

  it('measures runs of a remote kernel by what it tells, together where it told nothing', async () => {
    server.answer = () => noReply('k', 'remote');
    const tell = (second: number, rssBytes: number) =>
      recorder.addTold({
        time: START + second,
        rssBytes,
        highWaterBytes: null
      });
    tell(0, 100);
    new FakeCell(kernel, 'm1', 1).request('c').begin(1).input(1).end(8);
    expect(recorder.measured).toEqual([]);
    tell(10, 700);
    new FakeCell(kernel, 'm2', 2).request('c').begin(11).input(11).end(12);
    new FakeCell(kernel, 'm3', 3).request('c').begin(13).input(13).end(14);
    // The same answer, read again.
    tell(10, 700);
    tell(20, 650);
    expect(
      recorder.measured.map(({ runs, change }) => [
        runs.map(run => run.id),
        change.delta
      ])
    ).toEqual([
      [['m1'], 600],
      [['m2', 'm3'], -50]
    ]);
    expect(recorder.isRemote).toBe(true);
    expect(server.asked.map(({ path }) => path)).toEqual([]);
  });

  it('asks for one sample at a time, however fast the cells end', async () => {
    const answers: (() => void)[] = [];
    server.answer = path =>
      path.endsWith('/samples')
        ? { samples: [] }
        : new Promise(resolve => answers.push(() => resolve(aReply('k'))));
    const end = (count: number) =>
      new FakeCell(kernel, `m${count}`, count).begin(1).input(1).end(1);
    for (let count = 1; count <= 50; count++) {
      end(count);
    }
    await until(() => answers.length > 0);
    expect(answers.length).toBe(1);
    // The last run may have ended after the server had read.
    answers[0]();
    await until(() => answers.length > 1);
    answers[1]();
    await new Promise(resolve => setTimeout(resolve));
    expect(answers.length).toBe(2);
    end(51);
    await until(() => answers.length > 2);
  });

  it.each([404, 403])('asks once a run where it gets a %i', async status => {
    jest.useFakeTimers();
    // The shortest pause that a poll can make after a failure.
    const random = jest.spyOn(Math, 'random').mockReturnValue(0.9999);
    server.answer = () => new Response('<html>', { status });
    let asked = 0;
    for (let count = 1; count <= 5; count++) {
      asked = server.asked.length;
      const cell = new FakeCell(kernel, `m${count}`, count);
      cell.request('c').begin(count).input(count);
      await jest.advanceTimersByTimeAsync(100);
      cell.end(count + 0.1);
      await jest.advanceTimersByTimeAsync(30_000);
      expect(server.asked.length).toBe(asked + 1);
    }
    expect(recorder.unmeasured).toBe(true);
    random.mockRestore();
    jest.useRealTimers();
  });

  it('asks no more while the server is gone', async () => {
    jest.useFakeTimers();
    server.answer = () => {
      throw new TypeError('nobody there');
    };
    kernel.connectionStatus = 'connecting';
    recorder.observe();
    await jest.advanceTimersByTimeAsync(600_000);
    expect(server.asked.length).toBe(1);
    server.answer = () => ({ samples: [] });
    kernel.connectionStatus = 'connected';
    await jest.advanceTimersByTimeAsync(25_000);
    expect(server.asked.length).toBeGreaterThan(2);
    jest.useRealTimers();
  });

  it('asks seldom when the connection is given up', async () => {
    jest.useFakeTimers();
    server.answer = () => {
      throw new TypeError('nobody there');
    };
    kernel.connectionStatus = 'disconnected';
    recorder.observe();
    await jest.advanceTimersByTimeAsync(600_000);
    expect(server.asked.length).toBeGreaterThan(5);
    expect(server.asked.length).toBeLessThan(60);
    jest.useRealTimers();
  });

  it.each(['connecting', 'disconnected'] as const)(
    'asks no more for a run whose end was missed while %s',
    async status => {
      jest.useFakeTimers();
      server.answer = () => ({ samples: [] });
      new FakeCell(kernel, 'm1', 1).request('c').begin(1).input(1);
      await jest.advanceTimersByTimeAsync(25_000);
      expect(server.asked.length).toBe(3);
      context.connectionStatusChanged.emit(status);
      context.connectionStatusChanged.emit('connected');
      await jest.advanceTimersByTimeAsync(600_000);
      expect(server.asked.length).toBe(3);
      jest.useRealTimers();
    }
  );

  it('asks nothing while no cell runs and nobody watches', async () => {
    jest.useFakeTimers();
    await jest.advanceTimersByTimeAsync(60000);
    expect(server.asked).toEqual([]);
    const observing = recorder.observe();
    await jest.advanceTimersByTimeAsync(25000);
    expect(server.asked.length).toBe(3);
    observing.dispose();
    jest.useRealTimers();
  });
});
