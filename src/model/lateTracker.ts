/** The service: it loads what watches documents when the first one opens. */

import { Signal, type ISignal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';
import { Chunk, type ChunkOf } from '../chunk';
import type { IMemguard, ISettings, IWatched } from '../tokens';
import type { Tracker } from './tracker';

/** The module of the tracker. */
type TrackerModule = { Tracker: typeof Tracker };

const TRACKER: ChunkOf<TrackerModule> = new Chunk(
  () => import(/* webpackChunkName: "documents" */ './tracker')
);

/** When loading is tried again after a failure, in milliseconds. */
const RETRY_MS = 10_000;

/**
 * Keeps the settings, and passes everything else on to the tracker. Without a
 * notebook or console nothing is open, and JupyterLab's start need not load
 * the part that talks with kernels.
 */
export class LateTracker implements IMemguard {
  /**
   * @param sources - Where widgets are found.
   * @param settings - The settings as they are now.
   * @param chunk - Loads the tracker.
   */
  constructor(
    sources: Tracker.ISources,
    settings: ISettings,
    chunk: ChunkOf<TrackerModule> = TRACKER
  ) {
    this._sources = sources;
    this._settings = settings;
    this._chunk = chunk;
    const { notebooks, consoles } = sources;
    for (const tracker of [notebooks, consoles]) {
      tracker?.widgetAdded.connect(this._load, this);
      if (tracker !== null && tracker.size > 0) {
        this._load();
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
    this._tracker?.applySettings();
    this._settingsChanged.emit(settings);
  }

  get settingsChanged(): ISignal<this, ISettings> {
    return this._settingsChanged;
  }

  private _load(): void {
    clearTimeout(this._retryTimer);
    this._chunk.load().then(
      ({ Tracker }) => {
        if (this._tracker === null) {
          this._follow(new Tracker(this._sources, () => this._settings));
        }
      },
      () => {
        // Documents are open that have no guard until this succeeds.
        clearTimeout(this._retryTimer);
        this._retryTimer = setTimeout(() => this._load(), RETRY_MS);
      }
    );
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
  private readonly _chunk: ChunkOf<TrackerModule>;
  private _settings: ISettings;
  private _tracker: Tracker | null = null;
  private _retryTimer: ReturnType<typeof setTimeout> | undefined;
  private _added = new Signal<this, IWatched>(this);
  private _currentChanged = new Signal<this, IWatched | null>(this);
  private _settingsChanged = new Signal<this, ISettings>(this);
}
