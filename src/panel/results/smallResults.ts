/** Results that are too small to be looked at one by one. */

import { sumOf, type IEntry } from '../../model/entries';
import { likelyBytes, sizeOf, totalOf } from '../../model/figures';
import type { IFigure } from '../../tokens';
import type { IReport } from '../../wire/protocol';

/** The key of the entry that has all small results. */
export const SMALL_KEY = 'small';

/** From this size on, in bytes, a result has a row of its own. */
export const SMALL_BYTES = 64 * 1024;

/** All small results together are less than this share of the memory. */
const MOST_SHARE = 0.01;

/** Fewer of them are no noise. */
const LEAST_COUNT = 4;

/** Whether a result frees little and is known to keep little alive. */
export function isSmall({ group, rows, figure }: IEntry): boolean {
  const [row] = rows;
  const size = sizeOf(row);
  return (
    group === null &&
    likelyBytes(figure) < SMALL_BYTES &&
    size.exact &&
    size.bytes < SMALL_BYTES &&
    (row.device_bytes ?? 0) === 0
  );
}

/**
 * Put the small results together, as the last entry.
 *
 * @param entries - The entries of a report, in their order.
 * @param report - The report.
 * @param toCome - Whether small results are still to be loaded.
 * @returns the entries as they are where the small results are few, or are
 * much together.
 */
export function foldSmall(
  entries: readonly IEntry[],
  report: IReport,
  toCome: boolean
): readonly IEntry[] {
  const small = entries.filter(isSmall);
  const others = entries.filter(entry => !isSmall(entry));
  const figure = toCome
    ? restOf(totalOf(report), sumOf(others.map(each => each.figure)))
    : sumOf(small.map(each => each.figure));
  if (
    small.length < LEAST_COUNT ||
    likelyBytes(figure) >= MOST_SHARE * (report.rss_bytes ?? 0)
  ) {
    return entries;
  }
  const keys = small.map(({ key }) => key);
  const { bytes, exact, estimate_bytes: estimate, notes } = figure;
  const group = {
    keys,
    freed_bytes: bytes,
    exact,
    notes: [...(notes ?? [])],
    estimate_bytes: estimate ?? null
  };
  const rows = small.flatMap(entry => entry.rows);
  return [...others, { key: SMALL_KEY, group, rows, keys, figure }];
}

/** What is left of a total without a part of it. */
function restOf(total: IFigure, part: IFigure): IFigure {
  return {
    bytes: Math.max(0, total.bytes - part.bytes),
    exact: total.exact && part.exact,
    estimate_bytes: Math.max(0, likelyBytes(total) - likelyBytes(part)),
    notes: total.notes
  };
}
