/** The open documents, and the one in front. */

import type { ISessionContext } from '@jupyterlab/apputils';
import type { IConsoleTracker } from '@jupyterlab/console';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';
import { KernelAgent } from '../kernel/agent';
import { firstGuard } from './guard';
import { ConsoleGuard, NotebookGuard } from './guardStores';
import { RetainedModel } from './retained';
import type { IGuardStore, ISettings, IWatched } from '../tokens';

/** A widget with a kernel of its own. */
type Watchable = Widget & { sessionContext: ISessionContext };

/** The part of a shell that knows the widget in front. */
interface IFront {
  readonly currentWidget: Widget | null;
  readonly currentChanged?: ISignal<unknown, unknown>;
}

/** A namespace for the tracker's options. */
export namespace Tracker {
  /** Where widgets are found. */
  export interface ISources {
    /** Open notebooks; null where the application has none. */
    notebooks: INotebookTracker | null;
    /** Open code consoles, likewise. */
    consoles: IConsoleTracker | null;
    /** The shell. */
    front: IFront;
  }
}

/** One open notebook or console, with its agent, model and guard. */
class Watched implements IWatched {
  constructor(
    readonly widget: Watchable,
    readonly kind: IWatched['kind'],
    readonly guardStore: IGuardStore,
    settings: () => ISettings
  ) {
    this.agent = new KernelAgent(
      widget.sessionContext,
      () => firstGuard(guardStore.own, settings()),
      () => settings().kernelImplementations
    );
    this.model = new RetainedModel(this.agent, () => settings().freeMinimumMiB);
    guardStore.changed.connect(() => this.agent.prepare());
  }

  get isDisposed(): boolean {
    return this.agent.isDisposed;
  }

  dispose(): void {
    this.model.dispose();
    this.agent.dispose();
    Signal.clearData(this.guardStore);
  }

  readonly agent: KernelAgent;
  readonly model: RetainedModel;
}

/** Watches the notebooks and consoles that are open. */
export class Tracker {
  /**
   * @param sources - Where widgets are found.
   * @param settings - Tells the settings as they are now.
   */
  constructor(sources: Tracker.ISources, settings: () => ISettings) {
    const { notebooks, consoles, front } = sources;
    this._front = front;
    this._settings = settings;
    notebooks?.forEach(panel => this._add(panel, panel));
    notebooks?.widgetAdded.connect((_, panel) => this._add(panel, panel));
    consoles?.forEach(panel => this._add(panel, null));
    consoles?.widgetAdded.connect((_, panel) => this._add(panel, null));
    notebooks?.currentChanged.connect((_, panel) => this._toFront(panel));
    consoles?.currentChanged.connect((_, panel) => this._toFront(panel));
    // When a notebook comes back in front of a console, its tracker emits
    // nothing: the notebook has been the tracker's current one all the time.
    front.currentChanged?.connect(() => this._toFront(front.currentWidget));
    this._toFront(notebooks?.currentWidget ?? consoles?.currentWidget ?? null);
    this._toFront(front.currentWidget);
  }

  get current(): IWatched | null {
    return this._current;
  }

  get currentChanged(): ISignal<this, IWatched | null> {
    return this._currentChanged;
  }

  get watched(): Iterable<IWatched> {
    return this._watched.values();
  }

  get added(): ISignal<this, IWatched> {
    return this._added;
  }

  find(widget: Widget): IWatched | null {
    return this._watched.get(widget) ?? null;
  }

  /** The settings have changed: load the code that their guard needs. */
  applySettings(): void {
    for (const { agent } of this._watched.values()) {
      agent.prepare();
    }
  }

  private _add(widget: Watchable, notebook: NotebookPanel | null): void {
    if (this._watched.has(widget) || widget.isDisposed) {
      return;
    }
    const watched = new Watched(
      widget,
      notebook === null ? 'console' : 'notebook',
      notebook === null ? new ConsoleGuard() : new NotebookGuard(notebook),
      this._settings
    );
    this._watched.set(widget, watched);
    // The notebook's metadata, and so its guard, are loaded before its kernel
    // starts.
    void notebook?.context.ready.then(() => watched.agent.prepare());
    widget.disposed.connect(() => this._remove(widget, watched));
    this._added.emit(watched);
    if (this._front.currentWidget === widget) {
      this._toFront(widget);
    }
  }

  private _remove(widget: Watchable, watched: Watched): void {
    this._watched.delete(widget);
    if (this._current === watched) {
      this._setCurrent(null);
    }
    watched.dispose();
  }

  /** A widget that is not watched leaves the current document as it is. */
  private _toFront(widget: Widget | null): void {
    const watched = widget === null ? null : this.find(widget);
    if (watched !== null) {
      this._setCurrent(watched);
    }
  }

  private _setCurrent(watched: IWatched | null): void {
    if (watched !== this._current) {
      this._current = watched;
      this._currentChanged.emit(watched);
    }
  }

  private _front: IFront;
  private _settings: () => ISettings;
  private _current: IWatched | null = null;
  private _watched = new Map<Widget, Watched>();
  private _added = new Signal<this, IWatched>(this);
  private _currentChanged = new Signal<this, IWatched | null>(this);
}
