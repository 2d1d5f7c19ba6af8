/** Says what becomes of releases that no panel shows. */

import {
  DisposableDelegate,
  DisposableSet,
  type IDisposable
} from '@lumino/disposable';
import { Chunk } from '../chunk';
import type { IWatched } from '../tokens';
import { attachToEach } from './attach';
import type { INoticeOptions } from './releaseNotice';

const RELEASES = new Chunk(
  () => import(/* webpackChunkName: "releases" */ './releaseNotice')
);

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
      // After a failure, the next change tries again.
      RELEASES.load().then(begin, () => undefined);
    }
  };
  const stop = new DisposableDelegate(() => model.changed.disconnect(look));
  const begin = ({ ReleaseNotice }: typeof import('./releaseNotice')): void => {
    if (!stop.isDisposed) {
      stop.dispose();
      telling.add(new ReleaseNotice(watched, known, options));
    }
  };
  telling.add(stop);
  model.changed.connect(look);
  return telling;
}
