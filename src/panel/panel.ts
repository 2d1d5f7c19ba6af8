/**
 * The sidebar panel. JupyterLab's start gets its frame alone; its content
 * comes when a person first looks at it.
 */

import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { SidePanel } from '@jupyterlab/ui-components';
import { Token } from '@lumino/coreutils';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { MessageLoop, type Message } from '@lumino/messaging';
import { Signal, type ISignal } from '@lumino/signaling';
import { type AccordionPanel, Widget } from '@lumino/widgets';
import { Chunk } from '../chunk';
import type { IMemguard } from '../tokens';
import { PANEL_ID } from '../ui/commandIds';
import { guardIcon } from '../ui/icons';
import type { PanelBody } from './body';
import type { TableModel } from './results/tableModel';
import { Section } from './section';
import { readViewState, type IViewState } from './viewState';

/** The panel, for those who have something to show in it. */
export interface IMemguardPanel {
  /** The panel's id, to bring it to the front. */
  readonly id: string;
  /** Whether a person can see the panel. */
  readonly isVisible: boolean;
  /**
   * Add a section. Its head has the widget's title. Below the results it begins
   * folded, unless a person unfolded it before.
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

const BODY = new Chunk(() => import('./body'));

const RESULTS_RANK = 100;
const VARIABLES_RANK = 200;

/** What of the panel is kept over a reload. */
interface IPanelState extends IViewState {
  /** The heads of the folded sections. */
  readonly folded: readonly string[];
  /** The shares of the sections that a person gave a size, by their heads. */
  readonly sizes: Readonly<Record<string, number>>;
}

/** The panel: the answer on top, and sections that can be folded. */
export class MemguardPanel extends SidePanel implements IMemguardPanel {
  /**
   * @param memguard - What is in front.
   * @param options - The way to a row's cell, what a choice of the guard's
   * mode does, and the words.
   */
  constructor(memguard: IMemguard, options: MemguardPanel.IOptions) {
    super({ translator: options.translator });
    this._memguard = memguard;
    this._options = options;
    const trans = options.translator.load('jupyter_memguard');
    this._words = trans;
    this.id = PANEL_ID;
    this.addClass('jp-Memguard');
    this.title.icon = guardIcon;
    this.title.caption = trans.__('Memory of the kernel');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', this.title.caption);
    this._results = new Section(
      trans.__('Kept results'),
      'jp-Memguard-results'
    );
    this.addSection(this._results, RESULTS_RANK);
    this._variables = new Section(
      trans.__('Largest variables'),
      'jp-Memguard-variablesSection'
    );
    // It scrolls, and may have nothing that takes the focus.
    this._variables.node.tabIndex = 0;
    this.addSection(this._variables, VARIABLES_RANK);
    this._accordion.expansionToggled.connect(this._emitState, this);
    this._accordion.handleMoved.connect(this._onResized, this);
    document.addEventListener('visibilitychange', this._onSeen);
    // What stands above the sections grows and shrinks without Lumino's
    // knowing: the sections' heights are worked out anew.
    if (typeof ResizeObserver !== 'undefined') {
      this._resize = new ResizeObserver(() => {
        MessageLoop.postMessage(this.content, Widget.ResizeMessage.UnknownSize);
      });
      this._resize.observe(this.content.node);
    }
  }

  addSection(widget: Widget, rank: number): IDisposable {
    const index = this._ranks.filter(other => other <= rank).length;
    this._ranks.splice(index, 0, rank);
    this.insertWidget(index, widget);
    this._foldAsKept(index);
    this._resizeSections();
    return new DisposableDelegate(() => {
      const at = this.widgets.indexOf(widget);
      if (at >= 0) {
        this._ranks.splice(at, 1);
        widget.parent = null;
      }
    });
  }

  /** What is kept over a reload: order, filter, folded sections, sizes. */
  get state(): IPanelState {
    const labels = this.widgets.map(widget => widget.title.label);
    return {
      ...(this._body?.state ?? readViewState(this._kept)),
      folded: [
        ...this.widgets
          .filter(widget => widget.isHidden)
          .map(widget => widget.title.label),
        // A section that is not there yet is as it was.
        ...(this._foldedBefore ?? []).filter(label => !labels.includes(label))
      ],
      sizes: this._sizes
    };
  }

  /** A person changed something of the state. */
  get stateChanged(): ISignal<this, void> {
    return this._stateChanged;
  }

