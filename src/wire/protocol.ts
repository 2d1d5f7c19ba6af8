/**
 * The messages between the browser and the kernel, as docs/protocol.md
 * describes them. What the kernel sends is written as checks, and its types
 * are derived from these. The Python half is
 * jupyter_memguard/kernel/protocol.py.
 */

import type { Check, Checked } from './checks';
import {
  count,
  flag,
  listOf,
  measure,
  nullable,
  oneOf,
  shaped,
  text
} from './checks';

/** The version of the protocol; both ends compare it. */
export const PROTOCOL_VERSION = 3;

/** The comm's target name. */
export const COMM_TARGET = 'jupyter_memguard';

/** Whether a value is a mode of the guard. */
export const isMode = oneOf('off', 'large', 'last', 'all');

/** What the guard does with a result that a cell shows. */
export type GuardMode = Checked<typeof isMode>;

const isGuardSettings = shaped({
  threshold_bytes: count,
  total_bytes: count,
  keep_last: count,
  shown_bytes: count,
  tracebacks: flag
});

/** A guard to set; what is absent has the kernel's default. */
export type IGuard = { mode: GuardMode } & Partial<
  Checked<typeof isGuardSettings>
>;

const isGuardState = shaped({
  mode: isMode,
  settings: isGuardSettings,
  /** Whether anybody has set it since the kernel's start. */
  set: flag,
  /** The first execution count that ran under it. */
  since_execution: nullable(count),
  /** Who answers the display hook's `update_user_ns` now. */
  on_top: oneOf('us', 'nobody', 'other'),
  /** The foreign patch's name. */
  other: nullable(text),
  /** How many results were withheld so far. */
  withheld: count,
  /** What the largest of them kept alive, as far as that is known. */
  withheld_bytes: count,
  withheld_exact: flag
});

/** The guard as the kernel has it. */
export type IGuardState = Checked<typeof isGuardState>;

const isRow = shaped({
  key: text,
  numbers: listOf(count),
  type: text,
  summary: text,
  /** What it frees alone: nothing of what it shares with others. */
  freed_bytes: count,
  exact: flag,
  notes: listOf(text),
  estimate_bytes: nullable(count),
  /** What it keeps alive itself, with what it shares: the likely figure. */
  size_bytes: count,
  /**
   * What was seen that it may free alone; null unless more than half of that is
   * in doubt.
   */
  seen_bytes: nullable(count),
  /**
   * The execution count of the cell after which the figure was last measured,
   * if this measurement did not get so far.
   */
  as_of: nullable(count),
  device_bytes: nullable(count),
  holders: listOf(text),
  /** The user's names of the very same object. */
  variables: listOf(text),
  /** The user's variables that share memory with it. */
  shared_variables: listOf(text),
  /** Whether it shows memory that belongs to another object. */
  view: flag,
  /** Keys of the other members of its group. */
  shared_with: listOf(text),
  cell_id: nullable(text),
  execution: nullable(count),
  time: nullable(measure),
  /** The line at which the last statement of its cell begins. */
  source: nullable(text)
});

/** One retained object. */
export type IRow = Checked<typeof isRow>;

const isGroup = shaped({
  /** Two or more rows; the report's page may lack some of them. */
  keys: listOf(text),
  /** What all of them free together. */
  freed_bytes: count,
  exact: flag,
  notes: listOf(text),
  estimate_bytes: nullable(count)
});

/** Results that share memory which only they hold together. */
export type IGroup = Checked<typeof isGroup>;

/** Bytes and count of what was shown, or of tracebacks kept. */
const isKept = shaped({ bytes: count, count, exact: flag });

const isReport = shaped({
  results: listOf(isRow),
  /** A row is in one group at most. */
  groups: listOf(isGroup),
  count,
  /** The sum over the groups and the rows that are in none. */
  freed_bytes_all: count,
  exact_all: flag,
  notes_all: listOf(text),
  estimate_bytes_all: nullable(count),
  /** Likewise, what all may free together. */
  seen_bytes_all: nullable(count),
  rss_bytes: nullable(count),
  guard: isMode,
  guard_state: isGuardState,
  shown: isKept,
  tracebacks: isKept,
  execution_count: count,
  /** Whether asking again before the next cell tells nothing better. */
  final: flag,
  elapsed_ms: measure
});

