/** What is large enough to be worth freeing. */

import { isKnown, likelyBytes } from '../../model/figures';
import type { IFigure, IRetainedModel } from '../../tokens';

/**
 * Whether it is known that nothing large is in a figure. A bound says nothing
 * of how large a result is not.
 *
 * @param figure - What all results free.
 * @param least - The least bytes of a large result.
 */
export function hasNoLarge(figure: IFigure, least: number): boolean {
  return isKnown(figure) && likelyBytes(figure) < Math.max(least, 1);
}

/**
 * What tracebacks keep alive, where that is large.
 *
 * @param model - What was read of the kernel.
 * @param least - The least bytes that count as large.
 * @returns the figure, or null if tracebacks keep nothing large.
 */
export function largeTracebacks(
  { report, overview }: Pick<IRetainedModel, 'report' | 'overview'>,
  least: number
): IFigure | null {
  if (report === null || report.tracebacks.count === 0) {
    return null;
  }
  const { bytes, exact } = overview?.tracebacks ?? report.tracebacks;
  return bytes < Math.max(least, 1)
    ? null
    : { bytes, exact, estimate_bytes: exact ? null : bytes };
}
