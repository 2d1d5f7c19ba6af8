/** How a person wants to see the results: what is kept over a reload. */

import {
  DEFAULT_SORT,
  NO_FILTER,
  type Column,
  type IFilter,
  type ISort
} from './results/rows';

/** The order of the results, and which of them are shown. */
export interface IViewState {
  readonly sort: ISort;
  readonly filter: IFilter;
}

/** The state of a person who has changed nothing. */
export const DEFAULT_VIEW_STATE: IViewState = {
  sort: DEFAULT_SORT,
  filter: NO_FILTER
};

const COLUMNS: readonly Column[] = ['result', 'type', 'frees', 'cell', 'age'];

/**
 * Read a state that was kept.
 *
 * @param value - What the state database has.
 * @returns the state; a part that is not valid has its default.
 */
export function readViewState(value: unknown): IViewState {
  const { sort, filter } = asRecord(value);
  const { column, descending } = asRecord(sort);
  const { text, minBytes } = asRecord(filter);
  const known = COLUMNS.find(name => name === column);
  return {
    sort:
      known !== undefined && typeof descending === 'boolean'
        ? { column: known, descending }
        : DEFAULT_SORT,
    filter:
      typeof text === 'string' && typeof minBytes === 'number'
        ? { text, minBytes }
        : NO_FILTER
  };
}

function asRecord(value: unknown): Record<string, unknown> {
  return Object(value) as Record<string, unknown>;
}
