/** Puts code where a person can run it. */

import { ConsolePanel } from '@jupyterlab/console';
import { NotebookPanel } from '@jupyterlab/notebook';
import type { Widget } from '@lumino/widgets';

/**
 * Put code into a new cell below the active one, and make that the active
 * one; in a console, put it where a person types. It is not run.
 *
 * @param widget - A notebook or a console.
 * @param code - The code.
 */
export function putIntoNewCell(widget: Widget, code: string): void {
  if (widget instanceof NotebookPanel) {
    const { content } = widget;
    const index = content.activeCellIndex + 1;
    content.model?.sharedModel.insertCell(index, {
      cell_type: 'code',
      source: code,
      metadata: { trusted: true }
    });
    content.deselectAll();
    content.activeCellIndex = index;
  } else if (widget instanceof ConsolePanel) {
    widget.console.replaceSelection(code);
  }
}
