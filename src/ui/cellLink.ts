/** Finds and shows the cell that made a result. */

import type { JupyterFrontEnd } from '@jupyterlab/application';

import type { Cell, ICodeCellModel } from '@jupyterlab/cells';
import { ConsolePanel } from '@jupyterlab/console';
import { NotebookPanel } from '@jupyterlab/notebook';
import type { Widget } from '@lumino/widgets';
import { othersOnKernel } from '../model/sharing';
import type { IMemguard, IWatched } from '../tokens';
import type { IRow } from '../wire/protocol';

/** What became of the cell that made a result. */
export type CellFate =
  /** It is there and unchanged. */
  | 'same'
  /** It is there with another text. */
  | 'edited'
  /** It is there and has run again. */
  | 'run-again'
  /** It is no longer in the document that ran it. */
  | 'deleted'
  /** No open document on the kernel has it, and none is known to have run it. */
  | 'elsewhere'
  /** The kernel does not know which cell made the result. */
  | 'unknown';

/** What a row knows of its cell. */
export type CellRef = Pick<IRow, 'cell_id' | 'execution' | 'source'>;

/** A cell, and what became of it since it ran. */
interface IFoundCell {
  readonly fate: CellFate;
  readonly cell: Cell | null;
  /** Its place in the document; -1 if it has none. */
  readonly index: number;
}

/** The cells of a notebook or console, in their order. */
export function cellsOf(widget: Widget): readonly Cell[] {
  if (widget instanceof NotebookPanel) {
    return widget.content.widgets;
  }
  if (widget instanceof ConsolePanel) {
    return Array.from(widget.console.cells);
  }
  return [];
}

/** The kernel cuts longer lines. */
const LONGEST_LINE = 200;

/** Whether a text has a line, which may be cut. */
function hasLine(source: string, line: string): boolean {
  const wanted = line.trim();
  const isCut = line.length >= LONGEST_LINE;
  return source
    .split('\n')
    .map(each => each.trim())
    .some(each => (isCut ? each.startsWith(wanted) : each === wanted));
}

function fate(cell: Cell, ref: CellRef): CellFate {
  const model = cell.model as ICodeCellModel;
  if (
    ref.execution !== null &&
    model.executionCount !== null &&
    model.executionCount > ref.execution
  ) {
    return 'run-again';
  }
  const edited =
    model.isDirty ||
    (ref.source !== null &&
      !hasLine(model.sharedModel.getSource(), ref.source));
  return edited ? 'edited' : 'same';
}

/**
 * Find the cell that made a result by the id of the cell that ran. The id
 * stays the same wherever a person moves the cell.
 *
 * @param widget - A notebook or a console.
 * @param ref - What the kernel knows of the cell.
 */
export function findCell(widget: Widget, ref: CellRef): IFoundCell {
  if (ref.cell_id === null) {
    return { fate: 'unknown', cell: null, index: -1 };
  }
  const cells = cellsOf(widget);
  const index = cells.findIndex(cell => cell.model.id === ref.cell_id);
  if (index < 0) {
    return { fate: 'deleted', cell: null, index };
  }
  return { fate: fate(cells[index], ref), cell: cells[index], index };
}

/**
 * Bring the document to the front that ran the cell of a result, and show the
 * cell there: several notebooks can use one kernel.
 *
 * @param ref - What the kernel knows of the cell.
 * @param watched - The document that is looked at.
 * @param memguard - What else is open.
 * @param shell - Brings documents to the front.
 * @returns what became of the cell.
 */
export async function showCell(
  ref: CellRef,
  watched: IWatched,
  memguard: Pick<IMemguard, 'watched'>,
  shell: Pick<JupyterFrontEnd.IShell, 'activateById'>
): Promise<CellFate> {
  const documents = [watched, ...othersOnKernel(watched, memguard)];
  for (const { agent, widget } of documents) {
    const cell_id = agent.executed.cellOf(ref.execution);
    if (cell_id !== null) {
      const found = { ...ref, cell_id };
      const isThere = findCell(widget, found).cell !== null;
      // Where it was deleted, there is nothing to see: its row says so.
      shell.activateById((isThere ? widget : watched.widget).id);
      return goToCell(widget, found);
    }
  }
  // It ran before this page was open, or in another one.
  const home = documents.find(({ widget }) => findCell(widget, ref).cell);
  shell.activateById((home ?? watched).widget.id);
  if (home === undefined) {
    return ref.cell_id === null ? 'unknown' : 'elsewhere';
  }
  return goToCell(home.widget, ref);
}

/**
 * Show the cell that made a result, and select it.
 *
 * @param widget - A notebook or a console.
 * @param ref - What the kernel knows of the cell.
 * @returns what became of the cell.
 */
export async function goToCell(
  widget: Widget,
  ref: CellRef
): Promise<CellFate> {
  const { fate, cell, index } = findCell(widget, ref);
  if (cell === null) {
    return fate;
  }
  if (widget instanceof NotebookPanel) {
    const notebook = widget.content;
    notebook.deselectAll();
    notebook.activeCellIndex = index;
    try {
      // This also draws a cell that is not drawn yet.
      await notebook.scrollToItem(index, 'start');
    } catch {
      // Another scroll has replaced this one.
      return fate;
    }
    await keepTopInView(cell);
  } else {
    // A long output would push the source out of view at any other place.
    cell.node.scrollIntoView({ block: 'start' });
  }
  return fate;
}

/** So many frames without a move show that a cell stays where it is. */
const STILL_FRAMES = 5;

/** A cell that has not come to rest after so many frames is left alone. */
const MOST_FRAMES = 60;

/**
 * Keep the top of a cell's source in view while the notebook draws what is
 * near it: until then it only guesses how high cells are.
 */
async function keepTopInView(cell: Cell): Promise<void> {
  const outer = cell.node.closest('.jp-WindowedPanel-outer');
  if (outer === null) {
    return;
  }
  let isTaken = false;
  const take = (): void => {
    isTaken = true;
  };
  // Whoever scrolls meanwhile wants to be somewhere else.
  outer.addEventListener('wheel', take, { passive: true });
  outer.addEventListener('keydown', take);
  let still = 0;
  for (let frame = 0; frame < MOST_FRAMES && still < STILL_FRAMES; frame++) {
    await new Promise(resolve => requestAnimationFrame(resolve));
    if (isTaken || !cell.node.isConnected) {
      break;
    }
    const { top } = cell.node.getBoundingClientRect();
    const before = outer.scrollTop;
    outer.scrollTop += top - outer.getBoundingClientRect().top;
    // At the end of a notebook there is nothing to scroll.
    still = Math.abs(outer.scrollTop - before) < 1 ? still + 1 : 0;
  }
  outer.removeEventListener('wheel', take);
  outer.removeEventListener('keydown', take);
}
