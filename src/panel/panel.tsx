import type { ITranslator } from '@jupyterlab/translation';
import { ReactWidget, SidePanel } from '@jupyterlab/ui-components';
import { Token } from '@lumino/coreutils';
import {
  DisposableDelegate,
  DisposableSet,
  type IDisposable
} from '@lumino/disposable';
import { MessageLoop, type Message } from '@lumino/messaging';
import { Signal, type ISignal } from '@lumino/signaling';
import { type AccordionPanel, Widget } from '@lumino/widgets';
import * as React from 'react';
import { PANEL_ID } from '../ui/commands';
import type { IMemguard, IRetainedModel } from '../tokens';
import { guardIcon } from '../ui/icons';
import { FocusKeeper } from './focusKeeper';
import type { ChooseMode } from './summary/guardLine';
import { panelState } from './states';
import { canRelease, Summary } from './summary/summary';
import { Results, type GoTo } from './results/table';
import { Variables } from './variables/variables';
import {
  readViewState,
  ViewModel,
  type IRowAsk,
  type IViewState
} from './viewModel';

/** The panel, for those who have something to show in it. */
export interface IMemguardPanel {
  /** The panel's id, to bring it to the front. */
  readonly id: string;
  /** Whether a person can see the panel. */
  readonly isVisible: boolean;
  /**
   * Whether the process of the kernel in front has ended. One that ends at its
   * start answers nothing, and JupyterLab tries for long to connect to it.
   */
  hasEnded: boolean;
  /**
   * Add a section. Its head has the widget's title.
   *
   * @param widget - What the section shows.
   * @param rank - Its place: the results have 100, the variables 200.
   * @returns what takes the section out again, without disposing the widget.
   */
  addSection(widget: Widget, rank: number): IDisposable;
}

/** The panel's token. */
export const IMemguardPanel = new Token<IMemguardPanel>(
  'jupyter-memguard:IMemguardPanel',
  'The panel that shows what a kernel retains.'
);

const RESULTS_RANK = 100;

/** What of the panel is kept over a reload. */
export interface IPanelState extends IViewState {
  /** The heads of the folded sections. */
  readonly folded: readonly string[];
  /** The shares of the sections that a person gave a size, by their heads. */
  readonly sizes: Readonly<Record<string, number>>;
}

/**
 * The sidebar panel: the answer on top, and sections that can be folded. It
 * asks the kernel in front only while a person can see it.
 */
export class MemguardPanel extends SidePanel implements IMemguardPanel {
  /**
   * @param memguard - What is in front.
   * @param options - The way to a row's cell, what a choice of the guard's
   * mode does, and the words.
   */
  constructor(
    memguard: IMemguard,
    options: { goTo: GoTo; chooseMode: ChooseMode; translator: ITranslator }
  ) {
    super({ translator: options.translator });
    const trans = options.translator.load('jupyter_memguard');
    const view = new ViewModel(memguard, trans);
    this._view = view;
    this.id = PANEL_ID;
    this.addClass('jp-Memguard');
    this.title.icon = guardIcon;
    this.title.caption = trans.__('Memory of the kernel');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Memory of the kernel'));

    const summary = ReactWidget.create(
      <Summary view={view} chooseMode={options.chooseMode} />
    );
    summary.addClass('jp-Memguard-header');
    this.header.addWidget(summary);

    const results = ReactWidget.create(
      <Results view={view} goTo={options.goTo} />
    );
    results.addClass('jp-Memguard-results');
    results.title.label = trans.__('Retained results');
    this.addSection(results, RESULTS_RANK);

    const variables = ReactWidget.create(<Variables view={view} />);
    variables.addClass('jp-Memguard-variablesSection');
    // It scrolls, and nothing in it takes the focus.
    variables.node.tabIndex = 0;
    variables.title.label = trans.__('Largest variables');
    this.addSection(variables, 200);

    view.changed.connect(this._onChanged, this);
    view.stateChanged.connect(this._emitState, this);
    this._accordion.expansionToggled.connect(this._emitState, this);
    this._accordion.handleMoved.connect(this._onResized, this);
    this._focusKeeper = new FocusKeeper(
      this.node,
      () =>
        this.node.querySelector<HTMLElement>(
          '.jp-Memguard-row[tabindex="0"]'
        ) ?? this.node.querySelector<HTMLElement>('.jp-Memguard-free')
    );
    document.addEventListener('visibilitychange', this._observe);
    // What stands above the sections grows and shrinks without Lumino's
    // knowing: the sections' heights are worked out anew.
    if (typeof ResizeObserver !== 'undefined') {
      this._resize = new ResizeObserver(() => {
        MessageLoop.postMessage(this.content, Widget.ResizeMessage.UnknownSize);
      });
      this._resize.observe(this.content.node);
    }
    this._onChanged();
  }

  addSection(widget: Widget, rank: number): IDisposable {
    const index = this._ranks.filter(other => other <= rank).length;
    this._ranks.splice(index, 0, rank);
    this.insertWidget(index, widget);
    if (this._foldedBefore.includes(widget.title.label)) {
      this._accordion.collapse(index);
    }
    this._resizeSections();
    return new DisposableDelegate(() => {
      const at = this.widgets.indexOf(widget);
      if (at >= 0) {
        this._ranks.splice(at, 1);
        widget.parent = null;
      }
    });
  }

