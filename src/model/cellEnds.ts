/** What the kernel tells at the end of each cell, and the subscription to it. */

import type { IKernelAgent } from '../tokens';
import type { Reading } from './reading';
import { PushedBytes } from './retainedByCell';

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

  /** Bytes of results, as far as they are still known. */
  readonly pushed = new PushedBytes();

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
    this._isSubscribed = wanted;
    this._agent.request('subscribe', { cell_end: wanted }).catch(() => {
      // Without the comm there is no subscription, whatever was asked for.
      if (this._agent.state.kind === 'ready') {
        this._isSubscribed = !wanted;
      }
    });
  }

  /** Every subscription ended with the comm. */
  lose(): void {
    this._isSubscribed = false;
  }

  /** A cell has ended; without a subscription its results are not known. */
  cellEnded(): void {
    if (!this._isSubscribed) {
      this.pushed.clear();
    }
    this.update();
  }

  private _agent: IKernelAgent;
  private _reading: Reading;
  private _isSubscribed = false;
}
