import { Signal } from '@lumino/signaling';
import { RequestError } from '../../wire/channel';
import { CellRuns } from '../../kernel/cellRuns';
import { ExecutedCells } from '../../kernel/executedCells';
import { RetainedModel } from '../../model/retained';
import type {
  IGuardState,
  IReport,
  KernelEvent,
  Method
} from '../../wire/protocol';
import type { AgentState, IKernelAgent, Selection } from '../../tokens';
import { aGuardState, aReleased, aReport, settled } from '../utils';

/** An agent that records what it is asked, and answers when told to. */
class Agent {
  readonly asked: { method: Method; params: object }[] = [];
  /** How long each answer may take, in milliseconds. */
  readonly timeouts: number[] = [];
  readonly stateChanged = new Signal<this, AgentState>(this);
  readonly cellRunningChanged = new Signal<this, boolean>(this);
  readonly guardChanged = new Signal<this, IGuardState | null>(this);
  readonly event = new Signal<this, KernelEvent>(this);
  state: AgentState = { kind: 'ready' };
  cellRunning = false;
  guard: IGuardState | null = null;
  readonly cellRuns = new CellRuns();
  readonly executed = new ExecutedCells(this.cellRuns);
  retries = 0;
  /** What the kernel answers; a RequestError is thrown. */
  answers: Partial<Record<Method, unknown>> = {
    report: aReport(),
    release: aReleased(),
    release_shown: aReleased(),
    release_tracebacks: aReleased(),
    subscribe: {},
    set_guard: aGuardState()
  };
  /** While set, answers wait for it. */
  gate: Promise<void> | null = null;

  async request(
    method: Method,
    params: object,
    options: { signal?: AbortSignal; timeoutMs?: number } = {}
  ): Promise<unknown> {
    this.asked.push({ method, params });
    this.timeouts.push(options.timeoutMs ?? 0);
    await this.gate;
    if (options.signal?.aborted) {
      throw new RequestError('cancelled');
    }
    const answer = this.answers[method];
    if (answer instanceof Error) {
      throw answer;
    }
    return typeof answer === 'function' ? answer(params) : answer;
  }

  retry(): void {
    this.retries++;
  }

  /** The methods asked since the last call. */
  methods(): Method[] {
    return this.asked.splice(0).map(({ method }) => method);
  }

  toState(state: AgentState): void {
    this.state = state;
    this.stateChanged.emit(state);
  }

  run(running: boolean): void {
    this.cellRunning = running;
    this.cellRunningChanged.emit(running);
  }

  tell(event: KernelEvent): void {
    this.event.emit(event);
  }
}

function aModel() {
  const agent = new Agent();
  const model = new RetainedModel(
    agent as unknown as IKernelAgent & Agent,
    () => 2
  );
  return { agent, model };
}

/** A promise that a test resolves. */
function aGate() {
  let open: () => void = () => undefined;
  const gate = new Promise<void>(resolve => (open = resolve));
  return { gate, open };
}

const END: KernelEvent = {
  event: 'cell_end',
  data: {
    execution_count: 9,
    cell_id: null,
    gone: [],
    results: [{ key: 'r9', number: 9, freed_bytes: 5, exact: true }],
    withheld: []
  }
};

