/** The lines of the table in the person's order, and those still to come. */

import { entriesOf, type IEntry } from '../../model/entries';
import type { IReport, IRow } from '../../wire/protocol';
import type { IWatched } from '../../tokens';
import { cellPlaces } from '../../ui/cellPlaces';
import { DEFAULT_VIEW_STATE, type IViewState } from '../viewState';
import { DEFAULT_SORT, filterEntries, sortEntries } from './rows';
import { foldSmall, isSmall, SMALL_KEY } from './smallResults';

/** A line of the table: a result, or the head of several. */
export interface ILine {
  readonly key: string;
  /** Null for the head of several. */
  readonly row: IRow | null;
  /** What the line belongs to. */
  readonly entry: IEntry;
}

/** More rows are loaded when fewer than this are left below those in view. */
const MARGIN = 100;

const NO_ROWS: readonly IRow[] = [];

/** Sorts and filters what the report has, and loads more of it. */
export class RowList {
  /**
   * @param watched - The document whose results these are.
   * @param isOpen - Whether the members of a group are shown.
   */
  constructor(watched: IWatched, isOpen: (group: IEntry) => boolean) {
    this._watched = watched;
    this._isOpen = isOpen;
  }

  /** What passes the filter, in its order, but for members out of sight. */
  get lines(): readonly ILine[] {
    return this._lines;
  }

  /** What passes the filter, in its order. */
  get entries(): readonly IEntry[] {
    return this._entries;
  }

  /** How many of the loaded results pass the filter. */
  get matching(): number {
    return this._entries.reduce((sum, { rows }) => sum + rows.length, 0);
  }

  /** All rows that are loaded, shown or not. */
  get byKey(): ReadonlyMap<string, IRow> {
    return this._byKey;
  }

  /** How many lines there will be when all rows are loaded. */
  get count(): number {
    return this._lines.length + this._toCome;
  }

  /** The groups, whether they pass the filter or not. */
  get groups(): readonly IEntry[] {
    return this._groups;
  }

  /** How many small results there are in an entry of theirs. */
  smallCount({ keys }: IEntry): number {
    return keys.length + (this._areSmallToCome ? this._unloaded : 0);
  }

  /** How many results there are in the kernel. */
  get total(): number {
    return this._report?.count ?? 0;
  }

  /** Whether all rows are loaded. */
  get hasAll(): boolean {
    return this._byKey.size >= this.total;
  }

  /** Whether the rows are in the kernel's own order, without a filter. */
  get isUsual(): boolean {
    const { sort, filter } = this._state;
    return (
      sort.column === DEFAULT_SORT.column &&
      sort.descending === DEFAULT_SORT.descending &&
      filter.text.trim() === '' &&
      filter.minBytes === 0
    );
  }

  /** Whether the person wants all rows loaded for another order. */
  get loadsAll(): boolean {
    return this._loadsAll;
  }

  /**
   * Take another report, order or filter.
   *
   * @returns whether the rows are others now.
   */
  update(report: IReport | null, state: IViewState): boolean {
    if (report === this._report && state === this._state) {
      return false;
    }
    const results = report?.results ?? NO_ROWS;
    if (results !== this._report?.results) {
      this._byKey = new Map(results.map(row => [row.key, row]));
    }
    this._report = report;
    this._state = state;
    const entries = report === null ? [] : entriesOf(report);
    this._groups = entries.filter(({ group }) => group !== null);
    const sorted = sortEntries(
      filterEntries(entries, state.filter),
      state.sort,
      cellPlaces(this._watched)
    );
    const lastKey = results[results.length - 1]?.key;
    const last = entries.find(({ key }) => key === lastKey);
    // In its own order the kernel has the small results at the end.
    this._areSmallToCome =
      this.isUsual && !this.hasAll && last !== undefined && isSmall(last);
    // Whoever looks for a word wants to see each result that has it.
    this._entries =
      report !== null && state.filter.text.trim() === ''
        ? foldSmall(sorted, report, this._areSmallToCome)
        : sorted;
    this._entryOf = new Map(
      [...entries, ...this._entries].flatMap(entry =>
        [entry, ...entry.rows].map(({ key }) => [key, entry] as const)
      )
    );
    this.layOut();
    if (this.isUsual || this.hasAll) {
      this._loadsAll = false;
    }
    return true;
  }

  /** Make the lines anew: a group was opened or closed. */
  layOut(): void {
    this._lines = this._entries.flatMap(entry => this._linesOf(entry));
  }

  /** The entry whose key this is, or which has the row of the key. */
  entryOf(key: string): IEntry | null {
    return this._entryOf.get(key) ?? null;
  }

  /**
   * Load all rows. For each part of them the kernel looks at all results: for
   * another order, or a filter, that is done only if the person wants it.
   */
  loadAll(): void {
    this._loadsAll = true;
  }

  /**
   * Load the next rows if they are needed and the kernel has time.
   *
   * @param last - The index of the last row in view.
   */
  loadMore(last: number): void {
    const { model, agent } = this._watched;
    const report = this._report;
    const isNeeded =
      this._loadsAll ||
      (this._toCome > 0 && last > this._lines.length - MARGIN);
    if (
      !isNeeded ||
      this.hasAll ||
      report === this._stuck ||
      model.activity.kind !== 'idle' ||
      model.failure !== null ||
      agent.cellRunning
    ) {
      return;
    }
    const before = this._byKey.size;
    void model.loadMore().then(() => {
      if (model.report !== null && model.report.results.length <= before) {
        // Nothing more came: the next refresh may bring more.
        this._stuck = model.report;
      }
    });
  }

  /**
   * How many lines are still to come in the kernel's own order: members that
   * are not loaded have none while their group is closed.
   */
  private get _toCome(): number {
    if (!this.isUsual) {
      return 0;
    }
    const small = this.entryOf(SMALL_KEY);
    if (small !== null && this._areSmallToCome && !this._isOpen(small)) {
      return 0;
    }
    const outOfSight = this._groups
      .filter(group => !this._isOpen(group))
      .reduce((sum, { keys, rows }) => sum + keys.length - rows.length, 0);
    return Math.max(0, this._unloaded - outOfSight);
  }

  private get _unloaded(): number {
    return this.total - this._byKey.size;
  }

  private _linesOf(entry: IEntry): readonly ILine[] {
    const { key, group, rows } = entry;
    const ofRows = rows.map(row => ({ key: row.key, row, entry }));
    if (group === null) {
      return ofRows;
    }
    const head = { key, row: null, entry };
    return this._isOpen(entry) ? [head, ...ofRows] : [head];
  }

  private _watched: IWatched;
  private _isOpen: (group: IEntry) => boolean;
  private _report: IReport | null = null;
  private _state: IViewState = DEFAULT_VIEW_STATE;
  private _entries: readonly IEntry[] = [];
  private _groups: readonly IEntry[] = [];
  private _lines: readonly ILine[] = [];
  /** Also those that do not pass the filter. */
  private _entryOf: ReadonlyMap<string, IEntry> = new Map();
  private _byKey: ReadonlyMap<string, IRow> = new Map();
  private _areSmallToCome = false;
  private _loadsAll = false;
  private _stuck: IReport | null = null;
}
