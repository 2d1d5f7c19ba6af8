/** What is large enough to be worth freeing. */

import { figureKind, likelyBytes } from '../../model/figures';
import type { IFigure } from '../../tokens';

/**
 * Whether it is known that nothing large is in a figure. A bound says nothing
 * of how large a result is not.
 *
 * @param figure - What all results free.
 * @param least - The least bytes of a large result.
 */
export function hasNoLarge(figure: IFigure, least: number): boolean {
  const kind = figureKind(figure);
  const isKnown = kind === 'exact' || kind === 'about';
  return isKnown && likelyBytes(figure) < Math.max(least, 1);
}
