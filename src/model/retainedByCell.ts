/** What each result retains, as the kernel tells it without being asked. */

import type { ICellEnd, IReport } from '../wire/protocol';
import { entriesOf } from './entries';
import { likelyBytes } from './figures';
import { selects } from './selection';
import type { IFigure, IPushed, Selection } from '../tokens';

/** What is known of results, by execution count. */
export class PushedFigures extends Map<number, IPushed> {
  /** A cell begins: what it does can make the figures other ones. */
  age(): void {
    for (const [number, told] of this) {
      this.set(number, { ...told, figure: estimated(told.figure) });
    }
  }

  /**
   * A cell has ended.
   *
   * @param end - What the kernel told of it.
   */
  takeCellEnd(end: ICellEnd): void {
    for (const number of end.gone) {
      this.delete(number);
    }
    // After `gone`: other results may have its numbers now.
    for (const { key, number, freed_bytes: bytes, exact } of end.results) {
      this.set(number, { key, figure: { bytes, exact } });
    }
    // The guard also releases older results.
    for (const { number } of end.withheld) {
      this.delete(number);
    }
  }

  /**
   * A report has come. If it is complete, there are no other results.
   *
   * @param report - The report.
   */
  takeReport(report: IReport): void {
    if (report.results.length >= report.count) {
      this.clear();
    }
    for (const { rows, figure, group } of entriesOf(report)) {
      for (const { key, numbers } of rows) {
        const told =
          group === null ? { key, figure } : { key, figure, group: group.keys };
        numbers.forEach(number => this.set(number, told));
      }
    }
  }

  /**
   * Results have been released.
   *
   * @param selection - What was released.
   * @param minimum - The least bytes of a large result.
   */
  takeRelease(selection: Selection, minimum: number): void {
    const isSelected = selects(selection, minimum);
    for (const [number, result] of this) {
      if (isSelected(result)) {
        this.delete(number);
      }
    }
  }
}

/** A figure that may be another one by now. */
function estimated(figure: IFigure): IFigure {
  const bytes = likelyBytes(figure);
  return figure.exact
    ? { bytes: 0, exact: false, estimate_bytes: bytes }
    : figure;
}
