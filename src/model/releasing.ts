/** Releasing results, and what came of the last release. */

import type { IReport, ISettled } from '../wire/protocol';
import { codeOf } from '../wire/request';
import type { IKernelAgent, Left, Outcome, Selection } from '../tokens';
import { untilFree } from '../kernel/kernelFree';
import type { CurrentActivity } from './activity';
import { entriesOf } from './entries';
import { isKnown, totalOf } from './figures';
import type { Reading } from './reading';
import type { PushedFigures } from './retainedByCell';
import { requestRelease } from './selection';

/** What a report says is left where nothing was released. */
function leftIn(report: IReport): Left {
  if (report.count === 0) {
    return 'nothing';
  }
  // The list of rows may not be complete.
  const figures = entriesOf(report).map(({ figure }) => figure);
  return [...figures, totalOf(report)].every(isKnown) ? 'small' : 'unknown';
}

/** Releases one selection at a time, when the kernel is free. */
export class Releasing {
  /**
   * @param agent - Talks with the kernel.
   * @param activity - What the model does at the moment.
   * @param reading - Reads again after a release.
   * @param pushed - Loses the results that are released.
   */
  constructor(
    agent: IKernelAgent,
    activity: CurrentActivity,
    reading: Reading,
    pushed: PushedFigures
  ) {
    this._agent = agent;
    this._activity = activity;
    this._reading = reading;
    this._pushed = pushed;
  }

  /** What the last release did, or why it did nothing. */
  outcome: Outcome | null = null;

  /**
   * Wait behind a running cell, release, and read again. A release that waits
   * gives way to this one.
   *
   * @param selection - What to release.
   * @param minimum - The least bytes of a large result.
   */
  async release(selection: Selection, minimum: number): Promise<void> {
    const activity = this._activity;
    if (activity.current.kind === 'freeing') {
      return;
    }
    const signal = activity.begin({ kind: 'queued', selection });
    try {
      await untilFree(this._agent, signal);
      activity.change({ kind: 'freeing', selection });
      const { result, gone } = await requestRelease(
        this._agent,
        selection,
        minimum
      );
      this.outcome = {
        kind: 'released',
        selection,
        result,
        ...(gone > 0 && { gone })
      };
      this._noteLeft();
      this._pushed.takeRelease(selection, minimum);
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      const code = codeOf(error);
      this.outcome = { kind: 'failed', selection, code };
      if (code === 'unknown_key') {
        this._pushed.takeRelease(selection, minimum);
      }
    }
    // The report is out of date, whatever happened.
    this._reading.isStale = true;
    await this._reading.finish(activity.current);
    this._noteLeft();
  }

  /**
   * Take what the process has some time after a release: some allocators give
   * memory back late.
   *
   * @param later - What the kernel read.
   * @returns whether that was about the last release from here.
   */
  settle({ before_rss_bytes: before, after_rss_bytes }: ISettled): boolean {
    const { outcome } = this;
    if (
      outcome?.kind !== 'released' ||
      // It is about a release that somebody else asked for.
      outcome.result.before_rss_bytes !== before
    ) {
      return false;
    }
    outcome.result = { ...outcome.result, after_rss_bytes };
    return true;
  }

  /** Forget what was released: a cell has run since, or the kernel is another. */
  forget(): void {
    if (this.outcome?.kind === 'released') {
      this.outcome = null;
    }
  }

  /**
   * Note what the kernel keeps, if the release took nothing and a report of
   * now tells it. Later reports are not about this release.
   */
  private _noteLeft(): void {
    const { outcome } = this;
    const { report, isStale, failure } = this._reading;
    if (
      outcome?.kind === 'released' &&
      outcome.left === undefined &&
      outcome.result.released === 0 &&
      outcome.result.still_alive.length === 0 &&
      report !== null &&
      !isStale &&
      failure === null
    ) {
      outcome.left = leftIn(report);
    }
  }

  private _agent: IKernelAgent;
  private _activity: CurrentActivity;
  private _reading: Reading;
  private _pushed: PushedFigures;
}
