/** What the browser knows of documents' kernels without asking them. */

import { frees, likelyBytes } from '../model/figures';
import type { IMemguard, IPushed, IWatched } from '../tokens';
import type { IPart } from '../wire/protocol';

/**
 * What a document's kernel retains: by its last report if nothing happened
 * since, else by the sizes that the kernel sent when cells ended. The kernel
 * is not asked.
 *
 * @param watched - The document.
 * @returns null if nothing is known.
 */
export function retainedOf(watched: IWatched | null): IPart | null {
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
  const byKey = new Map<string, IPushed>();
  for (const told of model.pushed.values()) {
    byKey.set(told.group?.[0] ?? told.key, told);
  }
  const parts = [...byKey.values()];
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  const exact = parts.every(part => part.exact === true);
  return { bytes, exact, estimate_bytes: exact ? null : bytes };
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
  retained: IPart | null,
  bytes: number,
  percent: number
): IPart | null {
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
