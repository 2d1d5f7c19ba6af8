/** What one document's kernel retains. */

import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import { codeOf, REQUEST_TIMEOUT_MS } from '../wire/channel';
import { MIB } from '../ui/format';
import type {
  IExplained,
  IGuard,
  IOverview,
  IPart,
  IReport,
  IRow,
  KernelEvent
} from '../wire/protocol';
import type { ExecutedCells } from '../kernel/executedCells';
import { PushedBytes } from './retainedByCell';
import { requestRelease } from './selection';
import type {
  Activity,
  AgentState,
  IKernelAgent,
  IRetainedModel,
  Outcome,
  Selection
} from '../tokens';
import { isFree, untilFree } from '../kernel/kernelFree';

/**
 * The first budget of an exact measurement, and how it grows. A budget cannot
 * be taken back from the kernel: a cell waits until it is over.
 */
const FIRST_BUDGET_MS = 400;
const BUDGET_GROWTH = 4;
const LARGEST_BUDGET_MS = 6400;

/** From when on an overview is only asked for when the kernel had a rest. */
const LONG_OVERVIEW_MS = 50;

const IDLE: Activity = { kind: 'idle' };

/**
 * Reads what a kernel retains, while somebody looks and no cell runs, and
 * releases it.
 */
export class RetainedModel implements IRetainedModel {
  /**
   * @param agent - Who talks with the kernel; not owned.
   * @param freeMinimumMiB - What *Free memory* leaves alone.
   */
  constructor(
    readonly agent: IKernelAgent & {
      retry(): void;
      readonly executed: Pick<ExecutedCells, 'complete'>;
    },
    freeMinimumMiB: () => number
  ) {
    this._freeMinimumMiB = freeMinimumMiB;
    agent.stateChanged.connect(this._onState, this);
    agent.cellRunningChanged.connect(this._onRunning, this);
    agent.guardChanged.connect(this._onGuard, this);
    agent.event.connect(this._onEvent, this);
  }

  get report(): IReport | null {
    return this._report;
  }

  get isStale(): boolean {
    return this._isStale;
  }

  get overview(): IOverview | null {
    return this._overview;
  }

  get retained(): IPart | null {
    return this._retained;
  }

  get activity(): Activity {
    return this._activity;
  }

  get outcome(): Outcome | null {
    return this._outcome;
  }

  get failure(): string | null {
    return this._failure;
  }

  get guardAsked(): IGuard | null {
    return this._guardAsked;
  }

