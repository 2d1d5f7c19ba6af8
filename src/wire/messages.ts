/** Reading what the kernel sends over the comm. */

import { isRecord, text } from './checks';
import type { ErrorCode, KernelEvent } from './protocol';
import { EVENTS, isErrorCode } from './protocol';

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
