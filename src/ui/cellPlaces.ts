/** Where cells stand in their document. */

import type { ConsolePanel } from '@jupyterlab/console';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { IWatched } from '../tokens';

/**
 * The places of a document's cells by their ids, as they are now.
 *
 * @param watched - A notebook or a console.
 * @returns places from 0 on; none for a document that has no cells yet.
 */
export function cellPlaces({
  kind,
  widget
}: Pick<IWatched, 'kind' | 'widget'>): ReadonlyMap<string, number> {
  const ids =
    kind === 'notebook'
      ? ((widget as NotebookPanel).model?.sharedModel.cells ?? []).map(
          ({ id }) => id
        )
      : Array.from((widget as ConsolePanel).console.cells).map(
          ({ model }) => model.id
        );
  return new Map(ids.map((id, index) => [id, index]));
}
