/** How much memory a kernel had when it died. */

import { RestError, type Rest } from '../../wire/rest';
import { isLimited, type ISeen } from './seen';

/** Samples of the last seconds show how a kernel died. */
const LAST_SECONDS = 15;

/** What a kernel had at its end. */
export interface IAtDeath extends ISeen {
  /** Whether the system killed it, or its neighbour, for want of memory. */
  readonly wasKilled: boolean;
}

/**
 * What a kernel had at its end: one that grew fast died above what was last
 * seen of it.
 *
 * @param rest - The server's half.
 * @param kernelId - The kernel.
 * @param last - What was last seen.
 * @returns null if the kernel did not die: the server still knows a kernel
 * that died, but not one that was shut down.
 */
export async function seenAtDeath(
  rest: Rest,
  kernelId: string,
  last: ISeen
): Promise<IAtDeath | null> {
  const killed = killedSince(rest, kernelId, last);
  try {
    const samples = await rest.samples(kernelId, last.time);
    const wasKilled = await killed;
    const end = Math.max(...samples.map(sample => sample.time));
    const bytes = Math.max(
      last.bytes,
      ...samples
        .filter(sample => sample.time >= end - LAST_SECONDS)
        .map(sample => sample.rssBytes)
    );
    if (!isLimited(last)) {
      return { ...last, bytes, wasKilled };
    }
    const grown = (bytes - last.bytes) / last.nearest.limit_bytes;
    const level = Math.min(1, last.level + grown);
    return { ...last, bytes, level, wasKilled };
  } catch (error) {
    const isShutDown =
      error instanceof RestError && error.code === 'unknown_kernel';
    return isShutDown ? null : { ...last, wasKilled: await killed };
  }
}

/**
 * Whether the system has killed in the kernel's control group since it was
 * last seen. That tells of a kernel that grew and was killed within a poll.
 */
async function killedSince(
  rest: Rest,
  kernelId: string,
  { oomKills: before }: ISeen
): Promise<boolean> {
  if (before === undefined) {
    return false;
  }
  try {
    const { oom_kills: now } = await rest.memory(kernelId);
    return now !== null && now > before;
  } catch {
    return false;
  }
}
