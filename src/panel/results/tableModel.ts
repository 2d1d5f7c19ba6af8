/**
 * The state of the table of results, and what can be done in it. Buttons,
 * keys, menus and commands all call this model.
 */

import { canRelease } from '../../model/activity';
import { sumOf, type IEntry } from '../../model/entries';
import { freedBy } from '../../model/figures';
import type { IRow } from '../../wire/protocol';
import type { IFigure, IWatched } from '../../tokens';
import type { CellFate } from '../../ui/cellLink';
import type { IViewState } from '../viewState';
import { RowFocus } from './rowFocus';
import { RowList } from './rowList';
import { SMALL_KEY } from './smallResults';

/** Goes to the cell of a row, and tells what became of the cell. */
export type GoTo = (watched: IWatched, row: IRow) => Promise<CellFate>;

/** What a person can do with a row from a menu or with a key. */
export type RowAction = 'release' | 'release-selected' | 'visit' | 'assign';

const NOTHING: ReadonlySet<string> = new Set();

/** The members of a larger group are shown when a person opens it. */
const MOST_OPEN = 10;

/** Whether all keys are in a set, or only some. */
export type Share = 'all' | 'some' | 'none';

/** A set with keys added or taken out. */
function having(
  set: ReadonlySet<string>,
  keys: readonly string[],
  isIn: boolean
): ReadonlySet<string> {
  const next = new Set(set);
  for (const key of keys) {
    if (isIn) {
      next.add(key);
    } else {
      next.delete(key);
    }
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
    this.list = new RowList(watched, group => this._isOpen(group));
    this.focus = new RowFocus(() => this.list.lines);
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

  /**
   * The keys of the results that are selected and pass the filter; the same
   * array until they are others.
   */
  get selectedKeys(): readonly string[] {
    return this._selectedKeys;
  }

  /**
   * What the selected results free: what the kernel has told of them, else the
   * sum of what is known, which is too little for a part of a group.
   */
  get selectedFigure(): IFigure {
    const keys = this._selectedKeys;
    const known = keys.length > 1 ? this.watched.model.jointSize(keys) : null;
    return known ?? sumOf(this.list.entries.flatMap(this._selectedIn));
  }

  /** Whether a release can be asked for now. */
  get canRelease(): boolean {
    return canRelease(this.watched.model);
  }

  isSelected(key: string): boolean {
    return this._chosen.has(key);
  }

  /** How much of an entry is selected. */
  selectedOf({ keys }: IEntry): Share {
    const count = keys.filter(key => this._chosen.has(key)).length;
    return count === 0 ? 'none' : count === keys.length ? 'all' : 'some';
  }

  /** Whether a row's details, or a group's members, are shown. */
  isExpanded(key: string): boolean {
    const group = this._groupAt(key);
    return group === null ? this._details.has(key) : this._isOpen(group);
  }

  /** Whether the form that binds a row to a variable is open. */
  isAssigning(key: string): boolean {
    return this._assigning.has(key);
  }

  /** What was found on the way to a row's cell; null if nobody went there. */
  fateOf(key: string): CellFate | null {
    return this._fates.get(key) ?? null;
  }

  /** The group that a row shares memory with; null if it is in none. */
  groupOf({ key }: IRow): IEntry | null {
    const entry = this.list.entryOf(key);
    return entry?.group && entry.key !== SMALL_KEY ? entry : null;
  }

  /** Take what the model and the person's order and filter are now. */
  update(): void {
    const { report } = this.watched.model;
    if (report === null) {
      // Another kernel may use the same keys for other results.
      this._chosen = this._details = this._assigning = NOTHING;
      this._open.clear();
      this._fates.clear();
    }
    if (this.list.update(report, this._options.viewState())) {
      this.list.groups.forEach(group =>
        this._setOpen(group, this._isOpen(group))
      );
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

  /**
   * Show or hide a row's details, or a group's members; by default, the other
   * way round.
   */
  expand(key: string, isOpen = !this.isExpanded(key)): void {
    this._turn(key, isOpen);
    this._options.changed();
  }

  /** Hide what a line shows; where it shows nothing, go to its group. */
  close(key: string): void {
    const group = this.list.entryOf(key);
    if (this.isExpanded(key) || !group?.group || group.key === key) {
      this.expand(key, false);
    } else {
      this.moveFocus(this.list.lines.findIndex(line => line.key === group.key));
    }
  }

  /** Open or close the form that binds a row to a variable. */
  assign(key: string, isOpen: boolean): void {
    if (isOpen !== this.isAssigning(key)) {
      this._assigning = having(this._assigning, [key], isOpen);
      this._options.changed();
    }
  }

  /** Select a row or a whole group, or no longer. */
  toggleSelected(key: string): void {
    const group = this._groupAt(key);
    const isAll =
      group === null ? this._chosen.has(key) : this.selectedOf(group) === 'all';
    this._choose(having(this._chosen, group?.keys ?? [key], !isAll));
  }

  /** Select all that passes the filter. */
  selectAll(): void {
    this._choose(new Set(this.list.entries.flatMap(({ keys }) => keys)));
  }

  /**
   * Select none.
   *
   * @returns whether a row was selected.
   */
  clearSelection(): boolean {
    const had = [...this._chosen].some(key => this.list.entryOf(key) !== null);
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

  /** Whether an action is possible now with a row, or a group. */
  can(action: RowAction, key: string): boolean {
    const row = this.list.byKey.get(key);
    switch (action) {
      case 'release':
      case 'release-selected':
        return this.canRelease && this.list.entryOf(key) !== null;
      case 'visit':
        return (row?.cell_id ?? null) !== null;
      case 'assign':
        return row !== undefined && !this.watched.agent.cellRunning;
    }
  }

  /**
   * Do something with a row, or release all results of a group.
   *
   * @param action - What to do; `release-selected` is about the row only if
   * no row is selected.
   * @param key - The row, or the group.
   */
  run(action: RowAction, key: string): void {
    const entry = this.list.entryOf(key);
    if (entry === null) {
      return;
    }
    const keys = entry.key === key ? entry.keys : [key];
    switch (action) {
      case 'release':
        this._release(keys);
        break;
      case 'release-selected':
        this._release(
          this._selectedKeys.length > 0 ? this._selectedKeys : keys
        );
        break;
      case 'visit':
        void this._visit(key);
        break;
      case 'assign':
        if (this.list.byKey.has(key)) {
          this.expand(key, true);
          this.assign(key, true);
        }
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
      this._turn(key, true);
    }
    this._options.changed();
  }

  private _choose(keys: ReadonlySet<string>): void {
    this._chosen = keys;
    this._updateSelected();
    this._options.changed();
  }

  private _updateSelected(): void {
    this._selectedKeys = this.list.entries
      .flatMap(({ keys }) => keys)
      .filter(key => this._chosen.has(key));
  }

  /** What is known of the selected results of an entry. */
  private _selectedIn = (entry: IEntry): readonly IFigure[] => {
    const rows = entry.rows.filter(({ key }) => this._chosen.has(key));
    switch (this.selectedOf(entry)) {
      case 'all':
        return [entry.figure];
      case 'some':
        return [sumOf(rows.map(freedBy))].map(sum =>
          // What the selected ones share is in the figure of none.
          rows.length > 1 ? { ...sum, exact: false } : sum
        );
      case 'none':
        return [];
    }
  };

  /** Show or hide what a line has. */
  private _turn(key: string, isOpen: boolean): void {
    if (isOpen === this.isExpanded(key)) {
      return;
    }
    const group = this._groupAt(key);
    if (group === null) {
      this._details = having(this._details, [key], isOpen);
    } else {
      this._setOpen(group, isOpen);
      this.list.layOut();
      this.focus.update();
    }
  }

  /** The group whose head has a key; null if it is a result's. */
  private _groupAt(key: string): IEntry | null {
    const entry = this.list.entryOf(key);
    return entry?.group && entry.key === key ? entry : null;
  }

  /** Whether a group's members are shown. */
  private _isOpen({ key, keys }: IEntry): boolean {
    if (key === SMALL_KEY) {
      return this._options.remembered.areSmallOpen;
    }
    const known = keys.filter(key => this._open.has(key));
    const open = known.filter(key => this._open.get(key));
    // Of groups that have become one, the larger counts.
    return known.length === 0
      ? keys.length <= MOST_OPEN
      : open.length > known.length / 2;
  }

  private _setOpen({ key, keys }: IEntry, isOpen: boolean): void {
    if (key === SMALL_KEY) {
      this._options.remembered.areSmallOpen = isOpen;
      return;
    }
    keys.forEach(key => this._open.set(key, isOpen));
  }

  private _options: TableModel.IOptions;
  private _areKeysShown = false;
  /** Also rows that do not pass the filter, or are gone. */
  private _chosen = NOTHING;
  /** The rows whose details are shown. */
  private _details = NOTHING;
  /**
   * Whether the group is open that each result is in, or was in last: groups
   * come and go, and have other members and other keys then.
   */
  private readonly _open = new Map<string, boolean>();
  private _assigning = NOTHING;
  private _fates = new Map<string, CellFate>();
  private _selectedKeys: readonly string[] = [];
}

/** A namespace for what a table depends on. */
export namespace TableModel {
  /** What the tables of all documents have in common. */
  export interface IRemembered {
    /** Whether the small results are shown one by one. */
    areSmallOpen: boolean;
  }

  /** What a table depends on. */
  export interface IOptions {
    readonly goTo: GoTo;
    /** The person's order and filter. */
    readonly viewState: () => IViewState;
    /** What the panel remembers for all documents, as long as it lives. */
    readonly remembered: IRemembered;
    /** Is called when something in the table has changed. */
    readonly changed: () => void;
  }
}
