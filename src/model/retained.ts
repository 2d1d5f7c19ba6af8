/** What one document's kernel retains: one model, put together from its parts. */

import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type {
  IExplained,
  IGuard,
  IOverview,
  IPart,
  IReport,
  IRow,
  KernelEvent
} from '../wire/protocol';
import type {
  Activity,
  AgentState,
  IDeath,
  IFigure,
  IGrowth,
  IKernelAgent,
  IPushed,
  IRemedyOutcome,
  IRetainedModel,
  IWithheld,
  Outcome,
  RestState,
  Selection
} from '../tokens';
import { untilFree } from '../kernel/kernelFree';
import { runSilently } from '../kernel/silentCode';
import { CurrentActivity } from './activity';
import { CellEnds } from './cellEnds';
import { Growth } from './growth';
import { GuardRequest } from './guardRequest';
import { JointSizes, type KeySet } from './jointSizes';
import { Reading } from './reading';
import { Refining } from './refining';
import { Releasing } from './releasing';
import { RestOfMemory } from './restOfMemory';
import { MIB } from './settings';

/**
 * Reads what a kernel retains, while somebody looks and no cell runs, and
 * releases it. Each part below has one subject; the parts share the current
 * activity, and this class tells them what the kernel does.
 */
export class RetainedModel implements IRetainedModel {
  /**
   * @param agent - Talks with the kernel; not owned.
   * @param freeMinimumMiB - The least size of what *Free memory* releases.
   */
  constructor(
    readonly agent: Reading.IAgent & { retry(): void },
    freeMinimumMiB: () => number
  ) {
    const changed = (): void => this._onChange();
    this._freeMinimumMiB = freeMinimumMiB;
    this._activity = new CurrentActivity(changed);
    this._reading = new Reading(agent, this._activity, {
      changed,
      reported: report => {
        this._cellEnds.pushed.takeReport(report);
        this._growth.noteReport();
      },
      surveyed: (overview, report) => this._growth.take(overview, report)
    });
    this._growth = new Growth(agent.cellRuns);
    this._rest = new RestOfMemory(agent, {
      canAsk: () => this._reading.canAsk,
      run: code => runSilently(agent.sessionContext, code),
      refresh: () => this.refresh(),
      told: rest => this._growth.takeRest(rest),
      changed
    });
    this._cellEnds = new CellEnds(agent, this._reading);
    this._releasing = new Releasing(
      agent,
      this._activity,
      this._reading,
      this._cellEnds.pushed
    );
    this._guardRequest = new GuardRequest(agent, {
      changed,
      failed: code => {
        this._releasing.outcome = { kind: 'failed', selection: null, code };
      }
    });
    this._jointSizes = new JointSizes(agent, {
      report: () => this._reading.report,
      // The kernel would let go of the measurement that it refines.
      hasTime: () =>
        this._reading.canAsk &&
        this._activity.isIdle &&
        !this._refining.isGoing,
      changed
    });
    this._refining = new Refining(agent, {
      report: () => this._reading.report,
      overview: () =>
        this._reading.overviewObservers > 0 ? this._reading.overview : null,
      hasTime: () => this._reading.mayAsk && this._activity.isIdle,
      readings: () => this._reading.readings,
      readAgain: () => this._reading.readAgain()
    });
    agent.stateChanged.connect(this._onState, this);
    agent.cellRunningChanged.connect(this._onRunning, this);
    agent.guardChanged.connect(this._onGuard, this);
    agent.event.connect(this._onEvent, this);
  }

  get report(): IReport | null {
    return this._reading.report;
  }

  get isStale(): boolean {
    return this._reading.isStale;
  }

  get overview(): IOverview | null {
    return this._reading.overview;
  }

  get retained(): IFigure | null {
    return this._reading.retained;
  }

  get failure(): string | null {
    return this._reading.failure;
  }

  get activity(): Activity {
    return this._activity.current;
  }

  get outcome(): Outcome | null {
    return this._releasing.outcome;
  }

  get guardAsked(): IGuard | null {
    return this._guardRequest.asked;
  }

  get rest(): RestState {
    return this._rest.state;
  }

  get remedy(): IRemedyOutcome | null {
    return this._rest.remedy;
  }

  get pushed(): ReadonlyMap<number, IPushed> {
    return this._cellEnds.pushed;
  }

  get withheld(): ReadonlyMap<number, IWithheld> {
    return this._cellEnds.withheld;
  }

  get processEnded(): boolean {
    return this._processEnded;
  }

  set processEnded(ended: boolean) {
    if (ended !== this._processEnded) {
      this._processEnded = ended;
      this._onChange();
    }
  }

  get death(): IDeath | null {
    return this._death;
  }

