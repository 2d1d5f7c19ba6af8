/** What the browser knows of documents' kernels without asking them. */

import { sumOf } from '../model/entries';
import { frees, likelyBytes } from '../model/figures';
import type { IFigure, IMemguard, IWatched } from '../tokens';

/**
 * What a document's kernel retains: by its last report if nothing happened
 * since, else by the sizes that the kernel sent when cells ended. The kernel
 * is not asked.
 *
 * @param watched - The document.
 * @returns null if nothing is known.
 */
export function retainedOf(watched: IWatched | null): IFigure | null {
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
  // One object may have several numbers, and several may have one figure.
  const byKey = new Map<string, IFigure>();
  for (const { key, figure, group } of model.pushed.values()) {
    byKey.set(group?.[0] ?? key, figure);
  }
  return sumOf([...byKey.values()]);
}

/**
 * What can be freed of a kernel's memory, once that is worth a word.
 *
 * @param retained - What the results retain, if that is known.
 * @param bytes - The kernel's memory.
 * @param percent - The share of it from which on it is worth a word.
 * @returns null if it is not.
 */
export function worthFreeing(
  retained: IFigure | null,
  bytes: number,
  percent: number
): IFigure | null {
  if (retained === null || !frees(retained)) {
    return null;
  }
  return likelyBytes(retained) * 100 >= bytes * percent ? retained : null;
}

/**
 * Find the open document with a kernel.
 *
 * @param memguard - What is open.
 * @param kernelId - The kernel.
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
