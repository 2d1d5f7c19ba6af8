/** The rows of a report in the person's order, and those that are still to come. */

import type { IReport, IRow } from '../../wire/protocol';
import type { IWatched } from '../../tokens';
import { DEFAULT_VIEW_STATE, type IViewState } from '../viewState';
import { DEFAULT_SORT, filterRows, sortRows } from './rows';

/** More rows are loaded when fewer than this are left below those in view. */
const MARGIN = 100;

const NO_ROWS: readonly IRow[] = [];

/** Sorts and filters what the report has, and loads more of it. */
export class RowList {
  /**
   * @param watched - The document whose results these are.
   */
  constructor(watched: IWatched) {
    this._watched = watched;
  }

  /** The rows that pass the filter, in their order. */
  get rows(): readonly IRow[] {
    return this._rows;
  }

  /** All rows that are loaded, shown or not. */
  get byKey(): ReadonlyMap<string, IRow> {
    return this._byKey;
  }

  /** How many rows there will be when all are loaded. */
  get count(): number {
    return this.isUsual ? (this._report?.count ?? 0) : this._rows.length;
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
    this._rows = sortRows(filterRows(results, state.filter), state.sort);
    if (this.isUsual || this.hasAll) {
      this._loadsAll = false;
    }
    return true;
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
      this._loadsAll || (this.isUsual && last > this._rows.length - MARGIN);
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

  private _watched: IWatched;
  private _report: IReport | null = null;
  private _state: IViewState = DEFAULT_VIEW_STATE;
  private _rows: readonly IRow[] = NO_ROWS;
  private _byKey: ReadonlyMap<string, IRow> = new Map();
  private _loadsAll = false;
  private _stuck: IReport | null = null;
}