  set death(death: IDeath | null) {
    if (death !== this._death) {
      this._death = death;
      this._onChange();
    }
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  observe(): IDisposable {
    this._reading.observers++;
    this._cellEnds.update();
    void this.refresh();
    return new DisposableDelegate(() => {
      this._reading.observers--;
      this._cellEnds.update();
    });
  }

  observeOverview(): IDisposable {
    this._reading.overviewObservers++;
    void this.refresh();
    return new DisposableDelegate(() => {
      this._reading.overviewObservers--;
    });
  }

  async refresh(): Promise<void> {
    if (this.agent.state.kind === 'failed' && this._reading.observers > 0) {
      this.agent.retry();
    }
    await this._reading.update();
  }

  async readTotals(): Promise<IReport> {
    await untilFree(this.agent);
    return this.agent.request('report', { limit: 1 });
  }

  loadMore(): Promise<void> {
    return this._reading.loadMore();
  }

  async release(selection: Selection): Promise<void> {
    const minimum = Math.round(this._freeMinimumMiB() * MIB);
    await this._releasing.release(selection, minimum);
    this._rest.changed();
    this._onChange();
  }

  cancel(): void {
    const { current } = this._activity;
    if (current.kind === 'queued') {
      this._activity.abort();
      void this._reading.finish(current);
    }
  }

  wantJointSizes(sets: readonly KeySet[]): void {
    this._jointSizes.want(sets);
  }

  jointSize(keys: KeySet): IPart | null {
    return this._jointSizes.of(keys);
  }

  explain(row: IRow): Promise<IExplained> {
    return this.agent.request('explain', { key: row.key });
  }

  explainVariable(name: string): Promise<IExplained> {
    return this.agent.request('explain_variable', { name });
  }

  askRest(): Promise<void> {
    return this._rest.ask();
  }

  runRemedy(code: string): Promise<void> {
    return this._rest.run(code);
  }

  growthOf(runId: string): IGrowth | null {
    return this._growth.of(runId);
  }

  async rescue(row: IRow, name: string): Promise<void> {
    await this.agent.request('rescue', { key: row.key, name });
    await this.refresh();
  }

  setGuard(guard: IGuard): Promise<void> {
    return this._guardRequest.ask(guard);
  }

  dismissOutcome(): void {
    this._releasing.outcome = null;
    this._onChange();
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._reading.dispose();
    this._activity.abort();
    Signal.clearData(this);
  }

  private _onState(_: IKernelAgent, state: AgentState): void {
    this._processEnded = false;
    if (state.kind === 'ready') {
      void this._guardRequest.resume();
      this._cellEnds.update();
      void this._reading.update();
    } else {
      this._cellEnds.lose();
      if (!isSameKernel(state)) {
        this._reading.forget();
        this._cellEnds.forget();
        this._releasing.forget();
        this._rest.forget();
        this._growth.forget();
      }
      this._reading.failure = null;
    }
    this._onChange();
  }

  private _onRunning(_: IKernelAgent, running: boolean): void {
    if (running) {
      this._cellEnds.pushed.age();
      this._rest.changed();
    } else {
      this._cellEnds.cellEnded();
      // What came back before that cell says nothing of the kernel as it is.
      this._releasing.forget();
      void this._reading.update();
    }
    this._onChange();
  }

  private _onGuard(): void {
    this._cellEnds.update();
    this._onChange();
  }

  private _onEvent(_: IKernelAgent, event: KernelEvent): void {
    if (event.event === 'cell_end') {
      this._cellEnds.take(event.data);
      this._onChange();
    } else if (event.event === 'released') {
      this._rest.changed();
      if (this._reading.observers === 0) {
        const { pushed } = this._cellEnds;
        // The event does not name the results, and nobody looks: no report
        // will tell which of them are left.
        pushed.clear();
        this._cellEnds.tellAgain();
        this._onChange();
      }
      void this._reading.update();
    } else if (event.event === 'hello') {
      if (event.data.execution_count > 1) {
        this._cellEnds.noteEarlierCells();
      }
    } else if (event.event === 'settled') {
      this._releasing.settle(event.data);
      // The process is smaller than what was read of it.
      void this._reading.update();
      this._onChange();
    }
  }

  private _onChange(): void {
    this._changed.emit();
    // The kernel may have time now.
    void this._refining.go().then(() => this._jointSizes.ask());
  }

  private _freeMinimumMiB: () => number;
  private _activity: CurrentActivity;
  private _reading: Reading;
  private _cellEnds: CellEnds;
  private _releasing: Releasing;
  private _guardRequest: GuardRequest;
  private _jointSizes: JointSizes;
  private _refining: Refining;
  private _rest: RestOfMemory;
  private _growth: Growth;
  private _processEnded = false;
  private _death: IDeath | null = null;
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
}

/** Whether what was read still holds in this state. */
function isSameKernel(state: AgentState): boolean {
  return state.kind === 'disconnected' || state.kind === 'installing';
}
