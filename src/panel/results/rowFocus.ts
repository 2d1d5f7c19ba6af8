/** Which row of the table has the focus, or would get it from Tab. */

/** A line of the table, as far as the focus goes by it. */
interface ILine {
  readonly key: string;
}

/** Follows one row while rows come, go and change their order. */
export class RowFocus {
  /**
   * @param rows - The rows as they are now.
   */
  constructor(rows: () => readonly ILine[]) {
    this._rows = rows;
  }

  /** The place of the row; -1 without rows. */
  get index(): number {
    return Math.min(this._index, this._rows().length - 1);
  }

  /** The key of the row; null without rows. */
  get key(): string | null {
    return this._rows()[this.index]?.key ?? null;
  }

  /** Whether the focus is to move to the row once the row is drawn. */
  get isMoving(): boolean {
    return this._isMoving;
  }

  /**
   * A row has got the focus.
   *
   * @returns whether it is another one than before.
   */
  take(key: string): boolean {
    const isOther = key !== this._wanted;
    this._wanted = key;
    this.update();
    return isOther;
  }

  /** Choose the row of an index, or the nearest there is. */
  move(index: number): void {
    const rows = this._rows();
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
    if (row !== undefined) {
      this.take(row.key);
      this._isMoving = true;
    }
  }

  /** The focus has moved to the row. */
  moved(): void {
    this._isMoving = false;
  }

  /** The rows are others: if the row is gone, take the one in its place. */
  update(): void {
    const found = this._rows().findIndex(({ key }) => key === this._wanted);
    this._index = found >= 0 ? found : Math.max(0, this.index);
  }

  private _rows: () => readonly ILine[];
  private _wanted: string | null = null;
  private _index = 0;
  private _isMoving = false;
}
