/** Attaches something to every open document. */

import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import type { IMemguard, IWatched } from '../tokens';

/**
 * Attach something to every open document, also to those opened later, until
 * it is closed.
 *
 * @param memguard - What is open.
 * @param attach - Makes what is attached; it is disposed with the document.
 * @returns what takes everything off again when it is disposed.
 */
export function attachToEach(
  memguard: IMemguard,
  attach: (watched: IWatched) => IDisposable
): IDisposable {
  const attached = new Map<IWatched, IDisposable>();
  const add = (_: IMemguard, watched: IWatched) => {
    attached.set(watched, attach(watched));
    watched.widget.disposed.connect(() => {
      attached.get(watched)?.dispose();
      attached.delete(watched);
    });
  };
  for (const watched of memguard.watched) {
    add(memguard, watched);
  }
  memguard.added.connect(add);
  return new DisposableDelegate(() => {
    memguard.added.disconnect(add);
    attached.forEach(thing => thing.dispose());
    attached.clear();
  });
}
