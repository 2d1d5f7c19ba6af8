/** Reading what the kernel sends over the comm. */

import { isRecord, text } from './checks';
import type { ErrorCode, KernelEvent } from './protocol';
import { EVENTS, isErrorCode } from './protocol';

/** The most characters of a message: the kernel sends none with more bytes. */
const LONGEST = 1_000_000;

/** A message of the kernel's, once checked as far as that can be done alone. */
type Incoming =
  | { kind: 'result'; id: string; result: unknown }
  | { kind: 'error'; id: string; code: ErrorCode; detail: string | null }
  /** A reply of which nothing but the request's id can be read. */
  | { kind: 'invalid'; id: string }
  | { kind: 'event'; event: KernelEvent };

/**
 * Read a message of the kernel's.
 *
 * @param data - What the comm delivered.
 * @returns the message, or null if it is none of this protocol's. A result
 * is still to be checked with its method's entry in `RESULTS`. Of a message
 * of more than 1 MB only the request's id is read.
 */
export function readMessage(data: unknown): Incoming | null {
  if (!isRecord(data)) {
    return null;
  }
  const tooLarge = isTooLarge(data);
  if (text(data.event)) {
    return tooLarge ? null : readEvent(data.event, data.data);
  }
  if (!text(data.id)) {
    return null;
  }
  if (tooLarge) {
    return { kind: 'invalid', id: data.id };
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

/**
 * Whether a message would be longer than `LONGEST` as JSON, even with nothing
 * escaped. The count ends at the limit, however large the message is.
 */
function isTooLarge(data: unknown): boolean {
  let left = LONGEST;
  const waiting = [data];
  while (waiting.length > 0 && left >= 0) {
    const each = waiting.pop();
    if (typeof each === 'string') {
      left -= each.length + 2;
    } else if (Array.isArray(each)) {
      left -= each.length + 1;
      if (left >= 0) {
        for (const item of each) {
          waiting.push(item);
        }
      }
    } else if (isRecord(each)) {
      for (const key in each) {
        left -= key.length + 4;
        waiting.push(each[key]);
      }
    } else {
      left -= 1;
    }
  }
  return left < 0;
}
