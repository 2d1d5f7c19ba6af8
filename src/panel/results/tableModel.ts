/**
 * The state of the table of results, and what can be done in it. Buttons,
 * keys, menus and commands all call this model.
 */

import { canRelease } from '../../model/activity';
import type { IPart, IRow } from '../../wire/protocol';
import type { IWatched } from '../../tokens';
import type { CellFate } from '../../ui/cellLink';
import type { IViewState } from '../viewState';
import { RowFocus } from './rowFocus';
import { RowList } from './rowList';

/** Goes to the cell of a row, and tells what became of the cell. */
export type GoTo = (watched: IWatched, row: IRow) => Promise<CellFate>;

/** What a person can do with a row from a menu or with a key. */
export type RowAction = 'release' | 'release-selected' | 'visit' | 'assign';

const NOTHING: ReadonlySet<string> = new Set();

/** A set with one key added or taken out; by default, the other way round. */
function toggled(
  set: ReadonlySet<string>,
  key: string,
  isIn = !set.has(key)
): ReadonlySet<string> {
  const next = new Set(set);
  if (isIn) {
    next.add(key);
  } else {
    next.delete(key);
  }
  return next;
}

/** Selection, open rows, focus and figures of one document's results. */
export class TableModel {
  /**
   * @param watched - The document whose results these are.
   * @param options - What the table depends on.
   */
  constructor(
    readonly watched: IWatched,
    options: TableModel.IOptions
  ) {
    this._options = options;
    this.list = new RowList(watched);
    this.focus = new RowFocus(() => this.list.rows);
    this.update();
  }

  /** The rows, in their order. */
  readonly list: RowList;

  /** The row with the focus. */
  readonly focus: RowFocus;

  /** Whether the list of keys is shown. */
  get areKeysShown(): boolean {
    return this._areKeysShown;
  }

  /** The selected rows among those that are shown. */
  get selected(): readonly IRow[] {
    return this._selected;
  }

  /** The keys of `selected`; the same array until they are others. */
  get selectedKeys(): readonly string[] {
    return this._selectedKeys;
  }

  /** Whether a release can be asked for now. */
  get canRelease(): boolean {
    return canRelease(this.watched.model);
  }

  isSelected(key: string): boolean {
    return this._chosen.has(key);
  }

  isExpanded(key: string): boolean {
    return this._expanded.has(key);
  }

  /** Whether the form that binds a row to a variable is open. */
  isAssigning(key: string): boolean {
    return this._assigning.has(key);
  }

  /** What was found on the way to a row's cell; null if nobody went there. */
  fateOf(key: string): CellFate | null {
    return this._fates.get(key) ?? null;
  }

  /** The rows that a row shares memory with, as far as they are loaded. */
  partnersOf(row: IRow): readonly IRow[] {
    return row.shared_with.flatMap(key => this.list.byKey.get(key) ?? []);
  }

  /** What rows free together, if the kernel has told it. */
  jointSize(keys: readonly string[]): IPart | null {
    return this.watched.model.jointSize(keys);
  }

  /** Take what the model and the person's order and filter are now. */
  update(): void {
    const { report } = this.watched.model;
    if (report === null) {
      // Another kernel may use the same keys for other results.
      this._chosen = this._expanded = this._assigning = NOTHING;
      this._fates.clear();
    }
    if (this.list.update(report, this._options.viewState())) {
      this._updateSelected();
      this.focus.update();
    }
  }

  /** Show or hide the list of keys. */
  toggleKeys(): void {
    this._areKeysShown = !this._areKeysShown;
    this._options.changed();
  }

  /** Load the rest of the rows for another order. */
  loadAll(): void {
    this.list.loadAll();
    this._options.changed();
  }

  /** Show or hide a row's details; by default, the other way round. */
  expand(key: string, isOpen?: boolean): void {
    this._expanded = toggled(this._expanded, key, isOpen);
    this._options.changed();
  }

