import { nullTranslator } from '@jupyterlab/translation';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { CellRuns } from '../kernel/cellRuns';
import { ExecutedCells } from '../kernel/executedCells';
import { RequestError } from '../wire/channel';
import type {
  ErrorCode,
  IExplained,
  IGuard,
  IGuardState,
  IOverview,
  IPart,
  IReleased,
  IReport,
  IRequests,
  IRow,
  KernelEvent,
  Method
} from '../wire/protocol';
import { DEFAULTS } from '../model/settings';
import type {
  Activity,
  AgentState,
  IKernelAgent,
  IMemguard,
  IRetainedModel,
  ISettings,
  IWatched,
  Outcome,
  Selection
} from '../tokens';
import type { GoTo } from '../panel/results/tableModel';
import { ViewModel } from '../panel/viewModel';

/** A row with what a test does not care about filled in. */
export function aRow(
  number: number,
  freed: number,
  more?: Partial<IRow>
): IRow {
  return {
    key: `k${number}`,
    numbers: [number],
    type: 'ndarray',
    summary: '(1000, 1000) float64',
    freed_bytes: freed,
    exact: true,
    notes: [],
    estimate_bytes: null,
    device_bytes: null,
    holders: [`Out[${number}]`, `_${number}`],
    variables: [],
    shared_with: [],
    cell_id: `cell-${number}`,
    execution: number,
    time: 1_700_000_000 + number,
    source: `source_${number}`,
    ...more
  };
}

/** A guard that is off and that nobody has set. */
export const GUARD: IGuardState = {
  mode: 'off',
  settings: {
    threshold_bytes: 0,
    total_bytes: 0,
    keep_last: 0,
    shown_bytes: 0,
    tracebacks: false
  },
  set: false,
  since_execution: null,
  on_top: 'nobody',
  other: null,
  withheld: 0
};

/** A report of some rows. */
export function aReport(rows: IRow[], more?: Partial<IReport>): IReport {
  return {
    results: rows,
    count: rows.length,
    freed_bytes_all: rows.reduce((sum, row) => sum + row.freed_bytes, 0),
    exact_all: rows.every(row => row.exact),
    notes_all: [],
    estimate_bytes_all: null,
    rss_bytes: 4_000_000_000,
    guard: 'off',
    guard_state: GUARD,
    shown: { bytes: 0, count: 0, exact: true },
    tracebacks: { bytes: 0, count: 0, exact: true },
    execution_count: 9,
    elapsed_ms: 3,
    ...more
  };
}

/** An agent that records what it is asked, and answers when told to. */
export class FakeAgent implements IKernelAgent {
  state: AgentState = { kind: 'ready' };
  cellRunning = false;
  guard: IGuardState | null = null;
  lateSince: number | null = null;
  isDisposed = false;
  retries = 0;
  /** What was asked, oldest first. */
  readonly asked: { method: Method; params: object }[] = [];
  /** How long each answer may take, in milliseconds. */
  readonly timeouts: number[] = [];
  /**
   * What the kernel answers: a value, an error to throw, or what makes an
   * answer of the parameters.
   */
  answers: Partial<Record<Method, unknown>> = {};
  /** While set, answers wait for it. */
  gate: Promise<void> | null = null;
  readonly stateChanged: Signal<IKernelAgent, AgentState> = new Signal(this);
  readonly cellRunningChanged: Signal<IKernelAgent, boolean> = new Signal(this);
  readonly guardChanged: Signal<IKernelAgent, IGuardState | null> = new Signal(
    this
  );
  readonly event: Signal<IKernelAgent, KernelEvent> = new Signal(this);
  readonly cellRuns = new CellRuns();
  readonly executed = new ExecutedCells(this.cellRuns);
  get sessionContext(): never {
    throw new Error('not in this test');
  }
  async request<K extends Method>(
    method: K,
    params: IRequests[K]['params'],
    options: { signal?: AbortSignal; timeoutMs?: number } = {}
  ): Promise<IRequests[K]['result']> {
    this.asked.push({ method, params });
    this.timeouts.push(options.timeoutMs ?? 0);
    await this.gate;
    if (options.signal?.aborted) {
      throw new RequestError('cancelled');
    }
    const answer = this.answers[method] ?? new Error('not in this test');
    if (answer instanceof Error) {
      throw answer;
    }
    return typeof answer === 'function' ? answer(params) : answer;
  }
  retry(): void {
    this.retries++;
  }
  dispose(): void {
    this.isDisposed = true;
  }
  /** The methods asked since the last call. */
  methods(): Method[] {
    return this.asked.splice(0).map(({ method }) => method);
  }
  setState(state: AgentState): void {
    this.state = state;
    this.stateChanged.emit(state);
  }
  setRunning(running: boolean): void {
    this.cellRunning = running;
    this.cellRunningChanged.emit(running);
  }
  tell(event: KernelEvent): void {
    this.event.emit(event);
  }
}

