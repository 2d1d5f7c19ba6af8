import type { IMemguard, IWatched } from '../tokens';

/** What a kernel's display cache keeps, as far as the browser knows it. */
export interface IRetained {
  /** What comes back when it is released, in bytes. */
  bytes: number;
  /** False: at least so much. */
  exact: boolean;
}

/**
 * What a document's kernel retains, by its last report if nothing happened
 * since, else by what the kernel told at the cells' ends. Nothing is asked.
 *
 * @param watched - the document.
 * @returns null if nothing is known.
 */
export function retainedOf(watched: IWatched | null): IRetained | null {
  const model = watched?.model;
  if (!model) {
    return null;
  }
  if (model.retained && !model.isStale) {
    return model.retained;
  }
  if (model.pushed.size === 0) {
    return null;
  }
  // One object may have been shown under several numbers.
  const byKey = new Map<string, number>();
  for (const { key, bytes } of model.pushed.values()) {
    byKey.set(key, bytes);
  }
  const bytes = [...byKey.values()].reduce((sum, part) => sum + part, 0);
  return { bytes, exact: false };
}

/**
 * Find the open document with a kernel.
 *
 * @param memguard - what is open.
 * @param kernelId - the kernel.
 */
export function watchedWith(
  memguard: IMemguard,
  kernelId: string
): IWatched | null {
  for (const watched of memguard.watched) {
    if (watched.widget.sessionContext.session?.kernel?.id === kernelId) {
      return watched;
    }
  }
  return null;
}
