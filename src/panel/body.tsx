/** What the sidebar panel shows: loaded when a person first looks at it. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { DisposableSet, type IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';
import * as React from 'react';
import type { IMemguard, IRetainedModel } from '../tokens';
import type { OfferCode } from './codeOffer';
import { FocusKeeper } from './focusKeeper';
import { panelState } from './panelState';
import { Results } from './results/results';
import type { GoTo, TableModel } from './results/tableModel';
import type { ChooseMode } from './summary/guardLine';
import { Summary } from './summary/summary';
import { Variables } from './variables/variables';
import { ViewModel } from './viewModel';
import { readViewState, type IViewState } from './viewState';
import '../../style/content.css';

/**
 * The panel's own content: the answer, the results and the variables. It asks
 * the kernel in front only while a person can see it.
 */
export class PanelBody implements IDisposable {
  /**
   * @param memguard - What is in front.
   * @param options - Where the content stands, the way to a row's cell, what
   * a choice of the guard's mode does, what puts code into a cell, and the
   * words.
   */
  constructor(memguard: IMemguard, options: PanelBody.IOptions) {
    this._host = options.host;
    this._view = new ViewModel(memguard, options.trans, options.goTo);
    this._view.isSeen = false;
    this.header = summary(this._view, options);
    this.results = <Results view={this._view} />;
    this.variables = (
      <Variables view={this._view} offerCode={options.offerCode} />
    );
    this._focusKeeper = new FocusKeeper(
      this._host,
      () =>
        this._find('.jp-Memguard-row[tabindex="0"]') ??
        this._find('.jp-Memguard-free')
    );
    this._view.changed.connect(this._onChanged, this);
    this._onChanged();
  }

  /** What stands above the sections. */
  readonly header: Widget;

  /** The section of the retained results. */
  readonly results: React.JSX.Element;

  /** The section of the largest variables. */
  readonly variables: React.JSX.Element;

  /** The order and the filter, for the next time. */
  get state(): IViewState {
    return this._view.state;
  }

  /** A person has changed the order or the filter. */
  get stateChanged(): ISignal<ViewModel, IViewState> {
    return this._view.stateChanged;
  }

  /**
   * Take an order and a filter that were kept, as far as they are valid.
   *
   * @param kept - What the state database has.
   */
  restore(kept: unknown): void {
    this._view.state = readViewState(kept);
  }

  /** Whether a person can see the panel. */
  get isSeen(): boolean {
    return this._view.isSeen;
  }

  set isSeen(isSeen: boolean) {
    this._view.isSeen = isSeen;
    this._observe();
  }

  /** The results of the document in front, as a table. */
  get table(): TableModel | null {
    return this._view.table;
  }

  get isDisposed(): boolean {
    return this._view.isDisposed;
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._focusKeeper.dispose();
    this._stopObserving();
    this._view.dispose();
    Signal.clearData(this);
  }

  private _find(selector: string): HTMLElement | null {
    return this._host.querySelector<HTMLElement>(selector);
  }

  private _onChanged(): void {
    this._host.dataset.state = panelState(this._view).kind;
    this._observe();
  }

  /** Observe the model in front while the panel can be seen, else none. */
  private _observe(): void {
    const model = this.isSeen ? (this._view.watched?.model ?? null) : null;
    if (model === this._observed) {
      return;
    }
    this._stopObserving();
    this._observed = model;
    if (model !== null) {
      this._observation = new DisposableSet();
      // In this order the first reading has both.
      this._observation.add(model.observeOverview());
      this._observation.add(model.observe());
    }
  }

  private _stopObserving(): void {
    this._observation?.dispose();
    this._observation = null;
    this._observed = null;
  }

  private readonly _host: HTMLElement;
  private readonly _view: ViewModel;
  private readonly _focusKeeper: FocusKeeper;
  private _observed: IRetainedModel | null = null;
  private _observation: DisposableSet | null = null;
}

/** A namespace for the options. */
export namespace PanelBody {
  /** What the content needs. */
  export interface IOptions {
    /** The panel's element, which says in which state the panel is. */
    readonly host: HTMLElement;
    readonly goTo: GoTo;
    readonly chooseMode: ChooseMode;
    readonly offerCode: OfferCode;
    readonly trans: TranslationBundle;
  }
}

function summary(
  view: ViewModel,
  { chooseMode, offerCode }: PanelBody.IOptions
): Widget {
  return ReactWidget.create(
    <Summary view={view} chooseMode={chooseMode} offerCode={offerCode} />
  );
}