describe('reading', () => {
  it('does not happen while nobody looks', async () => {
    const { agent, model } = aModel();
    await model.refresh();
    agent.run(true);
    agent.run(false);
    agent.toState({ kind: 'ready' });
    await settled();
    expect(agent.asked).toEqual([]);
    expect(model.report).toBeNull();
  });

  it('happens when somebody looks, and after each cell', async () => {
    const { agent, model } = aModel();
    const looking = model.observe();
    await settled();
    expect(agent.methods()).toEqual(['subscribe', 'report']);
    expect(model.report).toEqual(aReport());
    agent.run(true);
    await settled();
    expect(agent.methods()).toEqual([]);
    agent.run(false);
    await settled();
    expect(agent.methods()).toEqual(['report']);
    looking.dispose();
    agent.run(true);
    agent.run(false);
    await settled();
    expect(agent.methods()).toEqual(['subscribe']);
  });

  it('waits for a running cell', async () => {
    const { agent, model } = aModel();
    agent.run(true);
    model.observe();
    await settled();
    expect(agent.methods()).toEqual([]);
    agent.run(false);
    await settled();
    expect(agent.methods()).toEqual(['subscribe', 'report']);
  });

  it('happens once more if a cell ended in the meantime', async () => {
    const { agent, model } = aModel();
    const { gate, open } = aGate();
    agent.gate = gate;
    model.observe();
    agent.run(true);
    agent.run(false);
    agent.run(true);
    agent.run(false);
    open();
    await settled();
    expect(agent.methods()).toEqual(['subscribe', 'report', 'report']);
    expect(model.activity.kind).toBe('idle');
  });

  it('keeps the code of a failure until it works again', async () => {
    const { agent, model } = aModel();
    agent.answers.report = new RequestError('invalid_reply');
    model.observe();
    await settled();
    expect(model.failure).toBe('invalid_reply');
    expect(model.report).toBeNull();
    agent.answers.report = aReport();
    await model.refresh();
    expect(model.failure).toBeNull();
  });

  it('begins with a new install where that failed', async () => {
    const { agent, model } = aModel();
    agent.toState({ kind: 'failed', detail: 'Error' });
    model.observe();
    expect(agent.retries).toBe(1);
  });

  it('installs nothing anew while nobody looks', async () => {
    const { agent, model } = aModel();
    agent.toState({ kind: 'failed', detail: 'Error' });
    await model.refresh();
    expect(agent.retries).toBe(0);
  });

  it("installs nothing anew when a cell ends, which may be another page's install", async () => {
    const { agent, model } = aModel();
    agent.toState({ kind: 'failed', detail: 'Error' });
    model.observe();
    agent.run(true);
    agent.run(false);
    await settled();
    expect(agent.retries).toBe(1);
    await model.refresh();
    expect(agent.retries).toBe(2);
  });

  it('is out of date when something happened while nobody looked', async () => {
    const { agent, model } = aModel();
    model.observe().dispose();
    await settled();
    expect(model.report).not.toBeNull();
    expect(model.isStale).toBe(false);
    await model.release({ kind: 'all' });
    expect(model.isStale).toBe(true);
    model.observe();
    await settled();
    expect(model.isStale).toBe(false);
    expect(agent.cellRunning).toBe(false);
  });

  it('reads the overview only for those who look at it', async () => {
    const { agent, model } = aModel();
    agent.answers.overview = { rss_bytes: 1 };
    model.observe();
    await settled();
    agent.methods();
    const looking = model.observeOverview();
    await settled();
    expect(agent.methods()).toEqual(['report', 'overview']);
    looking.dispose();
    await model.refresh();
    expect(agent.methods()).toEqual(['report']);
  });

  it('adds the rows that come after', async () => {
    const { agent, model } = aModel();
    const [first, second] = aReport().results;
    agent.answers.report = ({ offset = 0 }): IReport => ({
      ...aReport(),
      count: 2,
      results: offset === 0 ? [first] : [first, second]
    });
    model.observe();
    await settled();
    expect(model.report?.results).toEqual([first]);
    await model.loadMore();
    expect(agent.asked[agent.asked.length - 1].params).toEqual({ offset: 1 });
    expect(model.report?.results).toEqual([first, second]);
    agent.methods();
    await model.loadMore();
    expect(agent.methods()).toEqual([]);
  });

  it('adds no more rows while nobody looks', async () => {
    const { agent, model } = aModel();
    agent.answers.report = { ...aReport(), count: 9 };
    const looking = model.observe();
    await settled();
    looking.dispose();
    agent.methods();
    await model.loadMore();
    expect(agent.methods()).toEqual([]);
  });

  it('forgets with the kernel, but not with the connection', async () => {
    const { agent, model } = aModel();
    model.observe();
    await settled();
    agent.toState({ kind: 'disconnected' });
    expect(model.report).not.toBeNull();
    agent.toState({ kind: 'restarting' });
    expect(model.report).toBeNull();
    expect(model.pushed.size).toBe(0);
  });
});

