/** Which cells run, judged by the messages that pass by. */

import type { Kernel, KernelMessage } from '@jupyterlab/services';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

/**
 * Follows the execute requests of every client of a kernel. The kernel's
 * status is of no use here: a comm message sets it to idle in mid-cell.
 */
export class RunningCells {
  /** Whether an execute request is outstanding. */
  get any(): boolean {
    return this._outstanding.size > 0;
  }

  /** Emitted when `any` has changed. */
  get changed(): ISignal<this, boolean> {
    return this._changed;
  }

  /**
   * Send an execute request that is not a cell's.
   *
   * @param send - Sends it, and returns the future.
   * @returns what `send` returned.
   */
  unseen<T extends { msg: KernelMessage.IMessage }>(send: () => T): T {
    this._muted = true;
    try {
      const future = send();
      this._ignored.add(future.msg.header.msg_id);
      return future;
    } finally {
      this._muted = false;
    }
  }

  /** Forget everything, as a kernel does when it restarts. */
  clear(): void {
    this._ignored.clear();
    this._update(() => this._outstanding.clear());
  }

  /** Take note of a message. */
  see(args: Kernel.IAnyMessageArgs): void {
    const { msg, direction } = args;
    if (direction === 'send') {
      if (!this._muted && msg.header.msg_type === 'execute_request') {
        this._add(msg.header.msg_id);
      }
      return;
    }
    const parent = msg.parent_header;
    if (!('msg_id' in parent) || parent.msg_type !== 'execute_request') {
      return;
    }
    if (msg.header.msg_type === 'execute_reply') {
      this._update(() => this._outstanding.delete(parent.msg_id));
    } else if (msg.header.msg_type === 'status') {
      const { execution_state } = (msg as KernelMessage.IStatusMsg).content;
      if (execution_state === 'busy') {
        this._add(parent.msg_id);
      } else if (execution_state === 'idle') {
        this._update(() => this._outstanding.delete(parent.msg_id));
      }
    }
  }

  private _add(id: string): void {
    if (!this._ignored.has(id)) {
      this._update(() => this._outstanding.add(id));
    }
  }

  private _update(change: () => void): void {
    const before = this.any;
    change();
    if (this.any !== before) {
      this._changed.emit(this.any);
    }
  }

  private _muted = false;
  private _ignored = new Set<string>();
  private _outstanding = new Set<string>();
  private _changed = new Signal<this, boolean>(this);
}
