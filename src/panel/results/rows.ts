/** The results as rows: their names, their order, the filter. */

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
  /** The least that a row frees, in bytes. */
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

/** The first name of a row, and how many more it has. */
export function rowLabel(row: IRow): string {
  const names = rowNames(row);
  const more = names.length - 1;
  return (names[0] ?? row.key) + (more > 0 ? ` +${more}` : '');
}

/** The newest of a result's numbers: by it a person finds the result. */
function newest(row: IRow): number {
  return row.execution ?? Math.max(-1, ...row.numbers);
}

/** Whether releasing the row frees memory at once. */
export function isFree(row: IRow): boolean {
  return row.freed_bytes > 0;
}

/** Whether the estimate is above the figure. */
export function hasEstimate(
  row: IRow
): row is IRow & { estimate_bytes: number } {
  return row.estimate_bytes !== null && row.estimate_bytes > row.freed_bytes;
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
    ...row.holders
  ]
    .join('\n')
    .toLowerCase();
}

/** The rows that a filter lets through. */
export function filterRows(
  rows: readonly IRow[],
  filter: IFilter
): readonly IRow[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0 && filter.minBytes === 0) {
    return rows;
  }
  return rows.filter(row => {
    if (row.freed_bytes < filter.minBytes) {
      return false;
    }
    if (words.length === 0) {
      return true;
    }
    const inRow = text(row);
    return words.every(word => inRow.includes(word));
  });
}

const compareText = new Intl.Collator(undefined, { numeric: true }).compare;

const COMPARE: Record<Column, (a: IRow, b: IRow) => number> = {
  result: (a, b) => newest(a) - newest(b),
  type: (a, b) =>
    compareText(a.type, b.type) || compareText(a.summary, b.summary),
  frees: (a, b) =>
    a.freed_bytes - b.freed_bytes ||
    (a.estimate_bytes ?? 0) - (b.estimate_bytes ?? 0),
  cell: (a, b) => compareText(a.source ?? '', b.source ?? ''),
  // An older result has the smaller time and the greater age.
  age: (a, b) => (b.time ?? 0) - (a.time ?? 0)
};

/** The rows in an order; equal ones with the newest first. */
export function sortRows(
  rows: readonly IRow[],
  { column, descending }: ISort
): readonly IRow[] {
  const compare = COMPARE[column];
  const sign = descending ? -1 : 1;
  return [...rows].sort(
    (a, b) => sign * compare(a, b) || newest(b) - newest(a)
  );
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

/**
 * The sum of what rows free, which is known without asking the kernel.
 *
 * @param rows - Rows to be released at once.
 * @returns the sum, and whether it is exact. It is a lower bound where rows
 * share memory: that comes back with the last of them only, and is in the
 * figure of none.
 */
export function together(rows: readonly IRow[]): {
  bytes: number;
  exact: boolean;
} {
  return {
    bytes: rows.reduce((sum, row) => sum + row.freed_bytes, 0),
    exact: rows.every(
      row => row.exact && (rows.length === 1 || row.shared_with.length === 0)
    )
  };
}
