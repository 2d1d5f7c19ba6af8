/** Reading what a kernel retains: the report and the overview. */

import { codeOf } from '../wire/request';
import type { IOverview, IReport } from '../wire/protocol';
import type { IFigure, IKernelAgent } from '../tokens';
import type { ExecutedCells } from '../kernel/executedCells';
import { isFree } from '../kernel/kernelFree';
import type { Activity } from '../tokens';
import type { CurrentActivity } from './activity';
import { totalOf } from './figures';

/**
 * After an overview that took longer than this, the next one waits until the
 * kernel has been left alone for as long.
 */
const LONG_OVERVIEW_MS = 50;

/** So many variables are listed, and can be looked for by their names. */
export const MOST_VARIABLES = 100;

/** What can be read. */
type Readable = 'report' | 'overview';

/**
 * Keeps the newest report and overview, and reads them again when that is
 * asked for: only while somebody looks, and never while a cell runs.
 */
export class Reading {
  /**
   * @param agent - Talks with the kernel, and knows which cells ran.
   * @param activity - What the model does at the moment.
   * @param events - What is called when there is something new.
   */
  constructor(
    agent: Reading.IAgent,
    activity: CurrentActivity,
    events: Reading.IEvents
  ) {
    this._agent = agent;
    this._activity = activity;
    this._events = events;
  }

  /** How many look at the report. */
  observers = 0;

  /** How many look at the overview as well. */
  overviewObservers = 0;

  /** Whether something has happened that the report does not know of. */
  isStale = false;

  /** Why the last reading failed; null if it did not. */
  failure: string | null = null;

  get report(): IReport | null {
    return this._report;
  }

  get overview(): IOverview | null {
    return this._overview;
  }

  /** How many times `update` has read something new. */
  readings = 0;

  /** What all results free together. */
  get retained(): IFigure | null {
    return this._report && totalOf(this._report);
  }

  /** Whether the kernel would answer now. */
  get canAsk(): boolean {
    return !this._isDisposed && isFree(this._agent);
  }

  /** Whether the kernel would answer, and somebody looks. */
  get mayAsk(): boolean {
    return this.canAsk && this.observers > 0;
  }

  /**
   * Read again now, or as soon as the current activity is over. A failed
   * install is not tried again here: two pages that do so would take turns
   * for ever.
   */
  async update(): Promise<void> {
    if (!this.mayAsk || !this._activity.isIdle) {
      // `finish` reads again if this is still set.
      this.isStale = true;
      return;
    }
    this.isStale = false;
    this.readings++;
    const reading = this._activity.change({ kind: 'reading' });
    if (await this.read('report')) {
      // The first overview takes at least as long as its report.
      const last = this._overview ?? this._report;
      const lastMs = last?.elapsed_ms ?? 0;
      if (lastMs > LONG_OVERVIEW_MS) {
        this._readOverviewAfter(lastMs);
      } else {
        await this.read('overview');
      }
    }
    await this.finish(reading);
  }

  /**
   * Read both once more, unless something else is done now.
   *
   * @returns whether they were read.
   */
  async readAgain(): Promise<boolean> {
    if (!this.mayAsk || !this._activity.isIdle) {
      return false;
    }
    const reading = this._activity.change({ kind: 'reading' });
    if (await this.read('report')) {
      await this.read('overview');
    }
    await this.finish(reading);
    return true;
  }

  /** Load the rows that come after those of the report. */
  async loadMore(): Promise<void> {
    const report = this._report;
    if (
      report === null ||
      report.results.length >= report.count ||
      !this._activity.isIdle ||
      !this.mayAsk
    ) {
      return;
    }
    const reading = this._activity.change({ kind: 'reading' });
    try {
      const more = await this._agent.request('report', {
        offset: report.results.length
      });
      const known = new Set(report.results.map(row => row.key));
      const added = more.results.filter(row => !known.has(row.key));
      // A group comes with the first of its members.
      const grouped = new Set(report.groups.flatMap(({ keys }) => keys));
      const groups = more.groups.filter(({ keys }) => !grouped.has(keys[0]));
      // The account stays that of the first page: the rows there belong to it.
      this._takeReport({
        ...report,
        count: more.count,
        results: [...report.results, ...added],
        groups: [...report.groups, ...groups]
      });
    } catch (error) {
      this.failure = codeOf(error);
    }
    await this.finish(reading);
  }

  /**
   * Read one of the two, whatever the current activity is.
   *
   * @param what - Which one; an overview is read only if somebody looks at it.
   * @returns false if it failed; `failure` tells why.
   */
  async read(what: Readable): Promise<boolean> {
    try {
      if (what === 'report') {
        clearTimeout(this._restTimer);
        const report = await this._agent.request(what, {});
        this._takeReport(report);
      } else if (this.overviewObservers > 0) {
        this._overview = await this._agent.request(what, {
          variables: MOST_VARIABLES
        });
        if (this._report !== null) {
          this._events.surveyed(this._overview, this._report);
        }
      }
      this.failure = null;
      // Show the report now; the overview may still be loading.
      this._events.changed();
      return true;
    } catch (error) {
      this.failure = codeOf(error);
      return false;
    }
  }

  /**
   * End an activity, and read again if something happened during it.
   *
   * @param activity - The activity that is over.
   */
  async finish(activity: Activity): Promise<void> {
    if (this._activity.end(activity) && this.isStale) {
      await this.update();
    }
  }

  /** Forget what was read: the kernel is another one. */
  forget(): void {
    this._report = null;
    this._overview = null;
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._restTimer);
  }

  /**
   * Read the overview once the kernel has been left alone for as long as the
   * last one took, so that cells find the kernel free most of the time.
   */
  private _readOverviewAfter(restMs: number): void {
    this._restTimer = setTimeout(() => {
      if (!this.mayAsk) {
        // The end of the running cell brings another report.
        return;
      }
      if (!this._activity.isIdle) {
        this._readOverviewAfter(restMs);
        return;
      }
      const reading = this._activity.change({ kind: 'reading' });
      void this.read('overview').then(() => this.finish(reading));
    }, restMs);
  }

  private _takeReport(report: IReport): void {
    const { executed } = this._agent;
    const results = report.results.map(row => executed.complete(row));
    this._report = { ...report, results };
    this._events.reported(report);
  }

  private _agent: Reading.IAgent;
  private _activity: CurrentActivity;
  private _events: Reading.IEvents;
  private _report: IReport | null = null;
  private _overview: IOverview | null = null;
  private _restTimer: ReturnType<typeof setTimeout> | undefined;
  private _isDisposed = false;
}

/** A namespace for what a reading needs. */
export namespace Reading {
  /** Talks with the kernel, and completes rows by the cells that it saw run. */
  export type IAgent = IKernelAgent & {
    readonly executed: Pick<ExecutedCells, 'complete'>;
  };

  /** What a reading reports. */
  export interface IEvents {
    /** Something that can be shown has changed. */
    changed(): void;
    /** A report has come. */
    reported(report: IReport): void;
    /** An overview has come, after this report. */
    surveyed(overview: IOverview, report: IReport): void;
  }
}
