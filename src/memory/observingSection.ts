/** What the sections that observe something have in common. */

import { ReactWidget } from '@jupyterlab/ui-components';
import type { IDisposable } from '@lumino/disposable';
import type { Message } from '@lumino/messaging';

/** A section that observes something while a person can see the section. */
export abstract class ObservingSection extends ReactWidget {
  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._look();
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._look();
  }

  protected onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this._stop();
  }

  protected onBeforeDetach(message: Message): void {
    this._stop();
    super.onBeforeDetach(message);
  }

  /**
   * Begin to observe.
   *
   * @returns what ends the observing, or null if there is nothing to observe.
   */
  protected abstract observe(): IDisposable | null;

  /** End the observing and begin again, because its object may have changed. */
  protected observeAnew(): void {
    this._stop();
    this._look();
  }

  private _look(): void {
    if (this.isVisible) {
      this._observing ??= this.observe();
    }
  }

  private _stop(): void {
    this._observing?.dispose();
    this._observing = null;
  }

  private _observing: IDisposable | null = null;
}
