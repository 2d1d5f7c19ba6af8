/** Which cells run now. */

import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { ICellRuns, RunStep } from '../tokens';

/**
 * Follows the runs of every client of a kernel. The kernel's status does not
 * tell: a comm message sets it to idle in mid-cell.
 */
export class RunningCells {
  /** @param runs - The steps of the kernel's runs. */
  constructor(runs: ICellRuns) {
    runs.step.connect(this._onStep, this);
  }

  /** Whether an execute request is outstanding. */
  get any(): boolean {
    return this._outstanding.size > 0;
  }

  /** Emitted when `any` has changed. */
  get changed(): ISignal<this, boolean> {
    return this._changed;
  }

  /** Forget everything, as a kernel does when it restarts. */
  clear(): void {
    this._update(() => this._outstanding.clear());
  }

  private _onStep(_: ICellRuns, { kind, id }: RunStep): void {
    switch (kind) {
      case 'sent':
      case 'busy':
        this._update(() => this._outstanding.add(id));
        break;
      case 'replied':
      case 'idle':
        this._update(() => this._outstanding.delete(id));
    }
  }

  private _update(change: () => void): void {
    const before = this.any;
    change();
    if (this.any !== before) {
      this._changed.emit(this.any);
    }
  }

  private _outstanding = new Set<string>();
  private _changed = new Signal<this, boolean>(this);
}