  /** What is kept over a reload: order, filter, folded sections. */
  get state(): IPanelState {
    return {
      ...this._view.state,
      folded: this.widgets
        .filter(widget => widget.isHidden)
        .map(widget => widget.title.label),
      sizes: this._sizes
    };
  }

  /** A person changed something of the state. */
  get stateChanged(): ISignal<this, void> {
    return this._stateChanged;
  }

  /**
   * Take a state that was kept, as far as it is one. What is folded, and how
   * large a section is, also holds for those that are added later.
   */
  restore(kept: unknown): void {
    this._view.state = readViewState(kept);
    this._foldedBefore = readFolded(kept);
    this._sizes = readSizes(kept);
    this.widgets.forEach((widget, index) => {
      if (this._foldedBefore.includes(widget.title.label)) {
        this._accordion.collapse(index);
      }
    });
    this._resizeSections();
  }

  get hasEnded(): boolean {
    return this._view.hasEnded;
  }

  set hasEnded(hasEnded: boolean) {
    this._view.hasEnded = hasEnded;
  }

  /** The key of the row that has the focus, if one has. */
  get focusedRow(): string | null {
    const { activeElement } = document;
    const row = this.node.contains(activeElement)
      ? activeElement?.closest<HTMLElement>('[data-key]')
      : null;
    return row?.dataset.key ?? null;
  }

  /** Whether something can be asked of a row now. */
  canAsk({ what, key }: IRowAsk): boolean {
    const { watched } = this._view;
    const row = watched?.model.report?.results.find(each => each.key === key);
    if (!watched || row === undefined) {
      return false;
    }
    switch (what) {
      case 'release':
      case 'release-selected':
        return canRelease(watched.model);
      case 'visit':
        return row.cell_id !== null;
      case 'assign':
        return !watched.agent.cellRunning;
    }
  }

  /** Ask something of a row, as its own buttons do. */
  ask(ask: IRowAsk): void {
    // A menu takes the focus away; what happens to the row happens from here.
    this.node
      .querySelector<HTMLElement>(`[data-key="${CSS.escape(ask.key)}"]`)
      ?.focus();
    this._view.ask(ask);
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    document.removeEventListener('visibilitychange', this._observe);
    this._resize?.disconnect();
    this._focusKeeper.dispose();
    this._observation?.dispose();
    this._observation = null;
    this._view.dispose();
    super.dispose();
  }

  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this._observe();
  }

  protected onBeforeDetach(msg: Message): void {
    this._stopObserving();
    super.onBeforeDetach(msg);
  }

  protected onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this._observe();
  }

  protected onAfterHide(msg: Message): void {
    super.onAfterHide(msg);
    this._observe();
  }

  private get _accordion(): AccordionPanel {
    return this.content as AccordionPanel;
  }

  private _onChanged(): void {
    this.node.dataset.state = panelState(this._view).kind;
    this._observe();
  }

  /** Observe the model in front while the panel can be seen, else none. */
  private _observe = (): void => {
    const seen = this.isVisible && document.visibilityState !== 'hidden';
    this._view.isSeen = seen;
    const model = seen ? (this._view.watched?.model ?? null) : null;
    if (model !== this._observed) {
      this._stopObserving();
      this._observed = model;
      if (model !== null) {
        this._observation = new DisposableSet();
        // In this order the first reading has both.
        this._observation.add(model.observeOverview());
        this._observation.add(model.observe());
      }
    }
  };

  private _stopObserving(): void {
    this._observation?.dispose();
    this._observation = null;
    this._observed = null;
  }

  /** Give the sections the sizes that were kept, and the usual to others. */
  private _resizeSections(): void {
    const count = this._ranks.length;
    this._accordion.setRelativeSizes(
      this.widgets.map(
        ({ title }, index) =>
          this._sizes[title.label] ??
          // The results are what the panel is for: they get half of the room.
          (this._ranks[index] === RESULTS_RANK ? count : 1) / (2 * count - 1)
      )
    );
  }

  private _onResized(): void {
    const shares = this._accordion.relativeSizes();
    this._sizes = Object.fromEntries(
      this.widgets
        .map((widget, index) => ({ widget, share: shares[index] }))
        .filter(({ widget }) => !widget.isHidden)
        .map(({ widget, share }) => [widget.title.label, share])
    );
    this._emitState();
  }

  private _emitState(): void {
    this._stateChanged.emit();
  }

  private readonly _view: ViewModel;
  private _stateChanged = new Signal<this, void>(this);
  private _ranks: number[] = [];
  private _foldedBefore: readonly string[] = [];
  private _sizes: Readonly<Record<string, number>> = {};
  private _focusKeeper: FocusKeeper;
  private _observed: IRetainedModel | null = null;
  private _observation: DisposableSet | null = null;
  private _resize: ResizeObserver | null = null;
}

function readFolded(kept: unknown): readonly string[] {
  const { folded } = Object(kept) as { folded?: unknown };
  return Array.isArray(folded)
    ? folded.filter((label): label is string => typeof label === 'string')
    : [];
}

function readSizes(kept: unknown): Readonly<Record<string, number>> {
  const { sizes } = Object(kept) as { sizes?: unknown };
  return Object.fromEntries(
    Object.entries(Object(sizes) as Record<string, unknown>).filter(
      (entry): entry is [string, number] =>
        typeof entry[1] === 'number' && entry[1] > 0 && entry[1] <= 1
    )
  );
}
