import { Kernel, KernelMessage } from '@jupyterlab/services';
import { measure } from '../wire/checks';
import type { ILimit } from '../wire/rest';

/** What a kernel told of itself, and when. */
export interface IUsage {
  /** Proportional set size of the kernel with its children, in bytes. */
  bytes: number;
  /** Its machine's memory, and what all use of it; null if it does not tell. */
  limit: ILimit | null;
  /** The used part of the limit, 0 to 1. */
  level: number | null;
  /** Seconds since the epoch, by the kernel's clock, as in its messages. */
  time: number;
}

/** The least time between two requests, in milliseconds. */
const LEAST_MS = 10000;
/** A request that took long is followed by this many times as long a pause. */
const PAUSE_PER_ANSWER = 5;
/** A kernel that has not answered in so long is silent, in milliseconds. */
const TIMEOUT_MS = 10000;
/** A silent kernel is asked again after so long, in milliseconds. */
const SILENT_MS = 60000;

interface IState {
  answer: IUsage | null;
  /** When it was answered, by the browser's clock in milliseconds. */
  answered: number;
  /** How long after that it is not asked again, in milliseconds. */
  restMs: number;
  pending: Promise<IUsage | null> | null;
}

/**
 * Asks kernels for their own memory with `usage_request` (ipykernel 6.10 and
 * later answer it) on the control channel, so also while a cell runs.
 *
 * Answering costs the kernel what reading its proportional set size costs,
 * which grows with its memory: it is asked seldom.
 */
export class UsageRequests {
  /**
   * Ask, unless it has been asked a moment ago.
   *
   * @param kernel - the connection to it.
   * @returns null if it does not answer.
   */
  async ask(kernel: Kernel.IKernelConnection): Promise<IUsage | null> {
    const state = this.states.get(kernel) ?? {
      answer: null,
      answered: 0,
      restMs: 0,
      pending: null
    };
    this.states.set(kernel, state);
    const age = Date.now() - state.answered;
    // Below 0 where the clock was put back.
    if (age < 0 || age >= state.restMs || state.pending) {
      state.pending ??= this.request(kernel, state);
      return state.pending;
    }
    return state.answer;
  }

  /**
   * Forget a kernel's answer: it has been restarted.
   *
   * @param kernel - the connection to it.
   */
  forget(kernel: Kernel.IKernelConnection): void {
    this.states.delete(kernel);
  }

  private async request(
    kernel: Kernel.IKernelConnection,
    state: IState
  ): Promise<IUsage | null> {
    const begun = Date.now();
    state.answer = await sendUsageRequest(kernel);
    state.answered = Date.now();
    const took = state.answered - begun;
    state.restMs =
      state.answer === null
        ? SILENT_MS
        : Math.max(LEAST_MS - took, PAUSE_PER_ANSWER * took);
    state.pending = null;
    return state.answer;
  }

  private readonly states = new WeakMap<Kernel.IKernelConnection, IState>();
}

/** Send one request; null without a valid answer. */
async function sendUsageRequest(
  kernel: Kernel.IKernelConnection
): Promise<IUsage | null> {
  const message = KernelMessage.createMessage({
    // The protocol's list of types does not know it.
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
