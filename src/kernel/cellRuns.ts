/** The one reader of the messages with which a kernel runs cells. */

import type { Kernel, KernelMessage } from '@jupyterlab/services';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { ICellRuns, RunProgress, RunStep } from '../tokens';

/**
 * Turns the messages that pass by into the steps of runs, of every client of
 * a kernel. Other clients' requests do not pass by here, but what the kernel
 * says of their runs does.
 */
export class CellRuns implements ICellRuns {
  get step(): ISignal<this, RunStep> {
    return this._step;
  }

  /**
   * Send an execute request that is not a cell's: its run has no steps.
   *
   * @param send - Sends the request, and returns the future.
   * @returns what `send` returned.
   */
  unseen<T extends { msg: KernelMessage.IMessage }>(send: () => T): T {
    this._isMuted = true;
    try {
      const future = send();
      this._unseen.add(future.msg.header.msg_id);
      return future;
    } finally {
      this._isMuted = false;
    }
  }

  /**
   * Take note of a message.
   *
   * @param args - The message as the kernel's connection tells it.
   */
  see({ msg, direction }: Kernel.IAnyMessageArgs): void {
    if (direction === 'send') {
      if (msg.header.msg_type === 'execute_request' && !this._isMuted) {
        this._sent(msg);
      }
      return;
    }
    const parent = msg.parent_header;
    if ('msg_id' in parent && parent.msg_type === 'execute_request') {
      this._received(parent.msg_id, msg);
    }
  }

  /** Forget the requests that a kernel took along when it ended. */
  clear(): void {
    this._cellIds.clear();
    this._unseen.clear();
  }

  private _sent(msg: KernelMessage.IMessage): void {
    const id = msg.header.msg_id;
    const { cellId } = msg.metadata;
    if (typeof cellId === 'string') {
      this._cellIds.set(id, cellId);
    }
    this._tell(id, { kind: 'sent' });
  }

  private _received(id: string, msg: KernelMessage.IMessage): void {
    if (this._unseen.has(id)) {
      if (isIdle(msg)) {
        this._unseen.delete(id);
      }
      return;
    }
    switch (msg.header.msg_type) {
      case 'execute_input': {
        const { content } = msg as KernelMessage.IExecuteInputMsg;
        const { execution_count: count } = content;
        if (count !== null) {
          this._tell(id, { kind: 'input', count });
        }
        break;
      }
      case 'execute_result':
        this._tell(id, { kind: 'result' });
        break;
      case 'execute_reply':
        this._tell(id, { kind: 'replied' });
        break;
      case 'status': {
        const { content } = msg as KernelMessage.IStatusMsg;
        const { execution_state: kind } = content;
        if (kind === 'busy' || kind === 'idle') {
          this._tell(id, { kind, time: secondsOf(msg.header.date) });
        }
        if (kind === 'idle') {
          this._cellIds.delete(id);
        }
      }
    }
  }

  private _tell(id: string, progress: RunProgress): void {
    const cellId = this._cellIds.get(id) ?? null;
    this._step.emit({ ...progress, id, cellId });
  }

  private _isMuted = false;
  private _unseen = new Set<string>();
  /** The cells of the runs that go on. */
  private _cellIds = new Map<string, string>();
  private _step = new Signal<this, RunStep>(this);
}

/** Whether a kernel says that it is through with a run. */
function isIdle(msg: KernelMessage.IMessage): boolean {
  return (
    msg.header.msg_type === 'status' &&
    (msg as KernelMessage.IStatusMsg).content.execution_state === 'idle'
  );
}

/** The kernel's clock, which for a local kernel is the server's too. */
function secondsOf(date: string): number {
  const time = Date.parse(date) / 1000;
  return Number.isNaN(time) ? Date.now() / 1000 : time;
}
