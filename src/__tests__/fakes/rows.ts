/** Rows, reports and releases as a test needs them. */

import type {
  IGroup,
  IGuardState,
  IHoard,
  IOverview,
  IPart,
  IReleased,
  IReport,
  IRest,
  IRow,
  IVariable
} from '../../wire/protocol';
import { entriesOf, sumOf } from '../../model/entries';
import type { Outcome, Selection } from '../../tokens';

/** A row with what a test does not care about filled in. */
export function aRow(
  number: number,
  freed: number,
  more?: Partial<IRow>
): IRow {
  return {
    key: `k${number}`,
    numbers: [number],
    type: 'ndarray',
    summary: '(1000, 1000) float64',
    freed_bytes: freed,
    exact: true,
    notes: [],
    estimate_bytes: null,
    size_bytes: freed,
    seen_bytes: null,
    as_of: null,
    device_bytes: null,
    holders: [`Out[${number}]`, `_${number}`],
    variables: [],
    shared_variables: [],
    view: false,
    shared_with: [],
    cell_id: `cell-${number}`,
    execution: number,
    time: 1_700_000_000 + number,
    source: `source_${number}`,
    ...more
  };
}

/** A guard that is off and that nobody has set. */
export const GUARD: IGuardState = {
  mode: 'off',
  settings: {
    threshold_bytes: 0,
    total_bytes: 0,
    keep_last: 0,
    shown_bytes: 0,
    tracebacks: false
  },
  set: false,
  since_execution: null,
  on_top: 'nobody',
  other: null,
  withheld: 0,
  withheld_bytes: 0,
  withheld_exact: true
};

/** A group of rows, with what all of them free together. */
export function aGroup(
  rows: readonly IRow[],
  freed: number,
  more?: Partial<IGroup>
): IGroup {
  return {
    keys: rows.map(({ key }) => key),
    freed_bytes: freed,
    exact: true,
    notes: [],
    estimate_bytes: null,
    ...more
  };
}

/** A report of some rows; its total is the sum of its entries. */
export function aReport(rows: IRow[], more?: Partial<IReport>): IReport {
  const groups = more?.groups ?? [];
  const entries = entriesOf({ results: rows, groups });
  const sum = sumOf(entries.map(({ figure }) => figure));
  return {
    results: rows,
    groups,
    count: rows.length,
    freed_bytes_all: sum.bytes,
    exact_all: sum.exact,
    notes_all: [...(sum.notes ?? [])],
    estimate_bytes_all: sum.estimate_bytes ?? null,
    seen_bytes_all: null,
    rss_bytes: 4_000_000_000,
    guard: 'off',
    guard_state: GUARD,
    shown: { bytes: 0, count: 0, exact: true },
    tracebacks: { bytes: 0, count: 0, exact: true },
    execution_count: 9,
    final: true,
    elapsed_ms: 3,
    ...more
  };
}

/** A size, which is exact unless a test says otherwise. */
export function aPart(bytes: number, more?: Partial<IPart>): IPart {
  return { bytes, exact: true, estimate_bytes: null, ...more };
}

/** A variable that shares nothing. */
export function aVariable(
  name: string,
  bytes: number,
  more?: Partial<IVariable>
): IVariable {
  return {
    name,
    type: 'list',
    summary: '',
    size_bytes: bytes,
    freed_bytes: bytes,
    exact: true,
    estimate_bytes: null,
    hidden: false,
    shared_with: [],
    results: [],
    ...more
  };
}

/** An overview of which a test says what it is about; the rest is 0. */
export function anOverview(more?: Partial<IOverview>): IOverview {
  const none = aPart(0);
  return {
    rss_bytes: 4_000_000_000,
    results: none,
    shared: none,
    variables: none,
    shown: none,
    tracebacks: none,
    free: none,
    mapped: none,
    rest: none,
    largest: [],
    final: true,
    elapsed_ms: 1,
    ...more
  };
}

/** A hoard of the rest, of a size that is known. */
export function aHoard(
  kind: string,
  bytes: number,
  more?: Partial<IHoard>
): IHoard {
  return {
    kind,
    name: '',
    bytes,
    freed_bytes: bytes,
    exact: true,
    estimate_bytes: null,
    notes: [],
    count: null,
    part: 'rest',
    remedy: null,
    ...more
  };
}

/** Who holds the rest; what nobody holds is 100 MB. */
export function aRest(hoards: IHoard[], more?: Partial<IRest>): IRest {
  const remainder = 100_000_000;
  const held = hoards
    .filter(({ part }) => part === 'rest')
    .reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    rss_bytes: 4_000_000_000,
    rest_bytes: held + remainder,
    hoards,
    remainder_bytes: remainder,
    memory: {
      anonymous_bytes: null,
      file_bytes: null,
      shared_bytes: null,
      swap_bytes: null,
      pss_bytes: null,
      free_bytes: null
    },
    left_out: [],
    final: true,
    elapsed_ms: 1,
    ...more
  };
}

/** The outcome of a release. */
export function aRelease(
  result?: Partial<IReleased>,
  selection: Selection = { kind: 'large' }
): Outcome {
  return {
    kind: 'released',
    selection,
    result: {
      before_rss_bytes: 1_000_000_000,
      after_rss_bytes: 200_000_000,
      released: 1,
      still_alive: [],
      trimmed_bytes: 0,
      let_go_bytes: 0,
      elapsed_ms: 1,
      ...result
    }
  };
}
