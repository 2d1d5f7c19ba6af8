/** What each result retains, as the kernel tells it without being asked. */

import type { ICellEnd, IReport } from '../wire/protocol';
import { entriesOf } from './entries';
import { freedBy, likelyBytes } from './figures';
import { selects } from './selection';
import type { IFigure, IPushed, Selection } from '../tokens';

/** What is known of results, by execution count. */
export class PushedFigures extends Map<number, IPushed> {
  /**
   * A cell begins: what it does can make the figures other ones. Those that
   * the kernel watches are told again if so.
   */
  age(): void {
    for (const [number, told] of this) {
      if (!told.isWatched) {
        this.set(number, { ...told, figure: estimated(told.figure) });
      }
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
    for (const result of end.results) {
      const { key, number, group } = result;
      const told = { key, figure: freedBy(result), isWatched: true } as const;
      this.set(number, group.length > 1 ? { ...told, group } : told);
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
    const before = new Map(this);
    if (report.results.length >= report.count) {
      this.clear();
    }
    for (const { rows, figure, group } of entriesOf(report)) {
      for (const { key, numbers } of rows) {
        const told =
          group === null ? { key, figure } : { key, figure, group: group.keys };
        for (const number of numbers) {
          this.set(
            number,
            isKnown(before.get(number)) ? { ...told, isWatched: true } : told
          );
        }
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

/** Whether the kernel tells it when what was told of a result is over. */
function isKnown(told: IPushed | undefined): boolean {
  return told?.isWatched === true && told.figure.exact;
}

/** A figure that may be another one by now. */
function estimated(figure: IFigure): IFigure {
  const bytes = likelyBytes(figure);
  return figure.exact
    ? { bytes: 0, exact: false, estimate_bytes: bytes }
    : figure;
}
