import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import type { IMemguard, IWatched } from '../tokens';
import {
  DEFAULT_SORT,
  NO_FILTER,
  type Column,
  type IFilter,
  type ISort
} from './results/rows';

/** What of the panel is kept over a reload. */
export interface IViewState {
  readonly sort: ISort;
  readonly filter: IFilter;
}

/** What a menu or a command asks of a row in the table. */
export interface IRowAsk {
  /** `release-selected` is about the row only where none is selected. */
  readonly what: 'release' | 'release-selected' | 'visit' | 'assign';
  readonly key: string;
}

/** From when on a kernel that does not answer is said to be busy. */
const SLOW_MS = 2000;

/**
 * What the panel's parts look at: what is in front, what of it can have
 * changed, and how a person wants to see it.
 */
export class ViewModel implements IDisposable {
  /**
   * @param memguard - What is in front.
   * @param trans - The words.
   */
  constructor(
    readonly memguard: IMemguard,
    readonly trans: TranslationBundle
  ) {
    memguard.currentChanged.connect(this._follow, this);
    memguard.settingsChanged.connect(this._emit, this);
    this._follow();
  }

  /** Something that is shown may be another. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The person chose another order or filter. */
  get stateChanged(): ISignal<this, IViewState> {
    return this._stateChanged;
  }

  get watched(): IWatched | null {
    return this._watched;
  }

  /**
   * Whether the kernel has been asked for longer than a free kernel needs: a
   * page opened in the middle of a cell learns of the cell by this only.
   */
  get isSlow(): boolean {
    return this._isSlow;
  }

  /** Whether a person can see it: nothing is asked of the kernel if not. */
  get isSeen(): boolean {
    return this._isSeen;
  }

  set isSeen(isSeen: boolean) {
    if (isSeen !== this._isSeen) {
      this._isSeen = isSeen;
      this._changed.emit();
    }
  }

  /** Something is asked of a row. */
  get asked(): ISignal<this, IRowAsk> {
    return this._asked;
  }

  /** Ask something of a row in the table. */
  ask(ask: IRowAsk): void {
    this._asked.emit(ask);
  }

  get state(): IViewState {
    return this._state;
  }

  set state(state: IViewState) {
    this._state = state;
    this._stateChanged.emit(state);
    this._changed.emit();
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
    // Also takes the listeners off what is looked at.
    Signal.clearData(this);
  }

  private _follow(): void {
    const watched = this.memguard.current;
    if (watched !== this._watched) {
      this._listen('disconnect');
      this._watched = watched;
      this._listen('connect');
    }
    this._time();
  }

  private _listen(what: 'connect' | 'disconnect'): void {
    if (this._watched !== null) {
      const { agent, model } = this._watched;
      model.changed[what](this._emit, this);
      agent.stateChanged[what](this._time, this);
      agent.cellRunningChanged[what](this._emit, this);
      agent.guardChanged[what](this._emit, this);
    }
  }

  private _emit(): void {
    this._changed.emit();
  }

  /** Tell when the kernel takes longer than usual to be looked into. */
  private _time(): void {
    clearTimeout(this._timer);
    this._isSlow = false;
    if (this._watched?.agent.state.kind === 'installing') {
      this._timer = setTimeout(() => {
        this._isSlow = true;
        this._changed.emit();
      }, SLOW_MS);
    }
    this._changed.emit();
  }

  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _isSlow = false;
  private _isSeen = true;
  private _watched: IWatched | null = null;
  private _state: IViewState = { sort: DEFAULT_SORT, filter: NO_FILTER };
  private _changed = new Signal<this, void>(this);
  private _stateChanged = new Signal<this, IViewState>(this);
  private _asked = new Signal<this, IRowAsk>(this);
  private _isDisposed = false;
}

const COLUMNS: readonly Column[] = ['result', 'type', 'frees', 'cell', 'age'];

/**
 * A state that was kept, as far as it is one.
 *
 * @param value - What the state database has.
 * @returns the state, with the usual in the place of what is not valid.
 */
export function readViewState(value: unknown): IViewState {
  const { sort, filter } = asRecord(value);
  const { column, descending } = asRecord(sort);
  const { text, minBytes } = asRecord(filter);
  const known = COLUMNS.find(name => name === column);
  return {
    sort:
      known !== undefined && typeof descending === 'boolean'
        ? { column: known, descending }
        : DEFAULT_SORT,
    filter:
      typeof text === 'string' && typeof minBytes === 'number'
        ? { text, minBytes }
        : NO_FILTER
  };
}

function asRecord(value: unknown): Record<string, unknown> {
  return Object(value) as Record<string, unknown>;
}
