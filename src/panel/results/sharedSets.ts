/** The sets of results whose joint size is worth asking for. */

import type { IRow } from '../../wire/protocol';

/** A row with more partners is not asked about, unless a person selects them. */
const MOST_PARTNERS = 20;

/** How many sets are asked about that nobody has selected. */
const MOST_SETS = 6;

/**
 * The sets of rows that share memory, for rows that are in view.
 *
 * @param inView - The rows, with the one that matters most first.
 * @param byKey - All rows.
 * @returns a few sets of keys, each of a row with all that it shares memory
 * with; the set of two such rows comes once.
 */
export function sharedSets(
  inView: readonly IRow[],
  byKey: ReadonlyMap<string, IRow>
): readonly (readonly string[])[] {
  const sets = new Map<string, readonly string[]>();
  for (const { key, shared_with: partners } of inView) {
    if (
      sets.size < MOST_SETS &&
      partners.length > 0 &&
      partners.length <= MOST_PARTNERS &&
      partners.every(partner => byKey.has(partner))
    ) {
      const keys = [key, ...partners];
      const id = [...keys].sort().join();
      sets.set(id, sets.get(id) ?? keys);
    }
  }
  return [...sets.values()];
}
