/** The one notification of a document that stands. */

import { Notification } from '@jupyterlab/apputils';
import type { IWatched } from '../tokens';

/** JupyterLab shows so many characters of a notification. */
export const MOST_SHOWN = 140;

/**
 * JupyterLab takes so many milliseconds to put a notification on the page,
 * and loses updates that come before that.
 */
export const STANDS_MS = 2000;

/** What ends the notification of each document that stands now. */
const STANDING = new WeakMap<IWatched, { id: string; end: () => void }>();

/**
 * Have a notification stand for a document: the one before goes, and this one
 * goes as soon as it is no longer true.
 *
 * @param watched - The document.
 * @param id - The notification.
 * @param isTrue - Whether it still says how things are; asked whenever the
 * model, the kernel or its guard has changed.
 */
export function stand(
  watched: IWatched,
  id: string,
  isTrue: () => boolean
): void {
  const before = STANDING.get(watched);
  before?.end();
  if (before !== undefined && before.id !== id) {
    Notification.dismiss(before.id);
  }
  const { agent, model, widget } = watched;
  const end = (): void => {
    model.changed.disconnect(look);
    agent.stateChanged.disconnect(look);
    agent.guardChanged.disconnect(look);
    widget.disposed.disconnect(close);
    if (STANDING.get(watched)?.id === id) {
      STANDING.delete(watched);
    }
  };
  const close = (): void => {
    end();
    Notification.dismiss(id);
  };
  const look = (): void => {
    if (!Notification.manager.has(id)) {
      end();
    } else if (!isTrue()) {
      close();
    }
  };
  model.changed.connect(look);
  agent.stateChanged.connect(look);
  agent.guardChanged.connect(look);
  widget.disposed.connect(close);
  STANDING.set(watched, { id, end });
}

/**
 * What tells whether nothing was released since now.
 *
 * @param watched - The document.
 */
export function untilRelease({ model }: IWatched): () => boolean {
  const { outcome } = model;
  // What a release came to is forgotten when a cell has run.
  return () => model.outcome === null || model.outcome === outcome;
}

/**
 * Whether a document's kernel is the one of which something was told: it did
 * not end, and was not restarted.
 *
 * @param watched - The document.
 */
export function isSameProcess({ agent }: IWatched): boolean {
  const { kind } = agent.state;
  return kind !== 'restarting' && kind !== 'dead' && kind !== 'no-kernel';
}
