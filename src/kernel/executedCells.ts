/** Which cells ran, as the messages that pass by tell. */

import type { Kernel, KernelMessage } from '@jupyterlab/services';
import type { IRow } from '../wire/protocol';

/** As many as the kernel's own record has. */
const MOST = 10_000;

/** What is known of an execution. */
type Executed = Pick<IRow, 'cell_id' | 'time'>;

const UNKNOWN: Executed = { cell_id: null, time: null };

/**
 * Remembers for each execution count the cell's id and when it began. The
 * kernel records it only while somebody looks; a page sees it pass by anyway,
 * at no cost to the kernel.
 */
export class ExecutedCells {
  /** Take note of a message. */
  see({ msg, direction }: Kernel.IAnyMessageArgs): void {
    const { msg_type } = msg.header;
    if (direction === 'send') {
      const { cellId } = msg.metadata;
      if (msg_type === 'execute_request' && typeof cellId === 'string') {
        this._sent.set(msg.header.msg_id, cellId);
      }
      return;
    }
    const parent = msg.parent_header;
    if (!('msg_id' in parent)) {
      return;
    }
    if (msg_type === 'execute_input') {
      const { content } = msg as KernelMessage.IExecuteInputMsg;
      this._known.set(content.execution_count ?? -1, {
        // Other clients' requests do not pass by, so that this is null then.
        cell_id: this._sent.get(parent.msg_id) ?? null,
        time: Date.now() / 1000
      });
      if (this._known.size > MOST) {
        this._known.delete(Math.min(...this._known.keys()));
      }
    } else if (msg_type === 'execute_reply') {
      this._sent.delete(parent.msg_id);
    }
  }

  /**
   * Complete what the kernel knows of a result's cell.
   *
   * @param row - The kernel's row, which comes first.
   * @returns the row itself if there is nothing to add.
   */
  complete(row: IRow): IRow {
    if (row.cell_id !== null && row.time !== null) {
      return row;
    }
    const { cell_id, time } = this._known.get(row.execution ?? -1) ?? UNKNOWN;
    return {
      ...row,
      cell_id: row.cell_id ?? cell_id,
      time: row.time ?? time
    };
  }

  /** Forget everything: another kernel counts from 1 again. */
  clear(): void {
    this._sent.clear();
    this._known.clear();
  }

  private _sent = new Map<string, string>();
  private _known = new Map<number, Executed>();
}
