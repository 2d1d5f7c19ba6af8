/** The service: it loads what watches documents when the first one opens. */

import { Signal, type ISignal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';
import type { IMemguard, ISettings, IWatched } from '../tokens';
import type { Tracker } from './tracker';

/**
 * Keeps the settings, and passes everything else on to the tracker. Without a
 * notebook or console nothing is open, and JupyterLab's start need not load
 * the part that talks with kernels.
 */
export class LateTracker implements IMemguard {
  /**
   * @param sources - Where widgets are found.
   * @param settings - The settings as they are now.
   */
  constructor(sources: Tracker.ISources, settings: ISettings) {
    this._sources = sources;
    this._settings = settings;
    const { notebooks, consoles } = sources;
    for (const tracker of [notebooks, consoles]) {
      tracker?.widgetAdded.connect(this._onWidget, this);
      if (tracker !== null && tracker.size > 0) {
        this._onWidget();
      }
    }
  }

  get current(): IWatched | null {
    return this._tracker?.current ?? null;
  }

  get currentChanged(): ISignal<this, IWatched | null> {
    return this._currentChanged;
  }

  get watched(): Iterable<IWatched> {
    return this._tracker?.watched ?? [];
  }

  get added(): ISignal<this, IWatched> {
    return this._added;
  }

  find(widget: Widget): IWatched | null {
    return this._tracker?.find(widget) ?? null;
  }

  get settings(): ISettings {
    return this._settings;
  }

  set settings(settings: ISettings) {
    this._settings = settings;
    if (this._tracker !== null) {
      this._tracker.settings = settings;
    }
    this._settingsChanged.emit(settings);
  }

  get settingsChanged(): ISignal<this, ISettings> {
    return this._settingsChanged;
  }

  private _onWidget(): void {
    if (!this._isLoading) {
      this._isLoading = true;
      void this._load();
    }
  }

  private async _load(): Promise<void> {
    try {
      const { Tracker } = await import(
        /* webpackChunkName: "documents" */ './tracker'
      );
      this._follow(new Tracker(this._sources, this._settings));
    } catch (error) {
      console.error('The memory guard cannot be loaded.', error);
      // The next document tries again.
      this._isLoading = false;
    }
  }

  private _follow(tracker: Tracker): void {
    this._tracker = tracker;
    for (const watched of tracker.watched) {
      this._added.emit(watched);
    }
    tracker.added.connect((_, watched) => this._added.emit(watched));
    tracker.currentChanged.connect((_, current) =>
      this._currentChanged.emit(current)
    );
    if (tracker.current !== null) {
      this._currentChanged.emit(tracker.current);
    }
  }

  private readonly _sources: Tracker.ISources;
  private _settings: ISettings;
  private _tracker: Tracker | null = null;
  private _isLoading = false;
  private _added = new Signal<this, IWatched>(this);
  private _currentChanged = new Signal<this, IWatched | null>(this);
  private _settingsChanged = new Signal<this, ISettings>(this);
}
