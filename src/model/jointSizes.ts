/** What several results free when they are released at once. */

import type { IPart, IReport } from '../wire/protocol';
import type { IKernelAgent } from '../tokens';

/** How long the kernel may look at one set, in milliseconds. */
const BUDGET_MS = 50;

/** The keys of results that are looked at together. */
export type KeySet = readonly string[];

/**
 * Asks the kernel for joint sizes, one set after another, while nothing else
 * goes on. What results share is in the figure of none of them, so that a sum
 * would be too little. An answer holds for one report: the next one may have
 * other results.
 */
export class JointSizes {
  /**
   * @param agent - Talks with the kernel.
   * @param now - The report that holds, and whether the kernel has time.
   */
  constructor(agent: IKernelAgent, now: JointSizes.INow) {
    this._agent = agent;
    this._now = now;
  }

  /**
   * Name the sets that somebody looks at. They replace those named before.
   *
   * @param sets - The sets, with the one that matters most first; sets of
   * fewer than two results are not asked for.
   */
  want(sets: readonly KeySet[]): void {
    this._wanted = sets.filter(keys => keys.length > 1);
    void this.ask();
  }

  /**
   * The joint size of a set.
   *
   * @param keys - The set, in any order.
   * @returns null if the kernel has not told it.
   */
  of(keys: KeySet): IPart | null {
    this._forgetOtherReports();
    return this._answers.get(this._idOf(keys)) ?? null;
  }

  /** Ask for what is wanted and not known, if the kernel has time. */
  async ask(): Promise<void> {
    if (this._isAsking) {
      return;
    }
    this._isAsking = true;
    for (let next = this._next(); next !== null; next = this._next()) {
      await this._askFor(next);
    }
    this._isAsking = false;
  }

  /** The next set to ask for. */
  private _next(): KeySet | null {
    this._forgetOtherReports();
    return this._report !== null && this._now.hasTime()
      ? (this._wanted.find(keys => !this._answers.has(this._idOf(keys))) ??
          null)
      : null;
  }

  private async _askFor(keys: KeySet): Promise<void> {
    const report = this._report;
    const answer = await this._agent
      .request('joint', { keys: [...keys], budget_ms: BUDGET_MS })
      // The rows show their own figures then, as a bound.
      .catch(() => null);
    this._forgetOtherReports();
    if (report === this._report) {
      this._answers.set(this._idOf(keys), answer);
      this._now.changed();
    }
  }

  private _forgetOtherReports(): void {
    const report = this._now.report();
    if (report !== this._report) {
      this._report = report;
      this._answers.clear();
    }
  }

  /** A selection can have thousands of keys, and is asked for at each drawing. */
  private _idOf(keys: KeySet): string {
    const known = this._ids.get(keys);
    if (known !== undefined) {
      return known;
    }
    const id = [...keys].sort().join();
    this._ids.set(keys, id);
    return id;
  }

  private _agent: IKernelAgent;
  private _now: JointSizes.INow;
  private _report: IReport | null = null;
  private _wanted: readonly KeySet[] = [];
  /** By the set's id; null where the kernel could not tell. */
  private _answers = new Map<string, IPart | null>();
  private _ids = new WeakMap<KeySet, string>();
  private _isAsking = false;
}

/** A namespace for what joint sizes depend on. */
export namespace JointSizes {
  /** The model, as far as joint sizes depend on it. */
  export interface INow {
    report(): IReport | null;
    /** Whether the kernel is free, and nothing else is asked of it. */
    hasTime(): boolean;
    /** Is called when an answer has come. */
    changed(): void;
  }
}