describe('cell ends', () => {
  it('are subscribed to while the guard is on', async () => {
    const { agent } = aModel();
    agent.guard = { ...aGuardState(), mode: 'large' };
    agent.guardChanged.emit(agent.guard);
    agent.guardChanged.emit(agent.guard);
    agent.guard = { ...aGuardState(), mode: 'off' };
    agent.guardChanged.emit(agent.guard);
    expect(agent.asked.map(({ params }) => params)).toEqual([
      { cell_end: true },
      { cell_end: false }
    ]);
  });

  it('are subscribed to again in a new kernel', async () => {
    const { agent, model } = aModel();
    model.observe();
    await settled();
    agent.methods();
    agent.toState({ kind: 'restarting' });
    agent.toState({ kind: 'ready' });
    await settled();
    expect(agent.methods()).toEqual(['subscribe', 'report']);
  });

  it('bring the bytes of results without asking', () => {
    const { agent, model } = aModel();
    agent.tell(END);
    expect(model.pushed.get(9)).toEqual({ key: 'r9', bytes: 5 });
    expect(agent.asked).toEqual([]);
  });

  it('tell which older results the guard has let go', () => {
    const { agent, model } = aModel();
    agent.tell(END);
    const withheld = [{ number: 9, type: 'list', bytes: 5 }];
    agent.tell({ ...END, data: { ...END.data, results: [], withheld } });
    expect(model.pushed.size).toBe(0);
  });

  it('tell which results have gone, before those that have their numbers now', () => {
    const { agent, model } = aModel();
    agent.tell(END);
    const nine = { key: 'r10', number: 9, freed_bytes: 7, exact: true };
    const eight = { ...nine, number: 8 };
    agent.tell({ ...END, data: { ...END.data, results: [eight] } });
    agent.tell({
      ...END,
      data: { ...END.data, gone: [8, 9], results: [nine] }
    });
    expect([...model.pushed]).toEqual([[9, { key: 'r10', bytes: 7 }]]);
  });

  it('are not told while nobody looks and the guard is off, so that what was known is no more', async () => {
    const { agent, model } = aModel();
    const looking = model.observe();
    await settled();
    expect(model.pushed.size).toBeGreaterThan(0);
    agent.run(true);
    looking.dispose();
    // This one's end is still told.
    agent.run(false);
    expect(model.pushed.size).toBeGreaterThan(0);
    agent.run(true);
    agent.run(false);
    expect(model.pushed.size).toBe(0);
  });

  it('are believed no more when another client has released something', () => {
    const { agent, model } = aModel();
    agent.tell(END);
    agent.tell({ event: 'released', data: aReleased() });
    expect(model.pushed.size).toBe(0);
  });
});

describe('releasing', () => {
  it.each<[Selection, Method, object]>([
    [{ kind: 'large' }, 'release', { min_bytes: 2 * 1024 * 1024 }],
    [{ kind: 'all' }, 'release', {}],
    [{ kind: 'keys', keys: ['r1'] }, 'release', { keys: ['r1'] }],
    [{ kind: 'shown' }, 'release_shown', {}],
    [{ kind: 'tracebacks' }, 'release_tracebacks', {}]
  ])('%j asks for %s with %j', async (selection, method, params) => {
    const { agent, model } = aModel();
    await model.release(selection);
    expect(agent.asked).toEqual([{ method, params }]);
    expect(model.outcome).toEqual({
      kind: 'released',
      selection,
      result: aReleased()
    });
  });

  it('reads again before it is over', async () => {
    const { agent, model } = aModel();
    model.observe();
    await settled();
    agent.methods();
    await model.release({ kind: 'all' });
    expect(agent.methods()).toEqual(['release', 'report']);
    expect(model.activity.kind).toBe('idle');
  });

  it('waits for the cells that run, and can be taken back', async () => {
    const { agent, model } = aModel();
    agent.run(true);
    const released = model.release({ kind: 'all' });
    expect(model.activity).toEqual({
      kind: 'queued',
      selection: { kind: 'all' }
    });
    model.cancel();
    await released;
    agent.run(false);
    await settled();
    expect(agent.methods()).toEqual([]);
    expect(model.outcome).toBeNull();
    expect(model.activity.kind).toBe('idle');
  });

  it('happens when the cells have ended', async () => {
    const { agent, model } = aModel();
    agent.run(true);
    const released = model.release({ kind: 'all' });
    agent.run(false);
    await released;
    expect(agent.methods()).toEqual(['release']);
  });

  it('takes the place of one that waits', async () => {
    const { agent, model } = aModel();
    agent.run(true);
    const first = model.release({ kind: 'all' });
    const second = model.release({ kind: 'large' });
    agent.run(false);
    await Promise.all([first, second]);
    expect(agent.methods()).toEqual(['release']);
    expect(model.outcome).toMatchObject({ selection: { kind: 'large' } });
  });

  it('waits for a kernel that is being installed into', async () => {
    const { agent, model } = aModel();
    agent.toState({ kind: 'installing' });
    const released = model.release({ kind: 'all' });
    await settled();
    expect(model.activity.kind).toBe('queued');
    agent.toState({ kind: 'ready' });
    await released;
    expect(model.outcome?.kind).toBe('released');
  });

  it.each<[AgentState, string]>([
    [{ kind: 'restarting' }, 'restarted'],
    [{ kind: 'dead' }, 'dead'],
    [{ kind: 'disconnected' }, 'disconnected'],
    [{ kind: 'no-kernel' }, 'not_ready']
  ])('fails when the kernel is %j', async (state, code) => {
    const { agent, model } = aModel();
    agent.run(true);
    const released = model.release({ kind: 'all' });
    agent.toState(state);
    await released;
    expect(model.outcome).toEqual({
      kind: 'failed',
      selection: { kind: 'all' },
      code
    });
    model.dismissOutcome();
    expect(model.outcome).toBeNull();
  });

  it('is told of as long as that kernel lives', async () => {
    const { agent, model } = aModel();
    await model.release({ kind: 'all' });
    agent.toState({ kind: 'disconnected' });
    agent.toState({ kind: 'installing' });
    agent.toState({ kind: 'ready' });
    expect(model.outcome?.kind).toBe('released');
    agent.toState({ kind: 'restarting' });
    expect(model.outcome).toBeNull();
  });

  it('is not mixed up with a reading under way', async () => {
    const { agent, model } = aModel();
    const { gate, open } = aGate();
    agent.gate = gate;
    model.observe();
    const released = model.release({ kind: 'all' });
    await settled();
    expect(model.activity.kind).toBe('freeing');
    open();
    await released;
    await settled();
    expect(model.activity.kind).toBe('idle');
    expect(model.outcome?.kind).toBe('released');
  });
});

