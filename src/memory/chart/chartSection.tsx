/** The panel's section with what each run of a cell did to the memory. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import * as React from 'react';
import type { IMemguard, IWatched } from '../../tokens';
import type { CellFate } from '../../ui/cellLink';
import { ObservingSection } from '../observingSection';
import { Chart } from './chart';
import type { IRun } from './openRuns';
import type { RunRecorder } from './runs';
import '../../../style/chart.css';

/** Shows a run's cell. The result tells what became of the cell. */
export type GoToRun = (watched: IWatched, run: IRun) => Promise<CellFate>;

/** The chart of the document in front. */
export class ChartSection extends ObservingSection {
  /**
   * @param memguard - Tells which document is in front.
   * @param options - The runs of documents, what shows a cell, and the words.
   */
  constructor(memguard: IMemguard, options: ChartSection.IOptions) {
    super();
    this._memguard = memguard;
    this._options = options;
    memguard.currentChanged.connect(this._follow, this);
    this._follow();
  }

  protected render(): JSX.Element {
    const { trans, goTo } = this._options;
    const watched = this._watched;
    const bars = this._recorder?.measured ?? [];
    if (watched === null || bars.length === 0) {
      return <p className="jp-Memguard-hint">{this._whyNone()}</p>;
    }
    return (
      <>
        <Chart
          bars={bars}
          open={run => goTo(watched, run)}
          growthOf={run => watched.model.growthOf(run.id)}
          trans={trans}
        />
        {this._recorder?.isRemote && (
          <p className="jp-Memguard-hint">{this._whyTogether()}</p>
        )}
      </>
    );
  }

  /** Let the recorder take samples between the runs while a person looks. */
  protected observe(): IDisposable | null {
    return this._recorder?.observe() ?? null;
  }

  private _whyNone(): string {
    const { trans } = this._options;
    if (this._recorder?.isRemote) {
      return this._whyTogether();
    }
    return this._recorder?.unmeasured
      ? trans.__(
          'What a cell did is not known: the server cannot sample this kernel.'
        )
      : trans.__('Run a cell to see what it does to the memory.');
  }

  private _whyTogether(): string {
    const { trans } = this._options;
    return trans.__(
      'This kernel is elsewhere and tells its memory every 10 s at most: runs in between are shown together.'
    );
  }

  private _follow(): void {
    this._recorder?.changed.disconnect(this.update, this);
    this._watched?.model.changed.disconnect(this.update, this);
    this._watched = this._memguard.current;
    this._watched?.model.changed.connect(this.update, this);
    this._recorder = this._watched && this._options.recorderOf(this._watched);
    this._recorder?.changed.connect(this.update, this);
    this.observeAnew();
    this.update();
  }

  private readonly _memguard: IMemguard;
  private readonly _options: ChartSection.IOptions;
  private _watched: IWatched | null = null;
  private _recorder: RunRecorder | null = null;
}

/** A namespace for the options. */
export namespace ChartSection {
  /** What the section needs. */
  export interface IOptions {
    /** The runs of a document. */
    readonly recorderOf: (watched: IWatched) => RunRecorder | null;
    readonly goTo: GoToRun;
    readonly trans: TranslationBundle;
  }
}