  /**
   * Take a state that was kept, as far as it is valid. What is folded, and how
   * large a section is, also holds for those that are added later.
   *
   * @param kept - What the state database has.
   */
  restore(kept: unknown): void {
    this._kept = kept;
    this._body?.restore(kept);
    this._foldedBefore = readFolded(kept);
    this._sizes = readSizes(kept);
    this.widgets.forEach((_, index) => this._foldAsKept(index));
    this._resizeSections();
  }

  /**
   * Load the content, unless that is done or under way. A person who looks at
   * the panel does it; where it fails, the next look tries again.
   */
  async load(): Promise<void> {
    this._takeFailure();
    const body = await BODY.load().catch(() => null);
    if (this.isDisposed || this._body !== null) {
      return;
    }
    if (body === null) {
      this._tellFailure();
    } else {
      this._fill(body.PanelBody);
    }
  }

  /** The key of the row that has the focus, if one has. */
  get focusedRow(): string | null {
    const { activeElement } = document;
    const row = this.node.contains(activeElement)
      ? activeElement?.closest<HTMLElement>('[data-key]')
      : null;
    return row?.dataset.key ?? null;
  }

  /** The table of results; null until the content is loaded. */
  get table(): TableModel | null {
    return this._body?.table ?? null;
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    document.removeEventListener('visibilitychange', this._onSeen);
    this._resize?.disconnect();
    this._body?.dispose();
    super.dispose();
  }

  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this._onSeen();
  }

  protected onBeforeDetach(msg: Message): void {
    this._setSeen(false);
    super.onBeforeDetach(msg);
  }

  protected onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this._onSeen();
  }

  protected onAfterHide(msg: Message): void {
    super.onAfterHide(msg);
    this._onSeen();
  }

  private get _accordion(): AccordionPanel {
    return this.content as AccordionPanel;
  }

  private _onSeen = (): void => {
    this._setSeen(this.isVisible && document.visibilityState !== 'hidden');
  };

  private _setSeen(isSeen: boolean): void {
    if (this._body !== null) {
      this._body.isSeen = isSeen;
    } else if (isSeen) {
      void this.load();
    }
  }

  private _fill(Body: typeof PanelBody): void {
    const body = new Body(this._memguard, {
      host: this.node,
      goTo: this._options.goTo,
      chooseMode: this._options.chooseMode,
      offerCode: this._options.offerCode,
      trans: this._words
    });
    body.restore(this._kept);
    body.stateChanged.connect(this._emitState, this);
    this._body = body;
    this.header.addWidget(body.header);
    this._results.fill(body.results);
    this._variables.fill(body.variables);
    this._onSeen();
  }

  private _takeFailure(): void {
    this._failure?.dispose();
    this._failure = null;
  }

  private _tellFailure(): void {
    this._takeFailure();
    const node = document.createElement('p');
    node.setAttribute('role', 'alert');
    node.textContent = this._words.__(
      'The panel could not be loaded. Close and open it to try again.'
    );
    this._failure = new Widget({ node });
    this.header.addWidget(this._failure);
  }

  /** Fold a section or unfold it: as a person left it, else as it begins. */
  private _foldAsKept(index: number): void {
    const isFolded =
      this._foldedBefore?.includes(this.widgets[index].title.label) ??
      this._ranks[index] > RESULTS_RANK;
    if (isFolded) {
      this._accordion.collapse(index);
    } else {
      this._accordion.expand(index);
    }
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

  private readonly _memguard: IMemguard;
  private readonly _options: MemguardPanel.IOptions;
  private readonly _words: TranslationBundle;
  private readonly _results: Section;
  private readonly _variables: Section;
  private _stateChanged = new Signal<this, void>(this);
  private _body: PanelBody | null = null;
  private _failure: Widget | null = null;
  private _kept: unknown = null;
  private _ranks: number[] = [];
  private _foldedBefore: readonly string[] | null = null;
  private _sizes: Readonly<Record<string, number>> = {};
  private _resize: ResizeObserver | null = null;
}

/** A namespace for the options. */
export namespace MemguardPanel {
  /** What the panel needs. */
  export interface IOptions extends Pick<
    PanelBody.IOptions,
    'goTo' | 'chooseMode' | 'offerCode'
  > {
    readonly translator: ITranslator;
  }
}

/** The folded sections; null if a person has never folded one. */
function readFolded(kept: unknown): readonly string[] | null {
  const { folded } = Object(kept) as { folded?: unknown };
  return Array.isArray(folded)
    ? folded.filter((label): label is string => typeof label === 'string')
    : null;
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
