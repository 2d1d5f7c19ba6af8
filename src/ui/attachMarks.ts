/** Brings marks to a document when its first result could get one. */

import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import { Chunk } from '../chunk';
import type { IWatched } from '../tokens';
import { attachToEach } from './attach';
import type { CellMarks } from './cellMarks';
import { CellNumbers } from './cellNumbers';

const MARKS = new Chunk(
  () => import(/* webpackChunkName: "marks" */ './cellMarks')
);

/**
 * Mark the cells of every document.
 *
 * @param options - The documents, the words, and what shows the panel.
 */
export function attachMarks(options: CellMarks.IOptions): IDisposable {
  return attachToEach(
    options.memguard,
    watched => new LateMarks(watched, options)
  );
}

/** A document's marks, which are loaded when a result's size is known. */
class LateMarks implements IDisposable {
  constructor(watched: IWatched, options: CellMarks.IOptions) {
    this._watched = watched;
    this._options = options;
    this._numbers = new CellNumbers(watched);
    watched.model.changed.connect(this._look, this);
    this._look();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
    this._numbers.dispose();
    this._marks?.dispose();
  }

  private _look(): void {
    const { pushed, withheld } = this._watched.model;
    if (pushed.size > 0 || withheld.size > 0) {
      // After a failure, the next change tries again.
      MARKS.load().then(
        marks => this._mark(marks),
        () => undefined
      );
    }
  }

  private _mark({ CellMarks }: typeof import('./cellMarks')): void {
    if (!this._isDisposed && this._marks === null) {
      this._watched.model.changed.disconnect(this._look, this);
      this._marks = new CellMarks(this._watched, this._numbers, this._options);
    }
  }

  private readonly _watched: IWatched;
  private readonly _options: CellMarks.IOptions;
  private readonly _numbers: CellNumbers;
  private _marks: CellMarks | null = null;
  private _isDisposed = false;
}
