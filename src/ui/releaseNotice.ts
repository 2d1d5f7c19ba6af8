/** The notifications of one document's releases. */

import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { isFree } from '../kernel/kernelFree';
import type { IMemguard, IWatched, Outcome } from '../tokens';
import { failureText, releaseText } from './releaseWords';
import { isSameProcess, stand, STANDS_MS } from './standing';

/** So many milliseconds are enough to read what a release did. */
const SHOWN_MS = 8000;

/** What the notifications need. */
export interface INoticeOptions {
  readonly memguard: IMemguard;
  readonly trans: TranslationBundle;
  /** Whether a person sees in the panel what becomes of a release. */
  readonly isShown: (watched: IWatched) => boolean;
}

/** Says what becomes of a document's releases while no panel shows it. */
export class ReleaseNotice implements IDisposable {
  /**
   * @param watched - The document.
   * @param known - The outcome that was told before, or is too old to tell.
   * @param options - Where releases are shown already, and the words.
   */
  constructor(
    watched: IWatched,
    known: Outcome | null,
    options: INoticeOptions
  ) {
    this._watched = watched;
    this._known = known;
    this._options = options;
    watched.model.changed.connect(this._look, this);
    this._look();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    this._watched.model.changed.disconnect(this._look, this);
    this._close();
  }

  private _look(): void {
    const { trans } = this._options;
    this._tellOutcome();
    switch (this._watched.model.activity.kind) {
      case 'queued':
        this._tellQueued();
        break;
      case 'freeing':
        if (this._open !== null) {
          const message = trans.__('Memory is being freed.');
          Notification.update({ id: this._open, message, actions: [] });
        }
        break;
      default:
        this._close();
    }
  }

  private _tellOutcome(): void {
    const { trans } = this._options;
    const { model } = this._watched;
    const { outcome } = model;
    if (outcome === this._known) {
      this._tellLater();
      return;
    }
    this._known = outcome;
    this._told = null;
    if (outcome === null || (this._open === null && this._isShown)) {
      return;
    }
    if (outcome.kind === 'released') {
      const message = releaseText(outcome, trans);
      const id = this._say(message, 'success');
      stand(this._watched, id, () => isSameProcess(this._watched));
      const stands = new Promise<void>(resolve =>
        setTimeout(resolve, STANDS_MS)
      );
      this._told = { id, message, stands };
    } else {
      const id = this._say(failureText(outcome.code, trans), 'warning');
      stand(this._watched, id, () => true);
    }
    this._open = null;
  }

  /** Say what came back since a release was told, where some did. */
  private _tellLater(): void {
    const told = this._told;
    const { model } = this._watched;
    const { outcome } = model;
    if (told === null || outcome?.kind !== 'released') {
      return;
    }
    const message = releaseText(outcome, this._options.trans);
    if (message !== told.message) {
      told.message = message;
      void told.stands.then(() => {
        if (Notification.manager.has(told.id)) {
          Notification.update({ id: told.id, message: told.message });
        }
      });
    }
  }

  /** Say that a release waits; a free kernel begins at once. */
  private _tellQueued(): void {
    const { model, agent } = this._watched;
    const { trans } = this._options;
    if (this._open === null && !isFree(agent) && !this._isShown) {
      this._open = Notification.emit(
        trans.__('Freeing waits until the cell has ended.'),
        'in-progress',
        {
          autoClose: false,
          actions: [
            { label: trans.__('Take back'), callback: () => model.cancel() }
          ]
        }
      );
      // It ends with the release.
      stand(this._watched, this._open, () => true);
    }
  }

  private _say(message: string, type: Notification.TypeOptions): string {
    if (this._open !== null && Notification.manager.has(this._open)) {
      // This one does not close by itself: the person may look away while the
      // cell ends.
      const id = this._open;
      Notification.update({ id, message, type, actions: [] });
      return id;
    }
    // Without a time it would stand behind the bell alone.
    return Notification.emit(message, type, { autoClose: SHOWN_MS });
  }

  private _close(): void {
    if (this._open !== null) {
      Notification.dismiss(this._open);
      this._open = null;
    }
  }

  private get _isShown(): boolean {
    return this._options.isShown(this._watched);
  }

  private readonly _watched: IWatched;
  private readonly _options: INoticeOptions;
  private _known: Outcome | null;
  /** What was told of the last release, and when it is on the page. */
  private _told: {
    readonly id: string;
    message: string;
    readonly stands: Promise<void>;
  } | null = null;
  /** The notification of a release that is not over. */
  private _open: string | null = null;
  private _isDisposed = false;
}
