/** What is retained of the results of cells. */

import { sumOf } from '../model/entries';
import type { IFigure, IPushed } from '../tokens';

/** What a result, or the group that it is in, frees. */
interface IHoldPart {
  readonly figure: IFigure;
  /** All results that have to go for it to come back. */
  readonly keys: readonly string[];
}

/** What is retained of the results of one cell. */
export interface ICellHold {
  /**
   * By key, so that a result with several numbers counts once, and so does a
   * group, by the first of its keys.
   */
  readonly parts: ReadonlyMap<string, IHoldPart>;
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
    { parts: Map<string, IHoldPart>; numbers: number[] }
  >();
  for (const [number, { key, figure, group: keys = [key] }] of pushed) {
    const id = cellIds.get(number) ?? byNumber.get(number) ?? null;
    if (id === null) {
      continue;
    }
    const hold = holds.get(id) ?? {
      parts: new Map<string, IHoldPart>(),
      numbers: new Array<number>()
    };
    hold.parts.set(keys[0], { figure, keys });
    hold.numbers.push(number);
    holds.set(id, hold);
  }
  return holds;
}

/** What all results of a cell free. */
export function figureOf(hold: ICellHold): IFigure {
  return sumOf([...hold.parts.values()].map(({ figure }) => figure));
}

/** All results that have to go for that to come back. */
export function keysOf(hold: ICellHold): string[] {
  return [...hold.parts.values()].flatMap(({ keys }) => keys);
}

/** Whether other results have to go for that, too. */
export function isShared(hold: ICellHold): boolean {
  return [...hold.parts.values()].some(({ keys }) => keys.length > 1);
}
