/** How much memory a kernel had when it died. */

import { RestError, type Rest } from '../../wire/rest';
import { isLimited, type ISeen } from './seen';

/** Samples of the last seconds show how a kernel died. */
const LAST_SECONDS = 15;

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
): Promise<ISeen | null> {
  try {
    const samples = await rest.samples(kernelId, last.time);
    const end = Math.max(...samples.map(sample => sample.time));
    const bytes = Math.max(
      last.bytes,
      ...samples
        .filter(sample => sample.time >= end - LAST_SECONDS)
        .map(sample => sample.rssBytes)
    );
    if (!isLimited(last)) {
      return { ...last, bytes };
    }
    const grown = (bytes - last.bytes) / last.nearest.limit_bytes;
    return { ...last, bytes, level: Math.min(1, last.level + grown) };
  } catch (error) {
    const isShutDown =
      error instanceof RestError && error.code === 'unknown_kernel';
    return isShutDown ? null : last;
  }
}
