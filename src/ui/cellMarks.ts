/** Marks at cells whose results are retained and large, or were not kept. */

import { CodeCell } from '@jupyterlab/cells';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';
import { Signal } from '@lumino/signaling';
import {
  figureOf,
  holdsByCell,
  isShared,
  keysOf,
  type ICellHold
} from './cellHolds';
import { cellsOf } from './cellLink';
import type { CellNumbers } from './cellNumbers';
import { canRelease } from '../model/activity';
import { MIB } from '../model/settings';
import { frees, likelyBytes } from '../model/figures';
import { figureText } from './format';
import { guardIcon, guardOnIcon } from './icons';
import type {
  IFigure,
  IMemguard,
  IRetainedModel,
  IWatched,
  IWithheld
} from '../tokens';
import { openMenu, type IMenuItem } from './menu';
import '../../style/marks.css';

const NOTHING: IRetainedModel['pushed'] = new Map();

/**
 * Marks the output prompts of cells whose results are retained and large, and
 * of those whose large results the guard did not keep. The kernel is not
 * asked: the bytes come with the end of a cell, or from the panel while a
 * person looks at it.
 */
export class CellMarks implements IDisposable {
  /**
   * @param watched - The notebook or console.
   * @param numbers - Knows which cell made a result.
   * @param options - The settings, the words, and what shows the panel.
   */
  constructor(
    watched: IWatched,
    numbers: CellNumbers,
    options: CellMarks.IOptions
  ) {
    this._watched = watched;
    this._numbers = numbers;
    this._options = options;
    const { agent, model, widget } = watched;
    agent.stateChanged.connect(this._later, this);
    model.changed.connect(this._later, this);
    options.memguard.settingsChanged.connect(this._later, this);
    widget.disposed.connect(this.dispose, this);
    this._later();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._update.dispose();
    Signal.clearData(this);
  }

  private _later(): void {
    if (!this._isDisposed) {
      void this._update.invoke().catch(() => undefined);
    }
  }

  private _draw(): void {
    const { agent, model, widget } = this._watched;
    this._numbers.take(model.report);
    const cells = cellsOf(widget).filter(
      (cell): cell is CodeCell => cell instanceof CodeCell
    );
    const holds = holdsByCell(
      agent.state.kind === 'ready' ? model.pushed : NOTHING,
      this._numbers.cellIds,
      new Map(cells.map(cell => [cell.model.id, cell.model.executionCount]))
    );
    const least = this._options.memguard.settings.markThresholdMiB * MIB;
    for (const cell of cells) {
      const hold = holds.get(cell.model.id);
      const figure = hold && figureOf(hold);
      const withheld = this._withheldOf(cell);
      if (hold && figure && frees(figure) && likelyBytes(figure) >= least) {
        this._mark(cell, this._retainedMark(hold, figure));
      } else if (withheld !== null) {
        this._mark(cell, this._withheldMark(withheld));
      } else {
        markOf(cell)?.remove();
      }
    }
  }

  /** What the guard did not keep of the result that a cell shows now. */
  private _withheldOf(cell: CodeCell): IWithheld | null {
    const { agent, model } = this._watched;
    const number = cell.model.executionCount;
    if (agent.state.kind !== 'ready' || number === null) {
      return null;
    }
    return model.withheld.get(number) ?? null;
  }

  private _retainedMark(hold: ICellHold, figure: IFigure): IMark {
    const { trans } = this._options;
    const much = figureText(figure, trans);
    return {
      kind: 'retained',
      text: isShared(hold)
        ? trans.__(
            '%1 kept by this result and those that share memory with it',
            much
          )
        : trans.__('%1 kept by this result', much),
      bytes: likelyBytes(figure),
      numbers: hold.numbers,
      items: () => this._retainedItems(hold, figure)
    };
  }

  private _withheldMark(withheld: IWithheld): IMark {
    const { trans } = this._options;
    const { number, type, bytes } = withheld;
    const what = trans.__(
      'Out[%1] was not kept: %2, %3.',
      number,
      type,
      figureText(withheld, trans)
    );
    const how = trans.__('To keep such a result, assign it to a variable.');
    return {
      kind: 'withheld',
      text: `${what} ${how}`,
      bytes,
      numbers: [number],
      items: () => [inert(what), inert(how), ...this._panelItems()]
    };
  }