  /** Open or close the form that binds a row to a variable. */
  assign(key: string, isOpen: boolean): void {
    if (isOpen !== this.isAssigning(key)) {
      this._assigning = toggled(this._assigning, key, isOpen);
      this._options.changed();
    }
  }

  /** Select a row, or no longer. */
  toggleSelected(key: string): void {
    this._choose(toggled(this._chosen, key));
  }

  /** Select all rows that are shown. */
  selectAll(): void {
    this._choose(new Set(this.list.rows.map(({ key }) => key)));
  }

  /**
   * Select none.
   *
   * @returns whether a row was selected.
   */
  clearSelection(): boolean {
    const { byKey } = this.list;
    const had = [...this._chosen].some(key => byKey.has(key));
    this._choose(NOTHING);
    return had;
  }

  /** A row has got the focus. */
  takeFocus(key: string): void {
    if (this.focus.take(key)) {
      this._options.changed();
    }
  }

  /** Move the focus to the row of an index, or to the nearest there is. */
  moveFocus(index: number): void {
    this.focus.move(index);
    this._options.changed();
  }

  /** Whether an action is possible now. */
  can(action: RowAction, key: string): boolean {
    const row = this.list.byKey.get(key);
    if (row === undefined) {
      return false;
    }
    switch (action) {
      case 'release':
      case 'release-selected':
        return this.canRelease;
      case 'visit':
        return row.cell_id !== null;
      case 'assign':
        return !this.watched.agent.cellRunning;
    }
  }

  /**
   * Do something with a row.
   *
   * @param action - What to do; `release-selected` is about the row only if
   * no row is selected.
   * @param key - The row.
   */
  run(action: RowAction, key: string): void {
    if (!this.list.byKey.has(key)) {
      return;
    }
    switch (action) {
      case 'release':
        this._release([key]);
        break;
      case 'release-selected':
        this._release(
          this._selectedKeys.length > 0 ? this._selectedKeys : [key]
        );
        break;
      case 'visit':
        void this._visit(key);
        break;
      case 'assign':
        this.expand(key, true);
        this.assign(key, true);
    }
  }

  /** Release the selected rows. */
  releaseSelected(): void {
    this._release(this._selectedKeys);
  }

  private _release(keys: readonly string[]): void {
    if (this.canRelease && keys.length > 0) {
      void this.watched.model.release({ kind: 'keys', keys: [...keys] });
    }
  }

  private async _visit(key: string): Promise<void> {
    const row = this.list.byKey.get(key);
    if (row === undefined) {
      return;
    }
    const fate = await this._options
      .goTo(this.watched, row)
      .catch(() => 'unknown' as const);
    this._fates.set(key, fate);
    if (fate !== 'same') {
      // What became of the cell is said among the details.
      this._expanded = toggled(this._expanded, key, true);
    }
    this._options.changed();
  }

  private _choose(keys: ReadonlySet<string>): void {
    this._chosen = keys;
    this._updateSelected();
    this._options.changed();
  }

  private _updateSelected(): void {
    this._selected = this.list.rows.filter(row => this._chosen.has(row.key));
    this._selectedKeys = this._selected.map(row => row.key);
  }

  private _options: TableModel.IOptions;
  private _areKeysShown = false;
  /** Also rows that do not pass the filter, or are gone. */
  private _chosen = NOTHING;
  private _expanded = NOTHING;
  private _assigning = NOTHING;
  private _fates = new Map<string, CellFate>();
  private _selected: readonly IRow[] = [];
  private _selectedKeys: readonly string[] = [];
}

/** A namespace for what a table depends on. */
export namespace TableModel {
  /** What a table depends on. */
  export interface IOptions {
    readonly goTo: GoTo;
    /** The person's order and filter. */
    readonly viewState: () => IViewState;
    /** Is called when something in the table has changed. */
    readonly changed: () => void;
  }
}