describe('measuring exactly', () => {
  const inexact = (elapsed_ms: number): IReport => ({
    ...aReport(),
    exact_all: false,
    elapsed_ms
  });

  it('gives more time until everything is exact', async () => {
    const { agent, model } = aModel();
    const budgets: number[] = [];
    agent.answers.report = ({ budget_ms }: { budget_ms: number }) => {
      budgets.push(budget_ms);
      return budgets.length < 3
        ? inexact(budget_ms)
        : { ...aReport(), exact_all: true, results: [], count: 0 };
    };
    await model.measureExactly();
    expect(budgets).toEqual([400, 1600, 6400]);
    expect(model.activity.kind).toBe('idle');
  });

  it('gives no single look more time than a person can wait for', async () => {
    const { agent, model } = aModel();
    agent.answers.report = inexact(1e6);
    await model.measureExactly();
    const given = agent.asked.map(
      ({ params }) => (params as { budget_ms: number }).budget_ms
    );
    expect(given).toEqual([400, 1600, 6400]);
    // Results and tracebacks have the budget each.
    expect(agent.timeouts).toEqual(given.map(ms => 30000 + 2 * ms));
  });

  it('begins at once, also while the overview is still read', async () => {
    const { agent, model } = aModel();
    agent.answers.report = inexact(10);
    agent.answers.overview = aGate().gate;
    model.observeOverview();
    model.observe();
    await settled();
    expect(model.activity.kind).toBe('reading');
    agent.methods();
    void model.measureExactly();
    expect(model.activity.kind).toBe('measuring');
    await settled();
    expect(agent.methods()).toContain('report');
  });

  it('measures the overview once, when the results have been', async () => {
    const { agent, model } = aModel();
    agent.answers.overview = { rss_bytes: 1 };
    model.observeOverview();
    agent.answers.report = inexact(1e6);
    await model.measureExactly();
    expect(agent.asked.map(({ method }) => method)).toEqual([
      'report',
      'report',
      'report',
      'overview'
    ]);
    expect(agent.asked[3].params).toEqual({ budget_ms: 6400 });
  });

  it('ends when more time would change nothing', async () => {
    const { agent, model } = aModel();
    agent.answers.report = inexact(3);
    await model.measureExactly();
    expect(agent.methods()).toEqual(['report']);
  });

  it('can be taken back', async () => {
    const { agent, model } = aModel();
    const { gate, open } = aGate();
    agent.gate = gate;
    const measured = model.measureExactly();
    expect(model.activity).toEqual({ kind: 'measuring', budgetMs: 400 });
    model.cancel();
    expect(model.activity.kind).toBe('idle');
    open();
    await measured;
    expect(model.report).toBeNull();
    expect(agent.methods()).toEqual(['report']);
  });
});