/** A model that does what a test tells it to, and remembers what was asked. */
export class FakeModel implements IRetainedModel {
  readonly agent = new FakeAgent();
  report: IReport | null = null;
  isStale = false;
  overview: IOverview | null = null;
  /** Another reading than the report's. */
  better: IPart | null = null;
  get retained(): IPart | null {
    return (
      this.better ??
      (this.report && {
        bytes: this.report.freed_bytes_all,
        exact: this.report.exact_all
      })
    );
  }
  activity: Activity = { kind: 'idle' };
  outcome: Outcome | null = null;
  failure: string | null = null;
  guardAsked: IGuard | null = null;
  isDisposed = false;
  observers = 0;
  readonly pushed = new Map<number, { key: string; bytes: number }>();
  readonly changed: Signal<IRetainedModel, void> = new Signal(this);
  readonly released: Selection[] = [];
  readonly rescued: [string, string][] = [];
  readonly explainedKeys: string[] = [];
  processEnded = false;
  /** The sets whose joint size is wanted now. */
  wantedSets: readonly (readonly string[])[] = [];
  /** What every set frees, if the kernel has told it. */
  joint: IPart | null = null;
  explained: IExplained = { key: '', holders: [], paths: [], cut: false };
  rescueFailure: ErrorCode | null = null;
  more: IRow[][] = [];
  cancelled = 0;
  refreshed = 0;

  /** Change something and tell it. */
  set(values: Partial<FakeModel>): void {
    Object.assign(this, values);
    this.changed.emit();
  }
  observe(): IDisposable {
    this.observers++;
    return new DisposableDelegate(() => {
      this.observers--;
    });
  }
  observeOverview(): IDisposable {
    return new DisposableDelegate(() => undefined);
  }
  async refresh(): Promise<void> {
    this.refreshed++;
  }
  async loadMore(): Promise<void> {
    const next = this.more.shift();
    if (next !== undefined && this.report !== null) {
      const results = [...this.report.results, ...next];
      this.set({ report: { ...this.report, results } });
    }
  }
  async readTotals(): Promise<IReport> {
    throw new Error('not in this test');
  }
  wantJointSizes(sets: readonly (readonly string[])[]): void {
    this.wantedSets = sets;
  }
  jointSize(): IPart | null {
    return this.joint;
  }
  async release(selection: Selection): Promise<void> {
    this.released.push(selection);
  }
  cancel(): void {
    this.cancelled++;
  }
  async measureExactly(): Promise<void> {
    this.set({ activity: { kind: 'measuring', budgetMs: 400 } });
  }
  async explain(row: IRow): Promise<IExplained> {
    this.explainedKeys.push(row.key);
    return { ...this.explained, key: row.key };
  }
  async rescue(row: IRow, name: string): Promise<void> {
    if (this.rescueFailure !== null) {
      throw new RequestError(this.rescueFailure);
    }
    this.rescued.push([row.key, name]);
  }
  async setGuard(): Promise<void> {
    throw new Error('not in this test');
  }
  dismissOutcome(): void {
    this.set({ outcome: null });
  }
  dispose(): void {
    this.isDisposed = true;
  }
}

/** The outcome of a release. */
export function aRelease(
  result?: Partial<IReleased>,
  selection: Selection = { kind: 'large' }
): Outcome {
  return {
    kind: 'released',
    selection,
    result: {
      before_rss_bytes: 1_000_000_000,
      after_rss_bytes: 200_000_000,
      released: 1,
      still_alive: [],
      elapsed_ms: 1,
      ...result
    }
  };
}

/** A service with one document in front, or none. */
export class FakeMemguard implements IMemguard {
  constructor(public current: IWatched | null) {
    this.watched = new Set(current === null ? [] : [current]);
  }
  readonly watched: Set<IWatched>;
  readonly added: Signal<IMemguard, IWatched> = new Signal(this);
  readonly currentChanged: Signal<IMemguard, IWatched | null> = new Signal(
    this
  );
  readonly settings = DEFAULTS;
  readonly settingsChanged: Signal<IMemguard, ISettings> = new Signal(this);
  find(): IWatched | null {
    return this.current;
  }
  /** Open a document behind others, as all but one are when a page is loaded. */
  open(watched: IWatched): void {
    this.watched.add(watched);
    this.added.emit(watched);
  }
  bring(current: IWatched | null): void {
    if (current !== null && !this.watched.has(current)) {
      this.open(current);
    }
    this.current = current;
    this.currentChanged.emit(current);
  }
}

/** A model, in front, and what a panel needs to look at it. */
export function aView(goTo: GoTo = async () => 'same'): {
  model: FakeModel;
  memguard: FakeMemguard;
  view: ViewModel;
} {
  const model = new FakeModel();
  const watched = {
    widget: new Widget(),
    kind: 'notebook',
    agent: model.agent,
    model,
    guardStore: { own: null, changed: new Signal({}) }
  } as unknown as IWatched;
  const memguard = new FakeMemguard(watched);
  const trans = nullTranslator.load('jupyter_memguard');
  return { model, memguard, view: new ViewModel(memguard, trans, goTo) };
}
