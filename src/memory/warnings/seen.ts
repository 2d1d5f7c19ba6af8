/** What was last seen of kernels, and when that is worth a warning. */

import type { ILimit } from '../../wire/rest';
import { isShared } from '../level';

/** From this level on a kernel's memory is worth a warning. */
export const WARN = 0.9;

/** Below this level a kernel is safe: the next time is a new crossing. */
export const SAFE = 0.88;

/** What was last seen of a kernel. */
export interface ISeen {
  /** Its own resident bytes. */
  bytes: number;
  /** The limit that is shown beside them. */
  limit: ILimit | null;
  level: number | null;
  /** The limit that `level` belongs to. */
  nearest: ILimit | null;
  /** How often the system has killed in its control group, where that is told. */
  oomKills?: number;
  /** When, in seconds since the epoch, by the server's clock. */
  time: number;
  /** The same by the browser's clock, in milliseconds. */
  at: number;
}

/** The same of a kernel that has a limit. */
export interface ILimited extends ISeen {
  level: number;
  nearest: ILimit;
}

/**
 * Whether a kernel has a limit that it could come near.
 *
 * @param seen - What was seen of it.
 */
export function isLimited(seen: ISeen): seen is ILimited {
  return seen.level !== null && seen.nearest !== null;
}

/**
 * The name of a crossing, which is of a kernel's own limit or of one that many
 * kernels share.
 *
 * @param kernelId - The kernel.
 * @param nearest - The limit.
 */
export function crossingOf(kernelId: string, nearest: ILimit): string {
  return isShared(nearest)
    ? `${nearest.source} ${nearest.limit_bytes}`
    : kernelId;
}
