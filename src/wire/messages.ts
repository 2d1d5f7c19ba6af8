/** Checks of what the kernel sends. */

import type { Check } from './checks';
import {
  count,
  flag,
  isRecord,
  listOf,
  measure,
  nullable,
  oneOf,
  shaped,
  text
} from './checks';
import type {
  ErrorCode,
  IEvents,
  IGuardState,
  IReleased,
  IRequests,
  KernelEvent,
  Method
} from './protocol';
import { ERROR_CODES } from './protocol';

/** A message of the kernel's, once checked as far as that can be done alone. */
export type Incoming =
  | { kind: 'result'; id: string; result: unknown }
  | { kind: 'error'; id: string; code: ErrorCode; detail: string | null }
  /** A reply whose number can be read and nothing else. */
  | { kind: 'invalid'; id: string }
  | { kind: 'event'; event: KernelEvent };

/** Whether a value is a mode of the guard. */
export const isMode = oneOf('off', 'large', 'last', 'all');

const isErrorCode = oneOf(...ERROR_CODES);

const isGuardState = shaped<IGuardState>({
  mode: isMode,
  settings: shaped<IGuardState['settings']>({
    threshold_bytes: count,
    total_bytes: count,
    keep_last: count,
    shown_bytes: count,
    tracebacks: flag
  }),
  set: flag,
  since_execution: nullable(count),
  on_top: oneOf('us', 'nobody', 'other'),
  other: nullable(text),
  withheld: count
});

const isKept = shaped<IRequests['report']['result']['shown']>({
  bytes: count,
  count,
  exact: flag
});

const isPart = shaped<IRequests['overview']['result']['results']>({
  bytes: count,
  exact: flag
});

const isRow = shaped<IRequests['report']['result']['results'][number]>({
  key: text,
  numbers: listOf(count),
  type: text,
  summary: text,
  freed_bytes: count,
  exact: flag,
  notes: listOf(text),
  estimate_bytes: nullable(count),
  device_bytes: nullable(count),
  holders: listOf(text),
  variables: listOf(text),
  shared_with: listOf(text),
  cell_id: nullable(text),
  execution: nullable(count),
  time: nullable(measure),
  source: nullable(text)
});

const isReleased = shaped<IReleased>({
  before_rss_bytes: nullable(count),
  after_rss_bytes: nullable(count),
  released: count,
  still_alive: listOf(
    shaped<IReleased['still_alive'][number]>({
      key: text,
      type: text,
      freed_bytes: count,
      held_by: listOf(text)
    })
  ),
  elapsed_ms: measure
});

/** The check of each method's result. */
export const RESULTS: { [K in Method]: Check<IRequests[K]['result']> } = {
  report: shaped<IRequests['report']['result']>({
    results: listOf(isRow),
    count,
    freed_bytes_all: count,
    exact_all: flag,
    notes_all: listOf(text),
    estimate_bytes_all: nullable(count),
    rss_bytes: nullable(count),
    guard: isMode,
    guard_state: isGuardState,
    shown: isKept,
    tracebacks: isKept,
    execution_count: count,
    elapsed_ms: measure
  }),
  release: isReleased,
  release_shown: isReleased,
  release_tracebacks: isReleased,
  set_guard: isGuardState,
  overview: shaped<IRequests['overview']['result']>({
    rss_bytes: nullable(count),
    results: isPart,
    shown: isPart,
    tracebacks: isPart,
    variables: isPart,
    largest: listOf(
      shaped<IRequests['overview']['result']['largest'][number]>({
        name: text,
        type: text,
        summary: text,
        freed_bytes: count,
        exact: flag,
        estimate_bytes: nullable(count),
        shared_with: listOf(text)
      })
    ),
    elapsed_ms: measure
  }),
  explain: shaped<IRequests['explain']['result']>({
    key: text,
    holders: listOf(text),
    paths: listOf(listOf(text)),
    cut: flag
  }),
  rescue: shaped<IRequests['rescue']['result']>({ name: text }),
  subscribe: shaped<IRequests['subscribe']['result']>({})
};

/** The check of each event's data. */
export const EVENTS: { [K in keyof IEvents]: Check<IEvents[K]> } = {
  hello: shaped<IEvents['hello']>({
    version: count,
    guard_state: isGuardState,
    execution_count: count
  }),
  guard: isGuardState,
  cell_end: shaped<IEvents['cell_end']>({
    execution_count: count,
    cell_id: nullable(text),
    gone: listOf(count),
    results: listOf(
      shaped<IEvents['cell_end']['results'][number]>({
        key: text,
        number: count,
        freed_bytes: count,
        exact: flag
      })
    ),
    withheld: listOf(
      shaped<IEvents['cell_end']['withheld'][number]>({
        number: count,
        type: text,
        bytes: count
      })
    )
  }),
  released: isReleased
};

/**
 * Read a message of the kernel's.
 *
 * @param data - What the comm delivered.
 * @returns the message, or null if it is none of this protocol's. A result
 * is still to be checked with its method's entry in `RESULTS`.
 */
export function readMessage(data: unknown): Incoming | null {
  if (!isRecord(data)) {
    return null;
  }
  if (text(data.event)) {
    return readEvent(data.event, data.data);
  }
  if (!text(data.id)) {
    return null;
  }
  if (data.ok === true && isRecord(data.result)) {
    return { kind: 'result', id: data.id, result: data.result };
  }
  if (data.ok === false && isRecord(data.error)) {
    const { code, detail } = data.error;
    if (isErrorCode(code)) {
      const known = text(detail) ? detail : null;
      return { kind: 'error', id: data.id, code, detail: known };
    }
  }
  return { kind: 'invalid', id: data.id };
}

function readEvent(name: string, data: unknown): Incoming | null {
  if (!Object.keys(EVENTS).includes(name)) {
    return null;
  }
  const event = { event: name, data } as KernelEvent;
  return EVENTS[event.event](event.data) ? { kind: 'event', event } : null;
}
