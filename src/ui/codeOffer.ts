/** Offers code to a person, in a cell of their document. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Chunk } from '../chunk';
import type { IWatched } from '../tokens';

const NEW_CELL = new Chunk(
  () => import(/* webpackChunkName: "newCell" */ './newCell')
);

/**
 * Make what puts code into a new cell of a document and shows the document.
 *
 * @param shell - Shows documents.
 * @param trans - The words.
 * @returns a function that never rejects: it tells the person what failed.
 */
export function codeOffer(
  shell: Pick<JupyterFrontEnd.IShell, 'activateById'>,
  trans: TranslationBundle
): (watched: IWatched, code: string) => Promise<void> {
  return async ({ widget }, code) => {
    const part = await NEW_CELL.load().catch(() => null);
    if (part === null) {
      Notification.error(
        trans.__('A part of this extension could not be loaded. Try again.')
      );
      return;
    }
    shell.activateById(widget.id);
    part.putIntoNewCell(widget, code);
  };
}
