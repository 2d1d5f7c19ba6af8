/** Where a kernel's memory is read: from the server, else from the kernel. */

import type { Kernel } from '@jupyterlab/services';
import {
  RestError,
  type ILimit,
  type IMemory,
  type NoFigure,
  type Rest,
  type RestFailure
} from '../wire/rest';
import type { UsageRequests } from './usageRequest';

/** Why there is no figure. */
export type NoReading =
  | Exclude<NoFigure, 'remote'>
  /** The first answer has not come yet. */
  | 'reading'
  /** The kernel is on another machine and does not answer `usage_request`. */
  | 'remote_silent'
  | Exclude<RestFailure, 'unknown_kernel'>;

/** A kernel's memory, by the best source there is, or why there is none. */
export type Reading = IProcessReading | IUsageReading | INoReading;

/** Bytes of a process by kind; null where the system does not tell. */
export type IKinds = Pick<
  IMemory,
  'pss_bytes' | 'swap_bytes' | 'anonymous_bytes' | 'file_bytes' | 'shared_bytes'
>;

/** The kernel's process, read by the server. */
export interface IProcessReading {
  kind: 'process';
  kernelId: string;
  /** Resident bytes of the kernel alone. */
  bytes: number;
  /** What the system tells of these bytes. */
  kinds: IKinds;
  /** Bytes of its child processes; what is shared counts once where known. */
  childrenBytes: number | null;
  limit: ILimit | null;
  level: number | null;
  nearest: ILimit | null;
  /** How often the system has killed in its control group, where that is told. */
  oomKills?: number;
  /** Seconds since the epoch, by the server's clock. */
  time: number;
}

/** What the kernel says of itself: proportional set size with children. */
export interface IUsageReading {
  kind: 'usage_request';
  kernelId: string;
  bytes: number;
  /** Its machine's memory, the only limit that the kernel reports. */
  limit: ILimit | null;
  level: number | null;
  /** Seconds since the epoch, by the kernel's clock. */
  time: number;
}

/** No figure. */
interface INoReading {
  kind: 'none';
  kernelId: string | null;
  reason: NoReading;
}

/** After so long the server is asked again for a kernel that it lacked. */
const REMOTE_MS = 10000;

/**
 * Reads a kernel's memory from its process, by the server; else from the
 * kernel's own answer; else says why there is no figure.
 */
export class MemorySource {
  /**
   * @param rest - The server's half.
   * @param usage - Asks kernels for their own figures.
   */
  constructor(rest: Rest, usage: UsageRequests) {
    this._rest = rest;
    this._usage = usage;
  }

  /**
   * Read a kernel's memory.
   *
   * @param kernel - The connection to it.
   * @returns a figure that is not older than its source's interval.
   */
  async read(kernel: Kernel.IKernelConnection): Promise<Reading> {
    const age = Date.now() - (this._remoteSince.get(kernel) ?? 0);
    // The age is below 0 where the clock was put back.
    if (age < 0 || age >= REMOTE_MS) {
      const reading = await this._readProcess(kernel.id);
      if (reading !== 'remote') {
        return reading;
      }
      this._remoteSince.set(kernel, Date.now());
    }
    const answer = await this._usage.ask(kernel);
    return answer === null
      ? { kind: 'none', kernelId: kernel.id, reason: 'remote_silent' }
      : { kind: 'usage_request', kernelId: kernel.id, ...answer };
  }

  /**
   * Forget what is known of a kernel, because it was restarted.
   *
   * @param kernel - The connection to it.
   */
  forget(kernel: Kernel.IKernelConnection): void {
    this._remoteSince.delete(kernel);
    this._usage.forget(kernel);
  }

  private async _readProcess(kernelId: string): Promise<Reading | 'remote'> {
    try {
      const memory = await this._rest.memory(kernelId);
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
        kinds: kindsOf(memory),
        childrenBytes: memory.children_bytes,
        limit: memory.limit,
        level: memory.level,
        nearest: memory.nearest,
        oomKills: memory.oom_kills ?? undefined,
        time: memory.sampled
      };
    } catch (error) {
      return { kind: 'none', kernelId, reason: reasonOf(error) };
    }
  }

  private readonly _rest: Rest;
  private readonly _usage: UsageRequests;
  private readonly _remoteSince = new WeakMap<
    Kernel.IKernelConnection,
    number
  >();
}

function kindsOf(memory: IMemory): IKinds {
  const { pss_bytes, swap_bytes, anonymous_bytes, file_bytes, shared_bytes } =
    memory;
  return { pss_bytes, swap_bytes, anonymous_bytes, file_bytes, shared_bytes };
}

function reasonOf(error: unknown): NoReading {
  if (!(error instanceof RestError)) {
    throw error;
  }
  return error.code === 'unknown_kernel' ? 'no_kernel' : error.code;
}
