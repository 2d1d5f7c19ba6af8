/** What a release does, told where no panel shows it. */

import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { attachToEach } from './attach';
import type { IMemguard, IWatched, Outcome } from '../tokens';
import { isFree } from '../kernel/kernelFree';
import { failureText, releaseText } from './releaseWords';

/** What is needed to tell. */
export interface INewsOptions {
  readonly memguard: IMemguard;
  readonly trans: TranslationBundle;
  /** Whether a person can see in the panel what becomes of a release. */
  readonly isShown: (watched: IWatched) => boolean;
}

/**
 * Tell of releases that a person asks for elsewhere than in the panel: by a
 * command, at a cell's mark, in a warning.
 *
 * @param options - What is open, where it is told already, and the words.
 */
export function tellReleases(options: INewsOptions): IDisposable {
  return attachToEach(options.memguard, watched => tell(watched, options));
}

function tell(watched: IWatched, options: INewsOptions): IDisposable {
  const { trans, isShown } = options;
  const { model, agent } = watched;
  let known: Outcome | null = model.outcome;
  /** The notification of a release that is not over. */
  let open: string | null = null;
  const say = (message: string, type: Notification.TypeOptions): void => {
    if (open !== null && Notification.manager.has(open)) {
      // It goes on standing: the person may not look when a cell ends.
      Notification.update({ id: open, message, type, actions: [] });
    } else {
      Notification.emit(message, type);
    }
  };
  const close = (): void => {
    if (open !== null) {
      Notification.dismiss(open);
      open = null;
    }
  };
  const look = (): void => {
    const { activity, outcome } = model;
    if (outcome !== known) {
      known = outcome;
      if (outcome !== null && (open !== null || !isShown(watched))) {
        if (outcome.kind === 'released') {
          say(releaseText(outcome, trans), 'success');
        } else {
          say(failureText(outcome.code, trans), 'warning');
        }
        open = null;
      }
    }
    if (activity.kind === 'queued') {
      // A free kernel begins at once.
      if (open === null && !isFree(agent) && !isShown(watched)) {
        open = Notification.emit(
          trans.__('Queued: runs when the cell has ended'),
          'in-progress',
          {
            autoClose: false,
            actions: [
              { label: trans.__('Take back'), callback: () => model.cancel() }
            ]
          }
        );
      }
    } else if (activity.kind !== 'freeing') {
      close();
    } else if (open !== null) {
      const message = trans.__('Freeing\u2026');
      Notification.update({ id: open, message, actions: [] });
    }
  };
  model.changed.connect(look);
  return new DisposableDelegate(() => {
    model.changed.disconnect(look);
    close();
  });
}
