/** The notifications: loaded when a kernel first comes near its limit. */

import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { isFree } from '../../kernel/kernelFree';
import type { IReport } from '../../wire/protocol';
import type { IWatched } from '../../tokens';
import { freeLabel } from '../../ui/freeLabels';
import {
  isSameProcess,
  stand,
  STANDS_MS,
  untilRelease
} from '../../ui/standing';
import { retainedOf } from '../retained';
import type { IAtDeath } from './death';
import { isLimited, type ILimited } from './seen';
import {
  deathText,
  fitting,
  killedText,
  nearText,
  retainedText
} from './texts';

/** A free kernel has so many milliseconds to say what it retains. */
const HOLD_MS = 2000;

/**
 * Warns that a kernel is near its limit, and says how much is retained as soon
 * as the kernel has answered. A free kernel is given a moment to answer before
 * the warning is shown; what a busy kernel answers later is added.
 */
export class NearLimitNotice implements IDisposable {
  /**
   * @param watched - The document.
   * @param seen - What was seen of its kernel.
   * @param trans - The words.
   */
  constructor(watched: IWatched, seen: ILimited, trans: TranslationBundle) {
    this._watched = watched;
    this._seen = seen;
    this._trans = trans;
    this._earlier = watched.model.report;
    this._observation = watched.model.observe();
    watched.model.changed.connect(this._look, this);
    if (isFree(watched.agent)) {
      this._hold = setTimeout(() => this._show(''), HOLD_MS);
    } else {
      this._show('');
    }
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Take the warning back: the kernel is safe or gone. */
  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    clearTimeout(this._hold);
    this._stopAsking();
    if (this._id !== null) {
      Notification.dismiss(this._id);
    }
  }

  private _look(): void {
    const retained = retainedOf(this._watched);
    if (retained === null || this._watched.model.report === this._earlier) {
      return;
    }
    this._observation.dispose();
    // Figures become better while somebody looks at the panel.
    const more = ' ' + retainedText(retained, this._trans);
    if (more !== this._more) {
      this._more = more;
      this._show(more);
    }
  }

  private _stopAsking(): void {
    this._observation.dispose();
    this._watched.model.changed.disconnect(this._look, this);
  }

  private _show(more: string): void {
    clearTimeout(this._hold);
    const message = fitting(
      this._watched.widget.title.label,
      name => nearText(name, this._seen, this._trans) + more
    );
    const options = this._notificationOptions();
    if (this._id === null) {
      this._id = Notification.warning(message, options);
      const isUnreleased = untilRelease(this._watched);
      stand(
        this._watched,
        this._id,
        () => isSameProcess(this._watched) && isUnreleased()
      );
      this._stands = new Promise(resolve => setTimeout(resolve, STANDS_MS));
      return;
    }
    const id = this._id;
    void this._stands.then(() => {
      if (!this._isDisposed && Notification.manager.has(id)) {
        Notification.update({ id, message, ...options });
      }
    });
  }

  private _notificationOptions(): Notification.IOptions<null> {
    const { agent, model } = this._watched;
    const canFree =
      agent.state.kind === 'ready' || agent.state.kind === 'installing';
    const free = {
      label: freeLabel('large', this._trans),
      caption: this._trans.__('Free the results that the kernel keeps'),
      displayType: 'accent' as const,
      callback: () => void model.release({ kind: 'large' })
    };
    return { autoClose: false, actions: canFree ? [free] : [] };
  }

  private readonly _watched: IWatched;
  private readonly _seen: ILimited;
  private readonly _trans: TranslationBundle;
  private readonly _earlier: IReport | null;
  private readonly _observation: IDisposable;
  private _hold: ReturnType<typeof setTimeout> | undefined;
  private _id: string | null = null;
  private _more = '';
  private _stands: Promise<void> = Promise.resolve();
  private _isDisposed = false;
}

/**
 * Say that a kernel died near its limit, or was killed.
 *
 * @param watched - The document.
 * @param seen - What the kernel had at its end.
 * @param trans - The words.
 */
export function tellDeath(
  watched: IWatched,
  seen: IAtDeath,
  trans: TranslationBundle
): void {
  const text = fitting(watched.widget.title.label, name =>
    seen.wasKilled || !isLimited(seen)
      ? killedText(name, seen, trans)
      : deathText(name, seen, trans)
  );
  const id = Notification.error(text, { autoClose: false });
  // Until a person has read it in the panel, or begins anew.
  stand(watched, id, () => watched.model.death !== null);
}
