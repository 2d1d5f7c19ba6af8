import * as React from 'react';
import type { IReport, IRow } from '../../wire/protocol';
import type { IWatched } from '../../tokens';
import { isFree } from '../../kernel/kernelFree';
import { together } from './rows';
import type { ViewModel } from '../viewModel';

/** What rows free when they are released at once. */
export interface ITogether {
  readonly bytes: number;
  readonly exact: boolean;
}

/** Tells what rows free together; null if the kernel has not said it. */
export type TogetherOf = (rows: readonly IRow[]) => ITogether | null;

/** How long the kernel may look at one set, in milliseconds. */
const BUDGET_MS = 50;

/** A longer list is not asked for, unless a person selected it. */
const MOST_PARTNERS = 20;

/** How many rows are asked about without a person's doing. */
const MOST_SETS = 6;

/** Each of several results, by one of its numbers; null if one has none. */
function numbersOf(rows: readonly IRow[]): number[] | null {
  const numbers = rows.map(row => row.numbers[0]);
  return rows.length > 1 && !numbers.includes(undefined as never)
    ? numbers
    : null;
}

/** A selection can be all rows there are, and is asked for at each drawing. */
const IDS = new WeakMap<readonly IRow[], string>();

function idOf(rows: readonly IRow[]): string {
  const known = IDS.get(rows);
  if (known !== undefined) {
    return known;
  }
  const id = rows
    .map(row => row.key)
    .sort()
    .join();
  IDS.set(rows, id);
  return id;
}

/**
 * The sets of rows that share memory, for those rows that are looked at.
 *
 * @param looked - The rows that can be seen, what matters most first.
 * @param byKey - All rows.
 * @returns a few sets, each a row with all that it shares memory with.
 */
export function sharedSets(
  looked: readonly IRow[],
  byKey: ReadonlyMap<string, IRow>
): readonly (readonly IRow[])[] {
  const sets = new Map<string, readonly IRow[]>();
  for (const row of looked) {
    const partners = row.shared_with.map(key => byKey.get(key));
    if (
      sets.size < MOST_SETS &&
      partners.length > 0 &&
      partners.length <= MOST_PARTNERS
    ) {
      const all = [row, ...partners].filter(one => one !== undefined);
      if (all.length === partners.length + 1) {
        const id = idOf(all);
        sets.set(id, sets.get(id) ?? all);
      }
    }
  }
  return [...sets.values()];
}

/**
 * Asks the kernel what sets of rows free together, one set after another,
 * while the panel is seen and the kernel has nothing else to do. What rows
 * share is in no row's own figure, so that a sum would be too little.
 *
 * @param view - Whether somebody looks.
 * @param watched - Whose kernel.
 * @param report - The report that has the rows; each new one is asked anew.
 * @param sets - The sets, what matters most first.
 * @returns what is known.
 */
export function useTogether(
  view: ViewModel,
  { agent, model }: IWatched,
  report: IReport,
  sets: readonly (readonly IRow[])[]
): TogetherOf {
  const [, setAnswered] = React.useState(0);
  // Of each report's rows by themselves: another one has other figures.
  const asked = React.useRef({ report, answers: new Map<string, ITogether>() });
  if (asked.current.report !== report) {
    asked.current = { report, answers: new Map() };
  }
  const { answers } = asked.current;
  const may = view.isSeen && model.activity.kind === 'idle' && isFree(agent);
  const wanted = sets
    .filter(rows => numbersOf(rows) !== null)
    .map(rows => ({ id: idOf(rows), numbers: numbersOf(rows) ?? [] }));
  const ids = wanted.map(({ id }) => id).join(';');

  React.useEffect(() => {
    if (!may) {
      return;
    }
    const abort = new AbortController();
    const ask = async (): Promise<void> => {
      for (const { id, numbers } of wanted) {
        if (abort.signal.aborted) {
          return;
        }
        if (answers.has(id)) {
          continue;
        }
        const answer = await agent.request(
          'report',
          { numbers, budget_ms: BUDGET_MS, limit: 1 },
          { signal: abort.signal }
        );
        const { freed_bytes_all: bytes, exact_all: exact } = answer;
        answers.set(id, { bytes, exact });
        setAnswered(times => times + 1);
      }
    };
    // Without an answer the rows' own figures stay, as a bound.
    ask().catch(() => undefined);
    return () => abort.abort();
  }, [agent, report, ids, may]);

  return rows => answers.get(idOf(rows)) ?? null;
}

/**
 * The figure for a selection: the kernel's, and until it is there the sum,
 * which is less or equal.
 */
export function selectionBytes(
  rows: readonly IRow[],
  known: ITogether | null
): ITogether {
  const sum = together(rows);
  return rows.length <= 1 ? sum : (known ?? { bytes: sum.bytes, exact: false });
}