  get pushed(): ReadonlyMap<number, { key: string; bytes: number }> {
    return this._pushed;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  observe(): IDisposable {
    this._observers++;
    this._subscribe();
    void this.refresh();
    return new DisposableDelegate(() => {
      this._observers--;
      this._subscribe();
    });
  }

  observeOverview(): IDisposable {
    this._overviewObservers++;
    void this.refresh();
    return new DisposableDelegate(() => {
      this._overviewObservers--;
    });
  }

  async refresh(): Promise<void> {
    if (this.agent.state.kind === 'failed' && this._observers > 0) {
      this.agent.retry();
    }
    await this._update();
  }

  async loadMore(): Promise<void> {
    const report = this._report;
    if (
      report === null ||
      report.results.length >= report.count ||
      this._activity.kind !== 'idle' ||
      !this._mayAsk
    ) {
      return;
    }
    const reading = this._setActivity({ kind: 'reading' });
    try {
      const more = await this.agent.request('report', {
        offset: report.results.length
      });
      const known = new Set(report.results.map(row => row.key));
      const added = more.results.filter(row => !known.has(row.key));
      this._takeReport({ ...more, results: [...report.results, ...added] });
    } catch (error) {
      this._failure = codeOf(error);
    }
    await this._finish(reading);
  }

  async release(selection: Selection): Promise<void> {
    if (this._activity.kind === 'freeing') {
      return;
    }
    this._abort?.abort();
    const abort = (this._abort = new AbortController());
    this._setActivity({ kind: 'queued', selection });
    try {
      await untilFree(this.agent, abort.signal);
      this._setActivity({ kind: 'freeing', selection });
      const result = await requestRelease(this.agent, selection, this._minimum);
      this._outcome = { kind: 'released', selection, result };
      this._pushed.takeRelease(selection, this._minimum);
    } catch (error) {
      if (abort.signal.aborted) {
        return;
      }
      this._outcome = { kind: 'failed', selection, code: codeOf(error) };
    }
    // Whatever happened, what stood there is not what is there now.
    this._isStale = true;
    await this._finish(this._activity);
  }

  cancel(): void {
    const { kind } = this._activity;
    if (kind === 'queued' || kind === 'measuring') {
      this._abort?.abort();
      void this._finish(this._activity);
    }
  }

  async measureExactly(): Promise<void> {
    const { kind } = this._activity;
    if ((kind !== 'idle' && kind !== 'reading') || !this._canAsk) {
      return;
    }
    const abort = (this._abort = new AbortController());
    const { signal } = abort;
    const read = async (what: 'report' | 'overview'): Promise<boolean> =>
      (await this._read(what, { budget_ms: budgetMs }, signal)) &&
      !signal.aborted &&
      !this.agent.cellRunning;
    let budgetMs = FIRST_BUDGET_MS;
    this._setActivity({ kind: 'measuring', budgetMs });
    while (await read('report')) {
      if (budgetMs >= LARGEST_BUDGET_MS || !this._isWorthMore(budgetMs)) {
        // Once only: it takes as long as the results once more.
        await read('overview');
        break;
      }
      budgetMs = Math.min(budgetMs * BUDGET_GROWTH, LARGEST_BUDGET_MS);
      this._setActivity({ kind: 'measuring', budgetMs });
    }
    if (!signal.aborted) {
      await this._finish(this._activity);
    }
  }

  explain(row: IRow): Promise<IExplained> {
    return this.agent.request('explain', { key: row.key });
  }

  async rescue(row: IRow, name: string): Promise<void> {
    await this.agent.request('rescue', { key: row.key, name });
    await this.refresh();
  }

  async setGuard(guard: IGuard): Promise<void> {
    this._guardAsked = guard;
    this._changed.emit();
    await this._sendGuard(guard);
  }

  dismissOutcome(): void {
    this._outcome = null;
    this._changed.emit();
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    clearTimeout(this._restTimer);
    this._abort?.abort();
    Signal.clearData(this);
  }

  /** Whether the kernel would answer now. */
  private get _canAsk(): boolean {
    return !this._isDisposed && isFree(this.agent);
  }

  /** Whether it is worth asking, too. */
  private get _mayAsk(): boolean {
    return this._canAsk && this._observers > 0;
  }

  /**
   * Read again as soon as that is possible. A failed install is not tried
   * again: two pages would set each other off, for ever.
   */
  private async _update(): Promise<void> {
    if (!this._mayAsk || this._activity.kind !== 'idle') {
      // What is under way reads again when it is done, if this is still set.
      this._isStale = true;
      return;
    }
    this._isStale = false;
    const reading = this._setActivity({ kind: 'reading' });
    if (await this._read('report')) {
      // The first overview takes as long as its report, at the least.
      const last = this._overview ?? this._report;
      const lastMs = last?.elapsed_ms ?? 0;
      if (lastMs > LONG_OVERVIEW_MS) {
        this._overviewAfter(lastMs);
      } else {
        await this._read('overview');
      }
    }
    await this._finish(reading);
  }

  /** Whether a reading with a larger budget than this would tell more. */
  private _isWorthMore(budgetMs: number): boolean {
    const report = this._report;
    return (
      report !== null &&
      !(report.exact_all && report.results.every(row => row.exact)) &&
      // One that needed less than it was given will not get better.
      report.elapsed_ms >= budgetMs / 2
    );
  }

  /** Whether it could be read; if not, `failure` tells why. */
  private async _read(
    what: 'report' | 'overview',
    params: { budget_ms?: number } = {},
    signal?: AbortSignal
  ): Promise<boolean> {
    // Results and tracebacks have the budget each.
    const timeoutMs = REQUEST_TIMEOUT_MS + 2 * (params.budget_ms ?? 0);
    const options = { signal, timeoutMs };
    try {
      if (what === 'report') {
        clearTimeout(this._restTimer);
        const report = await this.agent.request(what, params, options);
        this._takeReport(report);
        this._retained = {
          bytes: report.freed_bytes_all,
          exact: report.exact_all
        };
      } else if (this._overviewObservers > 0) {
        this._takeOverview(await this.agent.request(what, params, options));
      }
      this._failure = null;
      // What there is does not wait for what is read next.
      this._changed.emit();
      return true;
    } catch (error) {
      const code = codeOf(error);
      if (code !== 'cancelled') {
        this._failure = code;
      }
      return false;
    }
  }

  /**
   * Read the overview once the kernel has been left alone for as long as the
   * last one took it, so that cells find it free most of the time.
   */
  private _overviewAfter(restMs: number): void {
    this._restTimer = setTimeout(() => {
      if (!this._mayAsk) {
        // After the cell comes another report.
        return;
      }
      if (this._activity.kind !== 'idle') {
        this._overviewAfter(restMs);
        return;
      }
      const reading = this._setActivity({ kind: 'reading' });
      void this._read('overview').then(() => this._finish(reading));
    }, restMs);
  }

  private _takeReport(report: IReport): void {
    const results = report.results.map(row =>
      this.agent.executed.complete(row)
    );
    this._report = { ...report, results };
    this._pushed.takeReport(report);
  }

  private _takeOverview(overview: IOverview): void {
    this._overview = overview;
    const { results } = overview;
    const known = this._retained;
    if (
      known !== null &&
      !known.exact &&
      (results.exact || results.bytes > known.bytes)
    ) {
      this._retained = results;
    }
  }

  /** What cannot be sent now is sent when the kernel is ready. */
  private async _sendGuard(guard: IGuard): Promise<void> {
    if (this.agent.state.kind !== 'ready') {
      return;
    }
    try {
      await this.agent.request('set_guard', guard);
    } catch (error) {
      const code = codeOf(error);
      if (code === 'restarted' || code === 'disconnected') {
        return;
      }
      this._outcome = { kind: 'failed', selection: null, code };
    }
    if (this._guardAsked === guard) {
      this._guardAsked = null;
    }
    this._changed.emit();
  }

  private get _minimum(): number {
    return Math.round(this._freeMinimumMiB() * MIB);
  }

  private _onState(_: IKernelAgent, state: AgentState): void {
    if (state.kind === 'ready') {
      if (this._guardAsked !== null) {
        void this._sendGuard(this._guardAsked);
      }
      this._subscribe();
      void this._update();
    } else {
      this._isSubscribed = false;
      if (!isSameKernel(state)) {
        this._report = null;
        this._overview = null;
        this._retained = null;
        this._pushed.clear();
        if (this._outcome?.kind === 'released') {
          this._outcome = null;
        }
      }
      this._failure = null;
    }
    this._changed.emit();
  }

  private _onRunning(_: IKernelAgent, running: boolean): void {
    if (!running) {
      if (!this._isSubscribed) {
        // What the cell changed is not told, and nobody looks to ask for it.
        this._pushed.clear();
      }
      this._subscribe();
      void this._update();
    }
    this._changed.emit();
  }

  private _onGuard(): void {
    this._subscribe();
    this._changed.emit();
  }

  private _onEvent(_: IKernelAgent, event: KernelEvent): void {
    if (event.event === 'cell_end') {
      this._pushed.takeCellEnd(event.data);
      this._changed.emit();
    } else if (event.event === 'released') {
      if (this._observers === 0) {
        // Which ones it were is not told, and cannot be asked.
        this._pushed.clear();
        this._changed.emit();
      }
      void this._update();
    }
  }

  /** Cells' ends are told while somebody looks or the guard is on. */
  private _subscribe(): void {
    if (!this._canAsk) {
      return;
    }
    const guard = this.agent.guard?.mode ?? 'off';
    const wanted = this._observers > 0 || guard !== 'off';
    if (wanted !== this._isSubscribed) {
      this._isSubscribed = wanted;
      this.agent.request('subscribe', { cell_end: wanted }).catch(() => {
        // With the comm every subscription has gone.
        if (this.agent.state.kind === 'ready') {
          this._isSubscribed = !wanted;
        }
      });
    }
  }

  private _setActivity(activity: Activity): Activity {
    this._activity = activity;
    this._changed.emit();
    return activity;
  }

  /** An activity is over, unless another one has taken its place. */
  private async _finish(activity: Activity): Promise<void> {
    if (this._activity !== activity) {
      return;
    }
    this._abort = null;
    this._setActivity(IDLE);
    if (this._isStale) {
      await this._update();
    }
  }

  private _freeMinimumMiB: () => number;
  private _observers = 0;
  private _overviewObservers = 0;
  private _isStale = false;
  private _isSubscribed = false;
  private _abort: AbortController | null = null;
  private _report: IReport | null = null;
  private _overview: IOverview | null = null;
  private _retained: IPart | null = null;
  private _restTimer: ReturnType<typeof setTimeout> | undefined;
  private _activity: Activity = IDLE;
  private _outcome: Outcome | null = null;
  private _failure: string | null = null;
  private _guardAsked: IGuard | null = null;
  private _pushed = new PushedBytes();
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
}

/** Whether what was read is still worth showing. */
function isSameKernel(state: AgentState): boolean {
  return state.kind === 'disconnected' || state.kind === 'installing';
}
