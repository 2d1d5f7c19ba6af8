/** The results as rows: their names, their order, the filter. */

import type { IEntry } from '../../model/entries';
import { freedBy, likelyBytes } from '../../model/figures';
import type { IRow } from '../../wire/protocol';

/** What the rows can be sorted by. */
export type Column = 'result' | 'type' | 'frees' | 'cell' | 'age';

/** The order of the rows. */
export interface ISort {
  readonly column: Column;
  readonly descending: boolean;
}

/** Which rows are shown. */
export interface IFilter {
  /** Words that all have to occur, in any letter case. */
  readonly text: string;
  /** The least that an entry frees, in bytes. */
  readonly minBytes: number;
}

/** The kernel's own order: what frees most comes first. */
export const DEFAULT_SORT: ISort = { column: 'frees', descending: true };

/** Every row. */
export const NO_FILTER: IFilter = { text: '', minBytes: 0 };

/**
 * The names by which a person knows a result.
 *
 * @param row - The row.
 * @returns `Out[n]` for all its numbers; without a number, its holders.
 */
export function rowNames(row: IRow): string[] {
  return row.numbers.length > 0
    ? row.numbers.map(number => `Out[${number}]`)
    : row.holders.slice(0, 1);
}

/** The first two names of a row, and how many more it has. */
export function rowLabel(row: IRow): string {
  const names = rowNames(row);
  const more = names.length - 2;
  const first = names.slice(0, 2).join(', ') || row.key;
  return first + (more > 0 ? ` +${more}` : '');
}

/** Names beyond these are only counted. */
const NAMES = 3;

/** The names of a group's members, such as `Out[2], [3], [6] +2`. */
export function groupLabel({ rows, keys }: IEntry): string {
  const names = [...rows]
    .sort((a, b) => newest(a) - newest(b))
    .slice(0, NAMES)
    .map(row => rowNames(row)[0] ?? row.key)
    .map((name, index) =>
      index === 0 ? name : name.replace(/^Out(?=\[)/, '')
    );
  const more = keys.length - names.length;
  return names.join(', ') + (more > 0 ? ` +${more}` : '');
}

/** So many names of a group are listed; a tooltip has no room for more. */
const MOST_NAMES = 50;

/** The names of a group's members, for a tooltip. */
export function groupNames({ rows, keys }: IEntry): string {
  const first = rows.slice(0, MOST_NAMES);
  const more = keys.length - first.length;
  return first.flatMap(rowNames).join(', ') + (more > 0 ? ` +${more}` : '');
}

/** The newest of a result's numbers: by it a person finds the result. */
function newest(row: IRow): number {
  return row.execution ?? Math.max(-1, ...row.numbers);
}

/** What the row frees alone, in all likelihood. */
function freed(row: IRow): number {
  return likelyBytes(freedBy(row));
}

/** A type's own name, without its module. */
export function shortType(type: string): string {
  return type.slice(type.lastIndexOf('.') + 1);
}

function text(row: IRow): string {
  return [
    ...rowNames(row),
    row.type,
    row.summary,
    row.source ?? '',
    ...row.variables,
    ...row.shared_variables,
    ...row.holders
  ]
    .join('\n')
    .toLowerCase();
}

/** The entries that a filter lets through: groups whole. */
export function filterEntries(
  entries: readonly IEntry[],
  filter: IFilter
): readonly IEntry[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0 && filter.minBytes === 0) {
    return entries;
  }
  const hasAll = (row: IRow): boolean => {
    const inRow = text(row);
    return words.every(word => inRow.includes(word));
  };
  return entries.filter(
    ({ figure, rows }) =>
      likelyBytes(figure) >= filter.minBytes &&
      (words.length === 0 || rows.some(hasAll))
  );
}

const compareText = new Intl.Collator(undefined, { numeric: true }).compare;

const COMPARE: Record<Exclude<Column, 'cell'>, (a: IRow, b: IRow) => number> = {
  result: (a, b) => newest(a) - newest(b),
  type: (a, b) =>
    compareText(a.type, b.type) || compareText(a.summary, b.summary),
  frees: (a, b) => freed(a) - freed(b) || a.size_bytes - b.size_bytes,
  // An older result has the smaller time and the greater age.
  age: (a, b) => (b.time ?? 0) - (a.time ?? 0)
};

/** The places of cells in their document, by the cells' ids. */
export type Places = ReadonlyMap<string, number>;

/** By the cells' places; what has none stays at the end in both directions. */
function comparePlaces(a: IRow, b: IRow, sign: number, places: Places): number {
  const [left, right] = [a, b].map(
    ({ cell_id: id }) => places.get(id ?? '') ?? -1
  );
  return Number(left < 0) - Number(right < 0) || sign * (left - right);
}

/**
 * Put entries in an order, and the rows of each group in the same; equal ones
 * with the newest first. But for what it frees, a group stands where the first
 * of its rows does.
 *
 * @param entries - The entries.
 * @param sort - The order.
 * @param places - The places of the document's cells.
 */
export function sortEntries(
  entries: readonly IEntry[],
  { column, descending }: ISort,
  places: Places = new Map()
): readonly IEntry[] {
  const sign = descending ? -1 : 1;
  const compare = (a: IRow, b: IRow): number =>
    (column === 'cell'
      ? comparePlaces(a, b, sign, places)
      : sign * COMPARE[column](a, b)) || newest(b) - newest(a);
  const compareEntries = (a: IEntry, b: IEntry): number =>
    (column === 'frees' &&
      sign * (likelyBytes(a.figure) - likelyBytes(b.figure))) ||
    compare(a.rows[0], b.rows[0]);
  return entries
    .map(entry =>
      entry.group === null
        ? entry
        : { ...entry, rows: [...entry.rows].sort(compare) }
    )
    .sort(compareEntries);
}

/**
 * The order after a press on a column's head.
 *
 * @param sort - The order before it.
 * @param column - The column.
 * @returns the opposite order if the rows are sorted by this column already,
 * else the order in which a person looks first.
 */
export function nextSort(sort: ISort, column: Column): ISort {
  return sort.column === column
    ? { column, descending: !sort.descending }
    : { column, descending: column === 'frees' || column === 'result' };
}
