/** What the kernel tells at the end of each cell, and the subscription to it. */

import type { ICellRuns, IKernelAgent, IWithheld, RunStep } from '../tokens';
import type { ICellEnd } from '../wire/protocol';
import type { Reading } from './reading';
import { PushedFigures } from './retainedByCell';

/** As many as are remembered; those before have scrolled away. */
const MOST_WITHHELD = 1000;

/**
 * Subscribes to the ends of cells while somebody looks or the guard is on, and
 * from the first result on: whoever never opens the panel is told as well. A
 * kernel that shows no result is left alone. It keeps what each result
 * retains.
 */
export class CellEnds {
  /**
   * @param agent - Talks with the kernel.
   * @param reading - Knows whether somebody looks.
   */
  constructor(agent: IKernelAgent, reading: Reading) {
    this._agent = agent;
    this._reading = reading;
    agent.cellRuns.step.connect(this._onStep, this);
  }

  /** What results free, as far as that is still known. */
  readonly pushed = new PushedFigures();

  /** The large results that the guard did not keep, oldest first. */
  readonly withheld = new Map<number, IWithheld>();

  /**
   * Take what the kernel tells of a cell's end.
   *
   * @param end - What it left behind.
   */
  take(end: ICellEnd): void {
    this.pushed.takeCellEnd(end);
    for (const each of end.withheld) {
      this.withheld.delete(each.number);
      this.withheld.set(each.number, each);
    }
    for (const number of this.withheld.keys()) {
      if (this.withheld.size <= MOST_WITHHELD) {
        break;
      }
      this.withheld.delete(number);
    }
  }

  /** Subscribe or unsubscribe, if that is due and the kernel would answer. */
  update(): void {
    if (!this._reading.canAsk) {
      return;
    }
    const guard = this._agent.guard?.mode ?? 'off';
    const wanted =
      this._reading.observers > 0 || guard !== 'off' || this._mayRetain;
    if (wanted === this._isSubscribed) {
      return;
    }
    this._ask(wanted);
  }

  /** The kernel may retain results from before it was listened to. */
  noteEarlierCells(): void {
    this._mayRetain = true;
    this.update();
  }

  /** Have all figures told again, where the kernel tells them at all. */
  tellAgain(): void {
    if (this._isSubscribed && this._reading.canAsk) {
      this._ask(true);
    }
  }

  /** The kernel is another one. */
  forget(): void {
    this._mayRetain = false;
    this.pushed.clear();
    this.withheld.clear();
  }

  private _ask(wanted: boolean): void {
    const signal = this._note(wanted);
    const params = { cell_end: wanted };
    this._agent.request('subscribe', params, { signal }).catch(() => {
      // Without the comm there is no subscription, whatever was asked for.
      if (!signal.aborted && this._agent.state.kind === 'ready') {
        this._isSubscribed = !wanted;
      }
    });
  }

  /** Every subscription ended with the comm. */
  lose(): void {
    this._note(false);
  }

  /** A cell has ended; without a subscription its results are not known. */
  cellEnded(): void {
    if (!this._isSubscribed) {
      this.pushed.clear();
    }
    this.update();
  }

  private _onStep(_: ICellRuns, { kind }: RunStep): void {
    if (kind === 'result' && !this._mayRetain) {
      this._mayRetain = true;
      // Else the end of the cell brings the subscription; its reply may come
      // before its result.
      this.update();
    }
  }

  /**
   * Note what is asked for from now on. An earlier request may still wait for
   * the engine, and must not come after the next one.
   *
   * @returns what takes the next request back.
   */
  private _note(isSubscribed: boolean): AbortSignal {
    this._isSubscribed = isSubscribed;
    this._asking.abort();
    this._asking = new AbortController();
    return this._asking.signal;
  }

  private _agent: IKernelAgent;
  private _reading: Reading;
  private _isSubscribed = false;
  private _mayRetain = false;
  private _asking = new AbortController();
}
