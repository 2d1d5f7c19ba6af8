import { DisposableDelegate, IDisposable } from '@lumino/disposable';
import type { IMemguard, IWatched } from '../tokens';

/**
 * Attach something to every open document, also to those opened later, until
 * it is closed.
 *
 * @param memguard - what is open.
 * @param attach - makes what is attached; it is disposed with the document.
 */
export function attachToEach(
  memguard: IMemguard,
  attach: (watched: IWatched) => IDisposable
): IDisposable {
  const attached = new Map<IWatched, IDisposable>();
  const look = () => {
    for (const watched of memguard.watched) {
      if (attached.has(watched)) {
        continue;
      }
      attached.set(watched, attach(watched));
      watched.widget.disposed.connect(() => {
        attached.get(watched)?.dispose();
        attached.delete(watched);
      });
    }
  };
  memguard.currentChanged.connect(look);
  look();
  return new DisposableDelegate(() => {
    memguard.currentChanged.disconnect(look);
    attached.forEach(thing => thing.dispose());
    attached.clear();
  });
}
