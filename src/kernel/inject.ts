/**
 * The one silent message that puts the kernel code into a kernel. The code
 * travels as text, so that the kernel's environment need not have it.
 */

import type { KernelMessage } from '@jupyterlab/services';
import type { IGuard } from '../wire/protocol';
import type { ICoreCode } from './kernelCode';

/**
 * The name of the expression that installs the code. Its value is the
 * protocol's version, as `scripts/kernel_bundle.py` describes it.
 */
const EXPRESSION = 'memguard';

/** What a kernel answered to the install message. */
export type Installed =
  | { kind: 'version'; version: number }
  /** The kernel gave up this message because the cell before it failed. */
  | { kind: 'aborted' }
  | { kind: 'failed'; detail: string };

/** Whether a guard measures what cells show, which the engine does. */
export function guardNeedsEngine(guard: IGuard | null): boolean {
  return guard !== null && guard.mode !== 'off';
}

/**
 * The content of the install message.
 *
 * @param core - The core's code.
 * @param guard - The guard to set if none was set since the kernel's start;
 * null sets nothing.
 * @param engine - The engine's text; empty to leave the engine out.
 */
export function installRequest(
  core: ICoreCode,
  guard: IGuard | null,
  engine: string
): KernelMessage.IExecuteRequestMsg['content'] {
  const values = { OPTIONS_JSON: JSON.stringify({ guard }), ENGINE: engine };
  // JSON's texts are Python's too, and so is a map from texts to texts.
  const expression = core.head + JSON.stringify(values) + core.tail;
  return {
    // An expression, because ipykernel hashes a cell's code in Python.
    code: 'pass',
    silent: true,
    store_history: false,
    allow_stdin: false,
    stop_on_error: false,
    user_expressions: { [EXPRESSION]: expression }
  };
}

/**
 * Read the answer to the install message.
 *
 * @param content - The reply's content, which is not trusted.
 */
export function readInstalled(content: unknown): Installed {
  const reply = fields(content);
  if (reply.status === 'aborted' || reply.status === 'abort') {
    return { kind: 'aborted' };
  }
  if (reply.status !== 'ok') {
    return { kind: 'failed', detail: name(reply.ename) };
  }
  const answer = fields(fields(reply.user_expressions)[EXPRESSION]);
  if (answer.status === 'error') {
    return { kind: 'failed', detail: name(answer.ename) };
  }
  const text = fields(answer.data)['text/plain'];
  if (text === '-1') {
    return { kind: 'failed', detail: 'install' };
  }
  const isNumber = typeof text === 'string' && /^\d{1,9}$/.test(text);
  return { kind: 'version', version: isNumber ? Number(text) : 0 };
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function name(value: unknown): string {
  return typeof value === 'string' ? value : 'unknown';
}
