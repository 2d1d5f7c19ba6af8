import type { Kernel } from '@jupyterlab/services';
import { ILimit, NoFigure, Rest, RestError, RestFailure } from '../wire/rest';
import { UsageRequests } from './usageRequest';

/** Why there is no figure. */
export type NoReading =
  | Exclude<NoFigure, 'remote'>
  /** The first answer is on its way. */
  | 'reading'
  /** Elsewhere, and it does not answer `usage_request`. */
  | 'remote_silent'
  | Exclude<RestFailure, 'unknown_kernel'>;

/** A kernel's memory, by the best source there is, or why there is none. */
export type Reading = IProcessReading | IUsageReading | INoReading;

/** The kernel's process, read by the server. */
export interface IProcessReading {
  kind: 'process';
  kernelId: string;
  /** Resident bytes of the kernel alone. */
  bytes: number;
  /** Resident bytes of its child processes. */
  childrenBytes: number | null;
  limit: ILimit | null;
  level: number | null;
  nearest: ILimit | null;
  /** Seconds since the epoch, by the server's clock. */
  time: number;
}

/** What the kernel told about itself: proportional set size with children. */
export interface IUsageReading {
  kind: 'usage_request';
  kernelId: string;
  bytes: number;
  /** Its machine's memory, the only limit that it tells of. */
  limit: ILimit | null;
  level: number | null;
  /** Seconds since the epoch, by the kernel's clock. */
  time: number;
}

/** No figure. */
export interface INoReading {
  kind: 'none';
  kernelId: string | null;
  reason: NoReading;
}

/** How long a kernel that has no process here is not looked for again. */
const REMOTE_MS = 10000;

/**
 * The sources of a kernel's memory in order: its process, which the server
 * reads; its own answer; nothing, with the reason.
 */
export class MemorySource {
  /**
   * @param rest - the server's half.
   * @param usage - the kernels' own answers.
   */
  constructor(
    private readonly rest: Rest,
    private readonly usage: UsageRequests
  ) {}

  /**
   * Read a kernel's memory.
   *
   * @param kernel - the connection to it.
   * @returns never a figure older than its source's interval.
   */
  async read(kernel: Kernel.IKernelConnection): Promise<Reading> {
    const age = Date.now() - (this.remoteSince.get(kernel) ?? 0);
    // Below 0 where the clock was put back.
    if (age < 0 || age >= REMOTE_MS) {
      const reading = await this.readProcess(kernel.id);
      if (reading !== 'remote') {
        return reading;
      }
      this.remoteSince.set(kernel, Date.now());
    }
    const answer = await this.usage.ask(kernel);
    return answer === null
      ? { kind: 'none', kernelId: kernel.id, reason: 'remote_silent' }
      : { kind: 'usage_request', kernelId: kernel.id, ...answer };
  }

  /**
   * Forget what is known of a kernel: it has been restarted.
   *
   * @param kernel - the connection to it.
   */
  forget(kernel: Kernel.IKernelConnection): void {
    this.remoteSince.delete(kernel);
    this.usage.forget(kernel);
  }

  private async readProcess(kernelId: string): Promise<Reading | 'remote'> {
    try {
      const memory = await this.rest.memory(kernelId);
      if (memory.reason === 'remote') {
        return 'remote';
      }
      if (memory.rss_bytes === null) {
        return {
          kind: 'none',
          kernelId,
          reason: memory.reason ?? 'unsupported'
        };
      }
      return {
        kind: 'process',
        kernelId,
        bytes: memory.rss_bytes,
        childrenBytes: memory.children_bytes,
        limit: memory.limit,
        level: memory.level,
        nearest: memory.nearest,
        time: memory.sampled
      };
    } catch (error) {
      return { kind: 'none', kernelId, reason: reasonOf(error) };
    }
  }

  private readonly remoteSince = new WeakMap<
    Kernel.IKernelConnection,
    number
  >();
}

function reasonOf(error: unknown): NoReading {
  if (!(error instanceof RestError)) {
    throw error;
  }
  return error.code === 'unknown_kernel' ? 'no_kernel' : error.code;
}