describe('setting the guard', () => {
  it('says what was asked until the kernel has answered', async () => {
    const { agent, model } = aModel();
    const { gate, open } = aGate();
    agent.gate = gate;
    const set = model.setGuard({ mode: 'all' });
    expect(model.guardAsked).toEqual({ mode: 'all' });
    open();
    await set;
    expect(model.guardAsked).toBeNull();
  });

  it('waits for a kernel that is not ready', async () => {
    const { agent, model } = aModel();
    agent.toState({ kind: 'installing' });
    await model.setGuard({ mode: 'all' });
    expect(agent.asked).toEqual([]);
    agent.toState({ kind: 'ready' });
    await settled();
    expect(agent.methods()).toEqual(['set_guard']);
    expect(model.guardAsked).toBeNull();
  });

  it('tells why the kernel refused', async () => {
    const { agent, model } = aModel();
    agent.answers.set_guard = new RequestError('wrong_thread');
    await model.setGuard({ mode: 'all' });
    expect(model.outcome).toEqual({
      kind: 'failed',
      selection: null,
      code: 'wrong_thread'
    });
    expect(model.guardAsked).toBeNull();
  });
});

describe('the overview', () => {
  const anOverview = (results: object, elapsed_ms = 1): object => ({
    rss_bytes: 9000,
    results,
    shown: { bytes: 0, exact: true },
    tracebacks: { bytes: 0, exact: true },
    variables: { bytes: 0, exact: true },
    largest: [],
    elapsed_ms
  });
  const aCut = (bytes: number): IReport => ({
    ...aReport(),
    freed_bytes_all: bytes,
    exact_all: false
  });

  it('does not keep the rows waiting', async () => {
    const { agent, model } = aModel();
    const { gate, open } = aGate();
    agent.answers.overview = gate;
    let told = 0;
    model.changed.connect(() => {
      told += model.report !== null && model.overview === null ? 1 : 0;
    });
    model.observeOverview();
    model.observe();
    await settled();
    expect(told).toBeGreaterThan(0);
    expect(model.retained).toEqual({
      bytes: aReport().freed_bytes_all,
      exact: aReport().exact_all
    });
    open();
  });

  it.each([
    ['knows more', 5, { bytes: 7, exact: false }, { bytes: 7, exact: false }],
    ['knows all', 5, { bytes: 4, exact: true }, { bytes: 4, exact: true }],
    ['knows less', 5, { bytes: 4, exact: false }, { bytes: 5, exact: false }]
  ])(
    'completes a report that was cut if it %s',
    async (_, bytes, part, best) => {
      const { agent, model } = aModel();
      agent.answers.report = aCut(bytes);
      agent.answers.overview = anOverview(part);
      model.observeOverview();
      model.observe();
      await settled();
      expect(model.retained).toEqual(best);
      agent.toState({ kind: 'restarting' });
      expect(model.retained).toBeNull();
    }
  );

  it('is asked again when the kernel was left alone for as long as it took', async () => {
    jest.useFakeTimers();
    try {
      const { agent, model } = aModel();
      agent.answers.overview = anOverview({ bytes: 1, exact: true }, 800);
      model.observeOverview();
      model.observe();
      await settled();
      expect(agent.methods()).toContain('overview');
      const cell = async (): Promise<void> => {
        agent.run(true);
        agent.run(false);
        await settled();
      };
      await cell();
      jest.advanceTimersByTime(700);
      await cell();
      jest.advanceTimersByTime(700);
      await settled();
      expect(agent.methods()).toEqual(['report', 'report']);
      expect(model.activity.kind).toBe('idle');
      jest.advanceTimersByTime(200);
      await settled();
      expect(agent.methods()).toEqual(['overview']);
      model.dispose();
    } finally {
      jest.useRealTimers();
    }
  });

  it('is not asked of a kernel that runs a cell again', async () => {
    jest.useFakeTimers();
    try {
      const { agent, model } = aModel();
      agent.answers.overview = anOverview({ bytes: 1, exact: true }, 800);
      model.observeOverview();
      model.observe();
      await settled();
      agent.run(true);
      agent.run(false);
      await settled();
      agent.methods();
      agent.run(true);
      jest.advanceTimersByTime(2000);
      await settled();
      expect(agent.methods()).toEqual([]);
      model.dispose();
    } finally {
      jest.useRealTimers();
    }
  });
});

it('completes rows by what the page saw run', async () => {
  const { agent, model } = aModel();
  const [first, ...others] = aReport().results;
  const row = { ...first, execution: 3, cell_id: null, time: null };
  agent.answers.report = { ...aReport(), results: [row, ...others] };
  const parent_header = { msg_id: 'theirs', msg_type: 'execute_request' };
  agent.cellRuns.see({
    direction: 'recv',
    msg: {
      header: { msg_type: 'execute_input' },
      parent_header,
      content: { execution_count: 3 }
    }
  } as never);
  model.observe();
  await settled();
  expect(model.report?.results[0].time).not.toBeNull();
});