/** What the kernel retains. */
export type IReport = Checked<typeof isReport>;

const isStillAlive = shaped({
  key: text,
  type: text,
  freed_bytes: count,
  held_by: listOf(text)
});

/** Something that a release could not free. */
export type IStillAlive = Checked<typeof isStillAlive>;

const isReleased = shaped({
  before_rss_bytes: nullable(count),
  after_rss_bytes: nullable(count),
  released: count,
  still_alive: listOf(isStillAlive),
  /**
   * By how much giving free memory back lowered the process's size, before
   * any result went; 0 if that is not known.
   */
  trimmed_bytes: count,
  /**
   * What allocators got back of what they had handed out; null where they do
   * not tell. They keep a part of it free where the process does not become
   * smaller by it.
   */
  let_go_bytes: nullable(count),
  elapsed_ms: measure
});

/** What a release did. */
export type IReleased = Checked<typeof isReleased>;

const isPart = shaped({
  bytes: count,
  exact: flag,
  estimate_bytes: nullable(count)
});

/** A size: a part of the process, or what several results free together. */
export type IPart = Checked<typeof isPart>;

const isVariable = shaped({
  /** Empty for the value of the last cell, which is in no variable. */
  name: text,
  type: text,
  summary: text,
  /** All that it keeps alive. */
  size_bytes: count,
  /** What deleting it alone, with all its names, would free. */
  freed_bytes: count,
  exact: flag,
  estimate_bytes: nullable(count),
  /** Whether all that is known of its size is that a library hides it. */
  hidden: flag,
  /** The variables that share memory with it. */
  shared_with: listOf(text),
  /** The results that share memory with it, such as `Out[3]`. */
  results: listOf(text)
});

/** One of the user's variables, or the value of the last cell. */
export type IVariable = Checked<typeof isVariable>;

const isOverview = shaped({
  rss_bytes: nullable(count),
  /** What results alone keep alive. */
  results: isPart,
  /** What both results and variables keep alive. */
  shared: isPart,
  /** What variables alone keep alive. */
  variables: isPart,
  shown: isPart,
  tracebacks: isPart,
  /** What is free, but not given back by the allocator. */
  free: isPart,
  /** Files that are mapped into memory. */
  mapped: isPart,
  rest: isPart,
  /** By size. */
  largest: listOf(isVariable),
  /** Whether asking again before the next cell tells nothing better. */
  final: flag,
  elapsed_ms: measure
});

/** Where the process's memory is: parts of one reading that sum to its size. */
export type IOverview = Checked<typeof isOverview>;

const isHoard = shaped({
  /** What it is, as a code; docs/rest-of-memory.md lists them. */
  kind: text,
  name: text,
  /** What is drawn: the likely bytes. */
  bytes: count,
  freed_bytes: count,
  exact: flag,
  estimate_bytes: nullable(count),
  notes: listOf(text),
  /** How many entries it has. */
  count: nullable(count),
  /** The part of an overview that these bytes are in. */
  part: text,
  /** Code for a person to run. */
  remedy: nullable(text)
});

/** Memory that somebody keeps, with what lets it go. */
export type IHoard = Checked<typeof isHoard>;

const isRest = shaped({
  rss_bytes: nullable(count),
  /** An overview's part `rest`. */
  rest_bytes: nullable(count),
  /** By size. Those of the part `rest` and the remainder are the rest. */
  hoards: listOf(isHoard),
  remainder_bytes: nullable(count),
  memory: shaped({
    anonymous_bytes: nullable(count),
    file_bytes: nullable(count),
    shared_bytes: nullable(count),
    swap_bytes: nullable(count),
    pss_bytes: nullable(count),
    free_bytes: nullable(count)
  }),
  /** What could not be asked, and the type of the error. */
  left_out: listOf(shaped({ kind: text, error: text })),
  final: flag,
  elapsed_ms: measure
});

/** Who holds what is neither a result nor a variable. */
export type IRest = Checked<typeof isRest>;

const isExplained = shaped({
  key: text,
  holders: listOf(text),
  paths: listOf(listOf(text)),
  cut: flag
});

