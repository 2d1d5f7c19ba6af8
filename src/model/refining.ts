/** Figures that become true while the kernel has nothing else to do. */

import type { IOverview, IReport } from '../wire/protocol';
import type { IKernelAgent } from '../tokens';

/**
 * How long one slice may take of the kernel, in milliseconds: a cell waits no
 * longer than for one.
 */
const SLICE_MS = 30;

/**
 * Goes on with the kernel's measurement slice by slice, each a request of its
 * own, for as long as the kernel is left alone and somebody looks. At the end
 * of it the figures are read once more.
 */
export class Refining {
  /**
   * @param agent - Talks with the kernel.
   * @param now - What was read, and whether the kernel has time.
   */
  constructor(agent: IKernelAgent, now: Refining.INow) {
    this._agent = agent;
    this._now = now;
  }

  /** Go on, if there is something to refine and the kernel has time. */
  async go(): Promise<void> {
    if (this._isGoing) {
      return;
    }
    this._isGoing = true;
    while (this._isWorthIt && this._now.hasTime()) {
      const reading = this._now.readings();
      if ((await this._refine(reading)) && (await this._now.readAgain())) {
        // What is not final now does not become so by the same again.
        this._done = reading;
      }
    }
    this._isGoing = false;
  }

  /** Whether the kernel's measurement goes on. */
  get isGoing(): boolean {
    return this._isGoing;
  }

  /** Whether what was read is not final, and was not refined already. */
  private get _isWorthIt(): boolean {
    const report = this._now.report();
    return (
      report !== null &&
      !(report.final && this._now.overview()?.final !== false) &&
      this._now.readings() !== this._done
    );
  }

  /**
   * Have one slice measured.
   *
   * @param reading - The number of the reading that is refined.
   * @returns whether that was the last one. A kernel that fails is asked no
   * more: its figures stay what they are.
   */
  private async _refine(reading: number): Promise<boolean> {
    try {
      const slice = { budget_ms: SLICE_MS };
      const { final } = await this._agent.request('refine', slice);
      return final;
    } catch {
      this._done = reading;
      return false;
    }
  }

  private _agent: IKernelAgent;
  private _now: Refining.INow;
  /** The number of the reading that was refined last. */
  private _done: number | null = null;
  private _isGoing = false;
}

/** A namespace for what refining depends on. */
export namespace Refining {
  /** The model, as far as refining depends on it. */
  export interface INow {
    report(): IReport | null;
    /** Null also while nobody looks at it. */
    overview(): IOverview | null;
    /** Whether the kernel is free, nothing is asked of it, somebody looks. */
    hasTime(): boolean;
    /** How many times something new was read; what was refined is not new. */
    readings(): number;
    /** Read what is looked at once more, unless something else is done now. */
    readAgain(): Promise<boolean>;
  }
}
