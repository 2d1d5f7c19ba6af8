/** Which cells ran. */

import type { ICellRuns, IExecutedCells, RunStep } from '../tokens';
import type { IRow } from '../wire/protocol';

/** As many as the kernel's own record has. */
const MOST = 10_000;

/** What is known of an execution. */
type Executed = Pick<IRow, 'cell_id' | 'time'>;

const UNKNOWN: Executed = { cell_id: null, time: null };

/**
 * Remembers for each execution count the cell's id and when the cell began.
 * The kernel records it only while somebody looks; a page sees it pass by
 * anyway, at no cost to the kernel.
 */
export class ExecutedCells implements IExecutedCells {
  /** @param runs - The steps of the kernel's runs. */
  constructor(runs: ICellRuns) {
    runs.step.connect(this._onStep, this);
  }

  /**
   * Complete what the kernel knows of a result's cell.
   *
   * @param row - The kernel's row; what it says counts first.
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

  /**
   * The cell that this document ran under an execution count.
   *
   * @param execution - The count; null if it is not known.
   * @returns the cell's id; null if another client ran it, or it is not known.
   */
  cellOf(execution: number | null): string | null {
    return this._known.get(execution ?? -1)?.cell_id ?? null;
  }

  /** Forget everything: another kernel counts from 1 again. */
  clear(): void {
    this._known.clear();
  }

  private _onStep(_: ICellRuns, step: RunStep): void {
    if (step.kind !== 'input') {
      return;
    }
    // Ages are told by the page's clock; the kernel's may be another one.
    const time = Date.now() / 1000;
    this._known.set(step.count, { cell_id: step.cellId, time });
    if (this._known.size > MOST) {
      this._known.delete(Math.min(...this._known.keys()));
    }
  }

  private _known = new Map<number, Executed>();
}
