import { CodeCell } from '@jupyterlab/cells';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';
import { Signal } from '@lumino/signaling';
import { cellsOf } from './cellLink';
import { canRelease } from '../model/activity';
import { MIB } from '../model/settings';
import { formatBytes } from './format';
import { guardIcon } from './icons';
import type { KernelEvent } from '../wire/protocol';
import type {
  AgentState,
  IKernelAgent,
  IMemguard,
  IRetainedModel,
  IWatched
} from '../tokens';
import { openMenu } from './menu';

const NOTHING: IRetainedModel['pushed'] = new Map();

/** What is retained of the results of one cell. */
export interface ICellHold {
  /** By key, so that a result of several numbers counts once. */
  readonly bytes: ReadonlyMap<string, number>;
  readonly numbers: readonly number[];
}

/**
 * What is retained of each cell's results.
 *
 * @param pushed - Bytes by the number of the result.
 * @param cellIds - The ids of the cells that ran, by number; a number that is
 * not in it belongs to the cell that shows it, if only one does.
 * @param shown - The number that each cell shows, by the cell's id.
 * @returns by the cell's id.
 */
export function holdsByCell(
  pushed: ReadonlyMap<number, { key: string; bytes: number }>,
  cellIds: ReadonlyMap<number, string>,
  shown: ReadonlyMap<string, number | null>
): ReadonlyMap<string, ICellHold> {
  const byNumber = new Map<number, string | null>();
  for (const [id, number] of shown) {
    if (number !== null) {
      byNumber.set(number, byNumber.has(number) ? null : id);
    }
  }
  const holds = new Map<
    string,
    { bytes: Map<string, number>; numbers: number[] }
  >();
  for (const [number, { key, bytes }] of pushed) {
    const id = cellIds.get(number) ?? byNumber.get(number) ?? null;
    if (id === null) {
      continue;
    }
    const hold = holds.get(id) ?? {
      bytes: new Map<string, number>(),
      numbers: new Array<number>()
    };
    hold.bytes.set(key, bytes);
    hold.numbers.push(number);
    holds.set(id, hold);
  }
  return holds;
}

/**
 * Marks at the output prompts of cells whose results are retained and large.
 * Nothing is asked of the kernel for them: the bytes come with the end of a
 * cell or from the panel while it is looked at.
 */
export class CellMarks implements IDisposable {
  /**
   * @param watched - The notebook or console; not owned.
   * @param options - The settings, the words, and what shows the panel.
   */
  constructor(
    private readonly watched: IWatched,
    private readonly options: CellMarks.IOptions
  ) {
    const { agent, model, widget } = watched;
    agent.event.connect(this._onEvent, this);
    agent.stateChanged.connect(this._onState, this);
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

  private _onEvent(_: IKernelAgent, event: KernelEvent): void {
    if (event.event === 'cell_end' && event.data.cell_id !== null) {
      for (const { number } of event.data.results) {
        this._cellIds.set(number, event.data.cell_id);
      }
    }
  }

  private _onState(_: IKernelAgent, state: AgentState): void {
    const { kind } = state;
    if (kind === 'restarting' || kind === 'dead' || kind === 'no-kernel') {
      // Another kernel counts from 1 again.
      this._cellIds.clear();
    }
    this._later();
  }

  private _later(): void {
    if (!this._isDisposed) {
      void this._update.invoke().catch(() => undefined);
    }
  }

  private _draw(): void {
    const { agent, model, widget } = this.watched;
    for (const row of model.report?.results ?? []) {
      if (row.cell_id !== null && row.execution !== null) {
        this._cellIds.set(row.execution, row.cell_id);
      }
    }
    const cells = cellsOf(widget).filter(
      (cell): cell is CodeCell => cell instanceof CodeCell
    );
    const holds = holdsByCell(
      agent.state.kind === 'ready' ? model.pushed : NOTHING,
      this._cellIds,
      new Map(cells.map(cell => [cell.model.id, cell.model.executionCount]))
    );
    const least = this.options.memguard.settings.markThresholdMiB * MIB;
    for (const cell of cells) {
      const hold = holds.get(cell.model.id);
      const bytes = hold === undefined ? 0 : sum(hold);
      if (hold !== undefined && bytes > 0 && bytes >= least) {
        this._mark(cell, hold, bytes);
      } else {
        markOf(cell)?.remove();
      }
    }
  }

  private _mark(cell: CodeCell, hold: ICellHold, bytes: number): void {
    if (cell.isPlaceholder()) {
      if (!this._awaited.has(cell)) {
        this._awaited.add(cell);
        // One that is closed before it is drawn has nothing to be marked.
        cell.ready.then(
          () => this._later(),
          () => undefined
        );
      }
      return;
    }
    if (!this._followed.has(cell)) {
      this._followed.add(cell);
      // Outputs that are drawn anew have no mark.
      cell.outputArea.outputLengthChanged.connect(this._later, this);
    }
    const prompt = cell.node.querySelector(
      '.jp-OutputArea-executeResult .jp-OutputPrompt'
    );
    const old = markOf(cell);
    if (prompt === null) {
      old?.remove();
      return;
    }
    const mark = old ?? this._newMark();
    const text = this.options.trans.__(
      '%1 retained by this result',
      formatBytes(bytes)
    );
    mark.dataset.bytes = `${bytes}`;
    mark.dataset.numbers = hold.numbers.join(',');
    mark.title = text;
    mark.setAttribute('aria-label', text);
    mark.onclick = event => {
      event.stopPropagation();
      this._open(mark, hold, bytes);
    };
    if (mark.parentElement !== prompt) {
      prompt.prepend(mark);
    }
  }

  private _newMark(): HTMLButtonElement {
    const mark = document.createElement('button');
    mark.className = 'jp-Memguard-mark';
    mark.setAttribute('aria-haspopup', 'menu');
    guardIcon.element({ container: mark });
    // The keys that press a button mean something else to the notebook.
    mark.addEventListener('keydown', event => {
      if (event.key === 'Enter' || event.key === ' ') {
        event.stopPropagation();
      }
    });
    mark.addEventListener('mousedown', event => event.stopPropagation());
    return mark;
  }

  private _open(mark: HTMLElement, hold: ICellHold, bytes: number): void {
    const { trans, showPanel } = this.options;
    const { model } = this.watched;
    const names = hold.numbers.map(number => `Out[${number}]`).join(', ');
    openMenu(mark, [
      {
        label: trans.__('%1: %2 retained', names, formatBytes(bytes)),
        isEnabled: false,
        run: () => undefined
      },
      {
        label: trans.__('Release'),
        isEnabled: canRelease(model),
        run: () =>
          void model.release({ kind: 'keys', keys: [...hold.bytes.keys()] })
      },
      ...(showPanel === null
        ? []
        : [
            {
              label: trans.__('Show in the panel'),
              isEnabled: true,
              run: showPanel
            }
          ])
    ]);
  }

  private _cellIds = new Map<number, string>();
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

function sum(hold: ICellHold): number {
  let bytes = 0;
  for (const each of hold.bytes.values()) {
    bytes += each;
  }
  return bytes;
}

function markOf(cell: CodeCell): HTMLButtonElement | null {
  return cell.node.querySelector<HTMLButtonElement>('.jp-Memguard-mark');
}
