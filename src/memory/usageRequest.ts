/** Asks kernels for their own memory. */

import { KernelMessage, type Kernel } from '@jupyterlab/services';
import { measure } from '../wire/checks';
import type { ILimit } from '../wire/rest';

/** What a kernel says of itself, and when it said so. */
interface IUsage {
  /** Proportional set size of the kernel with its children, in bytes. */
  bytes: number;
  /** Its machine's memory and how much of it is used, if the kernel says so. */
  limit: ILimit | null;
  /** The used part of the limit, 0 to 1. */
  level: number | null;
  /** Seconds since the epoch, by the kernel's clock, as in its messages. */
  time: number;
}

/** The least time between two requests, in milliseconds. */
const LEAST_MS = 10000;
/** The pause after a request is so many times as long as the request took. */
const PAUSE_PER_ANSWER = 5;
/** A kernel that does not answer for so long counts as silent; milliseconds. */
const TIMEOUT_MS = 10000;
/**
 * A silent kernel is asked again after so many milliseconds. The first time it
 * is asked sooner: a message that is sent while a connection is made anew can
 * be lost.
 */
const SILENT_MS = 60000;

interface IState {
  answer: IUsage | null;
  /** When it was answered, by the browser's clock in milliseconds. */
  answered: number;
  /** The pause after the answer, in milliseconds. */
  restMs: number;
  pending: Promise<IUsage | null> | null;
}

/**
 * Asks kernels for their own memory with `usage_request` (ipykernel 6.10 and
 * later answer it) on the control channel, so also while a cell runs.
 *
 * To answer, the kernel reads its proportional set size. That costs more the
 * more memory it has, so a kernel is asked seldom.
 */
export class UsageRequests {
  /**
   * Ask a kernel, unless it was asked a moment ago.
   *
   * @param kernel - The connection to it.
   * @returns null if the kernel does not answer.
   */
  async ask(kernel: Kernel.IKernelConnection): Promise<IUsage | null> {
    const state = this._states.get(kernel) ?? {
      answer: null,
      answered: 0,
      restMs: 0,
      pending: null
    };
    this._states.set(kernel, state);
    const age = Date.now() - state.answered;
    // The age is below 0 where the clock was put back.
    if (age < 0 || age >= state.restMs || state.pending) {
      state.pending ??= this._request(kernel, state);
      return state.pending;
    }
    return state.answer;
  }

  /**
   * Forget a kernel's answer, because the kernel was restarted.
   *
   * @param kernel - The connection to it.
   */
  forget(kernel: Kernel.IKernelConnection): void {
    this._states.delete(kernel);
  }

  private async _request(
    kernel: Kernel.IKernelConnection,
    state: IState
  ): Promise<IUsage | null> {
    const begun = Date.now();
    const wasSilent = state.answered > 0 && state.answer === null;
    state.answer = await sendUsageRequest(kernel);
    state.answered = Date.now();
    const took = state.answered - begun;
    if (state.answer === null) {
      state.restMs = wasSilent ? SILENT_MS : LEAST_MS;
    } else {
      state.restMs = Math.max(LEAST_MS - took, PAUSE_PER_ANSWER * took);
    }
    state.pending = null;
    return state.answer;
  }

  private readonly _states = new WeakMap<Kernel.IKernelConnection, IState>();
}

/** Send one request; the result is null if there is no valid answer. */
async function sendUsageRequest(
  kernel: Kernel.IKernelConnection
): Promise<IUsage | null> {
  const message = KernelMessage.createMessage({
    // JupyterLab's list of message types lacks this one.
    msgType: 'usage_request' as 'debug_request',
    channel: 'control',
    username: kernel.username,
    session: kernel.clientId,
    content: {} as KernelMessage.IDebugRequestMsg['content']
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<null>(resolve => {
    timer = setTimeout(() => resolve(null), TIMEOUT_MS);
  });
  try {
    const future = kernel.sendControlMessage(message, true);
    const reply = await Promise.race([future.done, silence]);
    if (reply === null) {
      future.dispose();
      return null;
    }
    return usageOf(reply);
  } catch {
    // The connection has ended, or the kernel was restarted.
    return null;
  } finally {
    clearTimeout(timer);
  }
}

function usageOf(reply: KernelMessage.IMessage | undefined): IUsage | null {
  const { kernel_memory, host_virtual_memory } = (reply?.content ?? {}) as {
    kernel_memory?: unknown;
    host_virtual_memory?: { total?: unknown; available?: unknown };
  };
  if (!isAmount(kernel_memory)) {
    return null;
  }
  const time = Date.parse(reply?.header?.date ?? '') / 1000;
  const { total, available } = host_virtual_memory ?? {};
  const machine =
    isAmount(total) && isAmount(available) && available <= total
      ? { total, used: total - available }
      : null;
  return {
    bytes: kernel_memory,
    limit: machine && {
      source: 'machine',
      limit_bytes: machine.total,
      used_bytes: machine.used
    },
    level: machine && machine.used / machine.total,
    time: Number.isNaN(time) ? Date.now() / 1000 : time
  };
}

function isAmount(value: unknown): value is number {
  return measure(value) && value > 0;
}
