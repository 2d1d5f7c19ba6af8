import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type {
  Activity,
  IDeath,
  IFigure,
  IGrowth,
  IPushed,
  IRemedyOutcome,
  IRetainedModel,
  IWithheld,
  Outcome,
  RestState,
  Selection
} from '../../tokens';
import { totalOf } from '../../model/figures';
import { RequestError } from '../../wire/request';
import type {
  ErrorCode,
  IExplained,
  IGuard,
  IOverview,
  IPart,
  IReport,
  IRow
} from '../../wire/protocol';
import { FakeAgent } from './agent';

/** A model that does what a test tells it to, and remembers what was asked. */
export class FakeModel implements IRetainedModel {
  readonly agent = new FakeAgent();
  report: IReport | null = null;
  isStale = false;
  overview: IOverview | null = null;
  /** Another reading than the report's. */
  better: IFigure | null = null;
  get retained(): IFigure | null {
    return this.better ?? (this.report && totalOf(this.report));
  }
  activity: Activity = { kind: 'idle' };
  outcome: Outcome | null = null;
  failure: string | null = null;
  guardAsked: IGuard | null = null;
  isDisposed = false;
  observers = 0;
  readonly pushed = new Map<number, IPushed>();
  readonly withheld = new Map<number, IWithheld>();
  readonly changed: Signal<IRetainedModel, void> = new Signal(this);
  readonly released: Selection[] = [];
  readonly rescued: [string, string][] = [];
  readonly explainedKeys: string[] = [];
  processEnded = false;
  death: IDeath | null = null;
  /** The sets whose joint size is wanted now. */
  wantedSets: readonly (readonly string[])[] = [];
  /** What every set frees, if the kernel has told it. */
  joint: IPart | null = null;
  explained: IExplained = { key: '', holders: [], paths: [], cut: false };
  rescueFailure: ErrorCode | null = null;
  more: IRow[][] = [];
  rest: RestState = { kind: 'unasked' };
  remedy: IRemedyOutcome | null = null;
  /** How often it was asked who holds the rest. */
  restAsked = 0;
  readonly remedies: string[] = [];
  /** What grew, by run. */
  readonly growth = new Map<string, IGrowth>();
  cancelled = 0;
  /** How often more rows were asked for. */
  loaded = 0;
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
    this.loaded++;
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
  async explain(row: IRow): Promise<IExplained> {
    this.explainedKeys.push(row.key);
    return { ...this.explained, key: row.key };
  }
  async explainVariable(name: string): Promise<IExplained> {
    this.explainedKeys.push(name);
    return { ...this.explained, key: name };
  }
  async askRest(): Promise<void> {
    this.restAsked++;
  }
  async runRemedy(code: string): Promise<void> {
    this.remedies.push(code);
  }
  growthOf(runId: string): IGrowth | null {
    return this.growth.get(runId) ?? null;
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
