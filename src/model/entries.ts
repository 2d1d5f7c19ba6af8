/** What a report lists: groups of results that share memory, and the others. */

import type { IFigure } from '../tokens';
import type { IGroup, IReport, IRow } from '../wire/protocol';
import { freedBy, likelyBytes } from './figures';

/** A result that shares with no other, or a group of those that do. */
export interface IEntry {
  /** Of a result, its own; that of a group is the same in each report. */
  readonly key: string;
  /** Null for a result that is in no group. */
  readonly group: IGroup | null;
  /** Its results, as far as they are loaded. */
  readonly rows: readonly IRow[];
  /** The keys of all its results. */
  readonly keys: readonly string[];
  /** What releasing all of them frees. */
  readonly figure: IFigure;
}

/** The entries of a report; groups without a row that is loaded are none. */
export function entriesOf(
  report: Pick<IReport, 'results' | 'groups'>
): readonly IEntry[] {
  const groupOf = new Map<string, IGroup>();
  for (const group of report.groups) {
    group.keys.forEach(key => groupOf.set(key, group));
  }
  const entries: IEntry[] = [];
  const members = new Map<IGroup, IRow[]>();
  for (const row of report.results) {
    const group = groupOf.get(row.key);
    const known = group && members.get(group);
    if (known !== undefined) {
      known.push(row);
    } else if (group !== undefined) {
      const rows = [row];
      members.set(group, rows);
      entries.push(groupEntry(group, rows));
    } else {
      entries.push(rowEntry(row));
    }
  }
  return entries;
}

function rowEntry(row: IRow): IEntry {
  return {
    key: row.key,
    group: null,
    rows: [row],
    keys: [row.key],
    figure: freedBy(row)
  };
}

function groupEntry(group: IGroup, rows: readonly IRow[]): IEntry {
  return {
    key: `group:${[...group.keys].sort()[0]}`,
    group,
    rows,
    keys: group.keys,
    figure: freedBy(group)
  };
}

/** What entries free: what each of them frees is only its own. */
export function sumOf(figures: readonly IFigure[]): IFigure {
  const hasEstimate = figures.some(
    ({ exact, estimate_bytes: estimate }) =>
      !exact && (estimate ?? null) !== null
  );
  return {
    bytes: figures.reduce((sum, { bytes }) => sum + bytes, 0),
    exact: figures.every(({ exact }) => exact),
    estimate_bytes: hasEstimate
      ? figures.reduce((sum, figure) => sum + likelyBytes(figure), 0)
      : null,
    notes: [...new Set(figures.flatMap(({ notes = [] }) => notes))].sort()
  };
}
