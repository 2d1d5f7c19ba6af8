/** What each result retains, as the kernel tells it without being asked. */

import type { ICellEnd, IReport } from '../wire/protocol';
import { entriesOf } from './entries';
import { freedBy, likelyBytes } from './figures';
import { selects } from './selection';
import type { IPushed, Selection } from '../tokens';

/** What is known of results, by execution count. */
export class PushedBytes extends Map<number, IPushed> {
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
      const { key, number, exact, group } = result;
      const told = { key, bytes: likelyBytes(freedBy(result)), exact };
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
    if (report.results.length >= report.count) {
      this.clear();
    }
    for (const { rows, figure, group } of entriesOf(report)) {
      const bytes = likelyBytes(figure);
      const { exact } = figure;
      for (const { key, numbers } of rows) {
        const alone = { key, bytes, exact };
        const told = group === null ? alone : { ...alone, group: group.keys };
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