  private _mark(cell: CodeCell, told: IMark): void {
    if (cell.isPlaceholder()) {
      if (!this._awaited.has(cell)) {
        this._awaited.add(cell);
        // A cell that is closed before it is drawn gets no mark.
        cell.ready.then(
          () => this._later(),
          () => undefined
        );
      }
      return;
    }
    if (!this._followed.has(cell)) {
      this._followed.add(cell);
      // Outputs lose their mark when they are drawn anew.
      cell.outputArea.outputLengthChanged.connect(this._later, this);
    }
    const prompt = cell.node.querySelector(
      '.jp-OutputArea-executeResult .jp-OutputPrompt'
    );
    const old = markOf(cell);
    const isSame = old?.dataset.kind === told.kind;
    if (prompt === null || !isSame) {
      old?.remove();
    }
    if (prompt === null) {
      return;
    }
    const mark = old !== null && isSame ? old : newMark(told.kind);
    mark.dataset.bytes = `${told.bytes}`;
    mark.dataset.numbers = told.numbers.join(',');
    mark.title = told.text;
    mark.setAttribute('aria-label', told.text);
    mark.onclick = event => {
      event.stopPropagation();
      openMenu(mark, told.items());
    };
    if (mark.parentElement !== prompt) {
      prompt.prepend(mark);
    }
  }

  private _retainedItems(hold: ICellHold, figure: IFigure): IMenuItem[] {
    const { trans } = this._options;
    const { model } = this._watched;
    const names = hold.numbers.map(number => `Out[${number}]`).join(', ');
    return [
      inert(trans.__('%1: %2 kept', names, figureText(figure, trans))),
      {
        label: isShared(hold)
          ? trans.__('Free with those that share memory')
          : trans.__('Free'),
        isEnabled: canRelease(model),
        run: () => void model.release({ kind: 'keys', keys: keysOf(hold) })
      },
      ...this._panelItems()
    ];
  }

  private _panelItems(): IMenuItem[] {
    const { trans, showPanel } = this._options;
    return showPanel === null
      ? []
      : [
          {
            label: trans.__('Show in the panel'),
            isEnabled: true,
            run: showPanel
          }
        ];
  }

  private readonly _watched: IWatched;
  private readonly _numbers: CellNumbers;
  private readonly _options: CellMarks.IOptions;
  private _awaited = new WeakSet<CodeCell>();
  private _followed = new WeakSet<CodeCell>();
  private _isDisposed = false;
  private _update = new Debouncer<void>(() => this._draw(), 50);
}

/** The namespace for `CellMarks`. */
export namespace CellMarks {
  /** What marks need. */
  export interface IOptions {
    readonly memguard: IMemguard;
    readonly trans: TranslationBundle;
    /** Null where there is no panel. */
    readonly showPanel: (() => void) | null;
  }
}

/** What a mark says. */
interface IMark {
  readonly kind: 'retained' | 'withheld';
  readonly text: string;
  readonly bytes: number;
  readonly numbers: readonly number[];
  readonly items: () => IMenuItem[];
}

/** A line of a menu that only says something. */
function inert(label: string): IMenuItem {
  return { label, isEnabled: false, run: () => undefined };
}

function newMark(kind: IMark['kind']): HTMLButtonElement {
  const mark = document.createElement('button');
  mark.className = 'jp-Memguard-mark';
  mark.dataset.kind = kind;
  mark.setAttribute('aria-haspopup', 'menu');
  const icon = kind === 'retained' ? guardIcon : guardOnIcon;
  icon.element({ container: mark });
  // For the notebook, the keys that press a button mean something else.
  mark.addEventListener('keydown', event => {
    if (event.key === 'Enter' || event.key === ' ') {
      event.stopPropagation();
    }
  });
  mark.addEventListener('mousedown', event => event.stopPropagation());
  return mark;
}

function markOf(cell: CodeCell): HTMLButtonElement | null {
  return cell.node.querySelector<HTMLButtonElement>('.jp-Memguard-mark');
}
