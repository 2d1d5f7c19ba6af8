/** Documents that share a kernel. */

import type { IMemguard, IWatched } from '../tokens';

/** The id of the kernel that a document uses; null if it has none. */
export function kernelIdOf({ widget }: IWatched): string | null {
  return widget.sessionContext.session?.kernel?.id ?? null;
}

/**
 * The other open documents on the kernel of one.
 *
 * @param watched - The document.
 * @param memguard - What is open.
 */
export function othersOnKernel(
  watched: IWatched,
  memguard: Pick<IMemguard, 'watched'>
): readonly IWatched[] {
  const id = kernelIdOf(watched);
  return [...memguard.watched].filter(
    other => other !== watched && id !== null && kernelIdOf(other) === id
  );
}
