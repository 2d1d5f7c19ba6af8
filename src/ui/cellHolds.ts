/** What is retained of the results of cells. */

import { sumOf } from '../model/entries';
import type { IFigure, IPushed } from '../tokens';

/** What is retained of the results of one cell. */
export interface ICellHold {
  /**
   * What is freed, by key, so that a result with several numbers counts once,
   * and so does a group, by the first of its keys.
   */
  readonly figures: ReadonlyMap<string, IFigure>;
  /** All results that have to go for it to come back. */
  readonly keys: ReadonlySet<string>;
  readonly numbers: readonly number[];
}

/**
 * What is retained of each cell's results.
 *
 * @param pushed - What results free, by their numbers.
 * @param cellIds - The ids of the cells that ran, by number. A number that is
 * not in it belongs to the cell that shows it, if only one cell does.
 * @param shown - The number that each cell shows, by the cell's id.
 * @returns what is retained, by the cell's id.
 */
export function holdsByCell(
  pushed: ReadonlyMap<number, IPushed>,
  cellIds: ReadonlyMap<number, string>,
  shown: ReadonlyMap<string, number | null>
): ReadonlyMap<string, ICellHold> {
  const byNumber = new Map<number, string | null>();
  for (const [id, number] of shown) {
    if (number !== null) {
      byNumber.set(number, byNumber.has(number) ? null : id);
    }
  }
  const holds = new Map<
    string,
    { figures: Map<string, IFigure>; keys: Set<string>; numbers: number[] }
  >();
  for (const [number, { key, figure, group = [key] }] of pushed) {
    const id = cellIds.get(number) ?? byNumber.get(number) ?? null;
    if (id === null) {
      continue;
    }
    const hold = holds.get(id) ?? {
      figures: new Map<string, IFigure>(),
      keys: new Set<string>(),
      numbers: new Array<number>()
    };
    hold.figures.set(group[0], figure);
    group.forEach(each => hold.keys.add(each));
    hold.numbers.push(number);
    holds.set(id, hold);
  }
  return holds;
}

/** What all results of a cell free. */
export function figureOf(hold: ICellHold): IFigure {
  return sumOf([...hold.figures.values()]);
}
