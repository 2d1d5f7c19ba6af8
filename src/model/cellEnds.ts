/** What the kernel tells at the end of each cell, and the subscription to it. */

import type { IKernelAgent } from '../tokens';
import type { Reading } from './reading';
import { PushedFigures } from './retainedByCell';

/**
 * Subscribes to the ends of cells while somebody looks or the guard is on, and
 * keeps what each result retains.
 */
export class CellEnds {
  /**
   * @param agent - Talks with the kernel.
   * @param reading - Knows whether somebody looks.
   */
  constructor(agent: IKernelAgent, reading: Reading) {
    this._agent = agent;
    this._reading = reading;
  }

  /** What results free, as far as that is still known. */
  readonly pushed = new PushedFigures();

  /** Subscribe or unsubscribe, if that is due and the kernel would answer. */
  update(): void {
    if (!this._reading.canAsk) {
      return;
    }
    const guard = this._agent.guard?.mode ?? 'off';
    const wanted = this._reading.observers > 0 || guard !== 'off';
    if (wanted === this._isSubscribed) {
      return;
    }
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
  private _asking = new AbortController();
}
