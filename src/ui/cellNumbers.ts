/** Which cell made which result. */

import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { AgentState, IKernelAgent, IWatched } from '../tokens';
import type { IReport, KernelEvent } from '../wire/protocol';

/** Remembers the cells of a document's results, by the results' numbers. */
export class CellNumbers implements IDisposable {
  /** @param watched - The notebook or console. */
  constructor({ agent }: IWatched) {
    agent.event.connect(this._onEvent, this);
    agent.stateChanged.connect(this._onState, this);
  }

  /** The cells' ids, by the numbers of their results. */
  get cellIds(): ReadonlyMap<number, string> {
    return this._cellIds;
  }

  /**
   * Take what a report says.
   *
   * @param report - The report, if there is one.
   */
  take(report: IReport | null): void {
    for (const row of report?.results ?? []) {
      if (row.cell_id !== null && row.execution !== null) {
        this._cellIds.set(row.execution, row.cell_id);
      }
    }
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private _onEvent(_: IKernelAgent, event: KernelEvent): void {
    if (event.event === 'cell_end' && event.data.cell_id !== null) {
      const { cell_id: id, execution_count: count, results } = event.data;
      // The others are results of earlier cells.
      if (results.some(({ number }) => number === count)) {
        this._cellIds.set(count, id);
      }
    }
  }

  private _onState(_: IKernelAgent, { kind }: AgentState): void {
    if (kind === 'restarting' || kind === 'dead' || kind === 'no-kernel') {
      // Another kernel counts from 1 again.
      this._cellIds.clear();
    }
  }

  private readonly _cellIds = new Map<number, string>();
  private _isDisposed = false;
}
