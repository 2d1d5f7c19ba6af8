/** What each result retains, as the kernel tells it without being asked. */

import type { ICellEnd, IReport } from '../wire/protocol';
import { selects } from './selection';
import type { Selection } from '../tokens';

/** Keys and bytes of results, by execution count. */
export class PushedBytes extends Map<number, { key: string; bytes: number }> {
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
    for (const { key, number, freed_bytes } of end.results) {
      this.set(number, { key, bytes: freed_bytes });
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
    for (const row of report.results) {
      for (const number of row.numbers) {
        this.set(number, { key: row.key, bytes: row.freed_bytes });
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