/**
 * Who refers to a retained object, or to a variable's: then the holders are
 * the object's names, and the key is the name that was asked for.
 */
export type IExplained = Checked<typeof isExplained>;

/** The parameters of each method. */
interface IParams {
  report: {
    budget_ms?: number;
    limit?: number;
    offset?: number;
    sort?: 'freed_bytes' | 'number';
  };
  joint: { keys: string[]; budget_ms?: number };
  release: { keys?: string[]; numbers?: number[]; min_bytes?: number };
  release_shown: Record<string, never>;
  release_tracebacks: Record<string, never>;
  set_guard: IGuard;
  overview: { budget_ms?: number; variables?: number };
  rest: { budget_ms?: number };
  refine: { budget_ms?: number };
  explain: { key: string; budget_ms?: number };
  explain_variable: { name: string; budget_ms?: number };
  rescue: { key: string; name: string };
  subscribe: { cell_end: boolean };
  load_engine: { digest: string; text: string };
}

/** The name of a request. */
export type Method = keyof IParams;

const results = {
  report: isReport,
  joint: isPart,
  release: isReleased,
  release_shown: isReleased,
  release_tracebacks: isReleased,
  set_guard: isGuardState,
  overview: isOverview,
  rest: isRest,
  /** `final`: whether the measurement has got to its end. */
  refine: shaped({ final: flag }),
  explain: isExplained,
  explain_variable: isExplained,
  rescue: shaped({ name: text }),
  subscribe: shaped({}),
  /** `engine`: whether the engine is in the kernel now. */
  load_engine: shaped({ engine: flag })
} satisfies Record<Method, unknown>;

/** The requests: parameters and result of each method. */
export type IRequests = {
  [K in Method]: { params: IParams[K]; result: Checked<(typeof results)[K]> };
};

/** The check of each method's result. */
export const RESULTS: { [K in Method]: Check<IRequests[K]['result']> } =
  results;

const isCellEnd = shaped({
  execution_count: count,
  cell_id: nullable(text),
  /** Numbers whose results were told before and are retained no more. */
  gone: listOf(count),
  results: listOf(
    shaped({
      key: text,
      number: count,
      /** What all whose keys are in `group` free together. */
      freed_bytes: count,
      exact: flag,
      estimate_bytes: nullable(count),
      group: listOf(text)
    })
  ),
  withheld: listOf(
    shaped({ number: count, type: text, bytes: count, exact: flag })
  )
});

/** What a cell's end left behind. */
export type ICellEnd = Checked<typeof isCellEnd>;

const isHello = shaped({
  version: count,
  guard_state: isGuardState,
  execution_count: count,
  /** Whether the engine is in the kernel. */
  engine: flag,
  /** The build whose code runs in the kernel; empty if it is not known. */
  digest: text
});

const isSettled = shaped({
  before_rss_bytes: nullable(count),
  after_rss_bytes: count
});

/** The process's size some time after a release, where it fell further. */
export type ISettled = Checked<typeof isSettled>;

const events = {
  hello: isHello,
  guard: isGuardState,
  cell_end: isCellEnd,
  released: isReleased,
  settled: isSettled
};

/** What the kernel tells by itself. */
export type IEvents = {
  [K in keyof typeof events]: Checked<(typeof events)[K]>;
};

/** The check of each event's data. */
export const EVENTS: { [K in keyof IEvents]: Check<IEvents[K]> } = events;

/** An event with its name. */
export type KernelEvent = {
  [K in keyof IEvents]: { event: K; data: IEvents[K] };
}[keyof IEvents];

/** Whether a value is a reason why the kernel may refuse a request. */
export const isErrorCode = oneOf(
  'bad_request',
  'unknown_method',
  'bad_params',
  'version',
  'wrong_thread',
  'no_shell',
  'unknown_key',
  'bad_name',
  'name_taken',
  /** The request needs the engine, which is not in the kernel. */
  'no_engine',
  /** The engine belongs to another build than the core in the kernel. */
  'wrong_engine',
  'internal'
);

/** Why the kernel refused a request. */
export type ErrorCode = Checked<typeof isErrorCode>;
