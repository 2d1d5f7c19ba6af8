/** Says what becomes of releases that no panel shows. */

import { DisposableSet, type IDisposable } from '@lumino/disposable';
import type { IWatched } from '../tokens';
import { attachToEach } from './attach';
import type { INoticeOptions } from './releaseNotice';

/**
 * Tell of releases that a person asks for outside the panel: by a command, at
 * a cell's mark, in a warning.
 *
 * @param options - What is open, where releases are shown, and the words.
 */
export function tellReleases(options: INoticeOptions): IDisposable {
  return attachToEach(options.memguard, watched => tell(watched, options));
}

/** Load the notifications of a document when its first release begins. */
function tell(watched: IWatched, options: INoticeOptions): IDisposable {
  const { model } = watched;
  const known = model.outcome;
  const telling = new DisposableSet();
  const look = (): void => {
    const { kind } = model.activity;
    if (kind === 'queued' || kind === 'freeing' || model.outcome !== known) {
      model.changed.disconnect(look);
      void load();
    }
  };
  const load = async (): Promise<void> => {
    try {
      const { ReleaseNotice } = await import(
        /* webpackChunkName: "releases" */ './releaseNotice'
      );
      if (!telling.isDisposed) {
        telling.add(new ReleaseNotice(watched, known, options));
      }
    } catch (error) {
      console.error('The notices of jupyter-memguard cannot be loaded.', error);
      model.changed.connect(look);
    }
  };
  model.changed.connect(look);
  return telling;
}
