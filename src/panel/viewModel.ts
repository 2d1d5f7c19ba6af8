/** What the parts of the panel look at. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import type { IMemguard, IWatched } from '../tokens';
import { TableModel, type GoTo } from './results/tableModel';
import { DEFAULT_VIEW_STATE, type IViewState } from './viewState';

/** After this time a kernel that does not answer is said to be busy. */
const SLOW_MS = 2000;

/**
 * The document in front, whether a person can see the panel, and how the
 * person wants to see the results.
 */
export class ViewModel implements IDisposable {
  /**
   * @param memguard - Knows the document in front.
   * @param trans - The words.
   * @param goTo - Goes to the cell of a result.
   */
  constructor(
    readonly memguard: IMemguard,
    readonly trans: TranslationBundle,
    goTo: GoTo
  ) {
    this._goTo = goTo;
    memguard.currentChanged.connect(this._follow, this);
    memguard.settingsChanged.connect(this._onChange, this);
    this._follow();
  }

  /** Something that the panel shows may have changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /**
   * Something that only the table shows may have changed. It does not come in
   * addition to `changed`.
   */
  get tableChanged(): ISignal<this, void> {
    return this._tableChanged;
  }

  /** The person chose another order or filter. */
  get stateChanged(): ISignal<this, IViewState> {
    return this._stateChanged;
  }

  /** The document in front. */
  get watched(): IWatched | null {
    return this._watched;
  }

  /** The results of the document in front, as a table. */
  get table(): TableModel | null {
    return this._table;
  }

  /**
   * Whether the kernel has not answered for longer than a free kernel needs. A
   * page that is opened while a cell runs learns of the cell only by this.
   */
  get isSlow(): boolean {
    return this._isSlow;
  }

  /** Whether a person can see the panel. If not, the kernel is not asked. */
  get isSeen(): boolean {
    return this._isSeen;
  }

  set isSeen(isSeen: boolean) {
    if (isSeen !== this._isSeen) {
      this._isSeen = isSeen;
      this._onChange();
    }
  }

  /** The order and the filter. */
  get state(): IViewState {
    return this._state;
  }

  set state(state: IViewState) {
    this._state = state;
    this._stateChanged.emit(state);
    this._onChange();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    clearTimeout(this._timer);
    // This also disconnects the slots of this object.
    Signal.clearData(this);
  }

  private _follow(): void {
    const watched = this.memguard.current;
    if (watched !== this._watched) {
      this._listen('disconnect');
      this._watched = watched;
      this._table =
        watched &&
        new TableModel(watched, {
          goTo: this._goTo,
          viewState: () => this._state,
          remembered: this._remembered,
          changed: () => this._tableChanged.emit()
        });
      this._listen('connect');
    }
    this._timeAnswer();
  }

  private _listen(what: 'connect' | 'disconnect'): void {
    if (this._watched !== null) {
      const { agent, model } = this._watched;
      model.changed[what](this._onChange, this);
      agent.stateChanged[what](this._timeAnswer, this);
      agent.cellRunningChanged[what](this._onChange, this);
      agent.guardChanged[what](this._onChange, this);
    }
  }

  private _onChange(): void {
    this._table?.update();
    this._changed.emit();
  }

  /** Notice when the kernel takes longer than usual to answer. */
  private _timeAnswer(): void {
    clearTimeout(this._timer);
    this._isSlow = false;
    if (this._watched?.agent.state.kind === 'installing') {
      this._timer = setTimeout(() => {
        this._isSlow = true;
        this._onChange();
      }, SLOW_MS);
    }
    this._onChange();
  }

  private _goTo: GoTo;
  private readonly _remembered = { areSmallOpen: false };
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _isSlow = false;
  private _isSeen = true;
  private _watched: IWatched | null = null;
  private _table: TableModel | null = null;
  private _state: IViewState = DEFAULT_VIEW_STATE;
  private _changed = new Signal<this, void>(this);
  private _tableChanged = new Signal<this, void>(this);
  private _stateChanged = new Signal<this, IViewState>(this);
  private _isDisposed = false;
}
