/** What the status item shows. */

import { VDomModel } from '@jupyterlab/ui-components';
import type { IMemguard, IWatched } from '../../tokens';
import type { MemoryPoll } from '../poll';

/** The poll's reading, and the document that it is of. */
export class StatusModel extends VDomModel {
  /**
   * @param memguard - Tells which document is in front.
   * @param poll - Reads its kernel's memory.
   */
  constructor(
    readonly memguard: IMemguard,
    readonly poll: MemoryPoll
  ) {
    super();
    poll.changed.connect(this._emitChanged, this);
    memguard.settingsChanged.connect(this._emitChanged, this);
    memguard.currentChanged.connect(this._onCurrent, this);
    this._onCurrent(memguard, memguard.current);
  }

  /** Whether there is something to show, and the settings want it. */
  get active(): boolean {
    return this.memguard.settings.statusBar && this.watched !== null;
  }

  /** The document in front. */
  get watched(): IWatched | null {
    return this._watched;
  }

  private _onCurrent(_: IMemguard, current: IWatched | null): void {
    this._watched?.model.changed.disconnect(this._emitChanged, this);
    this._watched = current;
    current?.model.changed.connect(this._emitChanged, this);
    this._emitChanged();
  }

  private _emitChanged(): void {
    this.stateChanged.emit();
  }

  private _watched: IWatched | null = null;
}
