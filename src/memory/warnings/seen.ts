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
  level: number;
  /** The limit that `level` belongs to. */
  nearest: ILimit;
  /** When, in seconds since the epoch, by the server's clock. */
  time: number;
  /** The same by the browser's clock, in milliseconds. */
  at: number;
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
