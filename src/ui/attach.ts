/** Attaches something to every open document. */

import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import type { IWatched } from '../tokens';

/** The open documents, as the service and the tracker know them. */
interface IOpen {
  readonly watched: Iterable<IWatched>;
  readonly added: ISignal<unknown, IWatched>;
}

/**
 * Attach something to every open document, also to those opened later, until
 * it is closed.
 *
 * @param open - What is open.
 * @param attach - Makes what is attached; it is disposed with the document.
 * @returns what takes everything off again when it is disposed.
 */
export function attachToEach(
  open: IOpen,
  attach: (watched: IWatched) => IDisposable
): IDisposable {
  const attached = new Map<IWatched, IDisposable>();
  const add = (_: unknown, watched: IWatched) => {
    attached.set(watched, attach(watched));
    watched.widget.disposed.connect(() => {
      attached.get(watched)?.dispose();
      attached.delete(watched);
    });
  };
  for (const watched of open.watched) {
    add(open, watched);
  }
  open.added.connect(add);
  return new DisposableDelegate(() => {
    open.added.disconnect(add);
    attached.forEach(thing => thing.dispose());
    attached.clear();
  });
}
