/**
 * The messages between the browser and the kernel, as docs/protocol.md
 * describes them. The Python half is jupyter_memguard/kernel/protocol.py.
 */

/** The version of the protocol; both ends compare it. */
export const PROTOCOL_VERSION = 1;

/** The comm's target name. */
export const COMM_TARGET = 'jupyter_memguard';

/** What the guard does with a result that a cell shows. */
export type GuardMode = 'off' | 'large' | 'last' | 'all';

/** A guard to set; what is absent has the kernel's default. */
export interface IGuard {
  mode: GuardMode;
  threshold_bytes?: number;
  total_bytes?: number;
  keep_last?: number;
  shown_bytes?: number;
  tracebacks?: boolean;
}

/** The guard as the kernel has it. */
export interface IGuardState {
  mode: GuardMode;
  settings: Required<Omit<IGuard, 'mode'>>;
  /** Whether anybody has set it since the kernel's start. */
  set: boolean;
  /** The first execution count that ran under it. */
  since_execution: number | null;
  /** Who answers the display hook's `update_user_ns` now. */
  on_top: 'us' | 'nobody' | 'other';
  /** The foreign patch's name. */
  other: string | null;
  /** Results withheld so far. */
  withheld: number;
}

/** One retained object. */
export interface IRow {
  key: string;
  numbers: number[];
  type: string;
  summary: string;
  freed_bytes: number;
  exact: boolean;
  notes: string[];
  estimate_bytes: number | null;
  device_bytes: number | null;
  holders: string[];
  variables: string[];
  shared_with: string[];
  cell_id: string | null;
  execution: number | null;
  time: number | null;
  source: string | null;
}

/** Bytes and count of what was shown, or of tracebacks kept. */
export interface IKept {
  bytes: number;
  count: number;
  exact: boolean;
}

/** What the kernel retains. */
export interface IReport {
  results: IRow[];
  count: number;
  freed_bytes_all: number;
  exact_all: boolean;
  notes_all: string[];
  estimate_bytes_all: number | null;
  rss_bytes: number | null;
  guard: GuardMode;
  guard_state: IGuardState;
  shown: IKept;
  tracebacks: IKept;
  execution_count: number;
  elapsed_ms: number;
}

/** Something that a release could not free. */
export interface IStillAlive {
  key: string;
  type: string;
  freed_bytes: number;
  held_by: string[];
}

/** What a release did. */
export interface IReleased {
  before_rss_bytes: number | null;
  after_rss_bytes: number | null;
  released: number;
  still_alive: IStillAlive[];
  elapsed_ms: number;
}

/** One part of the process's memory. */
export interface IPart {
  bytes: number;
  exact: boolean;
}

/** One of the user's variables, with what deleting it would free. */
export interface IVariable {
  name: string;
  type: string;
  summary: string;
  freed_bytes: number;
  exact: boolean;
  estimate_bytes: number | null;
  shared_with: string[];
}

/** Where the process's memory is, each part in addition to those before. */
export interface IOverview {
  rss_bytes: number | null;
  results: IPart;
  shown: IPart;
  tracebacks: IPart;
  variables: IPart;
  largest: IVariable[];
  elapsed_ms: number;
}

/** Who refers to a retained object. */
export interface IExplained {
  key: string;
  holders: string[];
  paths: string[][];
  cut: boolean;
}

/** The requests: parameters and result of each method. */
export interface IRequests {
  report: {
    params: {
      numbers?: number[];
      budget_ms?: number;
      limit?: number;
      offset?: number;
      sort?: 'freed_bytes' | 'number';
    };
    result: IReport;
  };
  release: {
    params: { keys?: string[]; numbers?: number[]; min_bytes?: number };
    result: IReleased;
  };
  release_shown: { params: Record<string, never>; result: IReleased };
  release_tracebacks: { params: Record<string, never>; result: IReleased };
  set_guard: { params: IGuard; result: IGuardState };
  overview: {
    params: { budget_ms?: number; variables?: number };
    result: IOverview;
  };
  explain: { params: { key: string; budget_ms?: number }; result: IExplained };
  rescue: { params: { key: string; name: string }; result: { name: string } };
  subscribe: {
    params: { cell_end: boolean };
    result: Record<string, never>;
  };
}

/** The name of a request. */
export type Method = keyof IRequests;

/** What the kernel tells by itself. */
export interface IEvents {
  hello: {
    version: number;
    guard_state: IGuardState;
    execution_count: number;
  };
  guard: IGuardState;
  cell_end: ICellEnd;
  released: IReleased;
}

/** What a cell's end left behind. */
export interface ICellEnd {
  execution_count: number;
  cell_id: string | null;
  /** Numbers whose results were told before and are retained no more. */
  gone: number[];
  results: {
    key: string;
    number: number;
    freed_bytes: number;
    exact: boolean;
  }[];
  withheld: { number: number; type: string; bytes: number }[];
}

/** An event with its name. */
export type KernelEvent = {
  [K in keyof IEvents]: { event: K; data: IEvents[K] };
}[keyof IEvents];

/** Why the kernel may refuse a request. */
export const ERROR_CODES = [
  'bad_request',
  'unknown_method',
  'bad_params',
  'version',
  'wrong_thread',
  'no_shell',
  'unknown_key',
  'bad_name',
  'name_taken',
  'internal'
] as const;

/** Why the kernel refused a request. */
export type ErrorCode = (typeof ERROR_CODES)[number];
