/** The words for what holds memory beside results and variables. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { IHoard } from '../../wire/protocol';
import { partName } from '../partWords';

/**
 * What a hoard is, in a few words.
 *
 * @param kind - The kernel's code.
 * @param trans - The words.
 * @returns null for a code of a newer kernel.
 */
export function hoardKind(
  kind: string,
  trans: TranslationBundle
): string | null {
  return new Map(Object.entries(kindWords(trans))).get(kind) ?? null;
}

const kindWords = (trans: TranslationBundle): Record<string, string> => ({
  allocator: trans.__('Free, kept by the allocator'),
  atexit: trans.__('Registered for the end of the process'),
  bokeh: trans.__('Documents of bokeh'),
  class_attribute: trans.__('Attribute of a class'),
  code: trans.__('Code of libraries'),
  code_data: trans.__('Data that libraries came with'),
  cycles: trans.__('Garbage that waits to be collected'),
  dask: trans.__('Data of dask'),
  debugger: trans.__('Kept by the debugger'),
  exception: trans.__('Stored exception'),
  figures: trans.__('Open figures'),
  finalize: trans.__('Arguments of a finalizer'),
  garbage: trans.__('Garbage that cannot be collected'),
  generator: trans.__('Generator that was not run to its end'),
  linecache: trans.__('Source lines for tracebacks'),
  logging: trans.__('Log records in a buffer'),
  lru_cache: trans.__('Cache of a function'),
  mapped_file: trans.__('File mapped into memory'),
  module: trans.__('In a module of yours'),
  old_class: trans.__('Older version of a class'),
  plotly: trans.__('Figures of plotly'),
  pyarrow: trans.__('Unused in the pool of pyarrow'),
  shared: trans.__('Shared by several of these'),
  shared_memory: trans.__('Shared memory'),
  shared_results: trans.__('Shared with a result'),
  shared_tracebacks: trans.__('Shared with a traceback'),
  shared_variables: trans.__('Shared with a variable'),
  swap: trans.__('Swapped out'),
  task: trans.__('Task that has not ended'),
  thread: trans.__('Running thread'),
  torch: trans.__('Cache of torch'),
  warnings: trans.__('Warnings that were shown'),
  widgets: trans.__('Widgets'),
  widgets_closed: trans.__('Widgets that a page has closed')
});

/**
 * A hoard's title: what it is, or the code of what this page does not know.
 *
 * @param hoard - The hoard.
 * @param trans - The words.
 */
export function hoardTitle(
  { kind, name }: Pick<IHoard, 'kind' | 'name'>,
  trans: TranslationBundle
): string {
  return hoardKind(kind, trans) ?? (name === '' ? kind : '');
}

/** What several hoards hold, or a hoard and something else: named by hoards. */
const SHARED: readonly string[] = [
  'shared',
  'shared_results',
  'shared_tracebacks',
  'shared_variables'
];

/** A part of a hoard's name. */
export interface INamePart {
  readonly text: string;
  /** Whether it is a name as it stands in code. */
  readonly isCode: boolean;
}

/**
 * Whose memory it is that is shared. The kernel names a hoard without a name
 * by its kind.
 *
 * @param hoard - The hoard.
 * @param others - All that were told with it.
 * @param trans - The words.
 * @returns null for a hoard that has a name of its own, or none.
 */
export function sharersOf(
  { kind, name }: IHoard,
  others: readonly IHoard[],
  trans: TranslationBundle
): readonly INamePart[] | null {
  if (!SHARED.includes(kind) || name === '') {
    return null;
  }
  // A person may have named something as the kernel names a kind.
  const names = new Set(
    others
      .filter(other => !SHARED.includes(other.kind))
      .flatMap(other => other.name.split(', '))
  );
  return name.split(', ').map(part => {
    const words = names.has(part) ? null : hoardKind(part, trans);
    return { text: words ?? part, isCode: words === null };
  });
}

/**
 * Where the bytes of a hoard are counted that are not in the rest.
 *
 * @param part - The kernel's code of the part.
 * @param trans - The words.
 */
export function whereText(part: string, trans: TranslationBundle): string {
  switch (part) {
    case 'device':
      return trans.__('on a device, not in this process');
    case 'swap':
      return trans.__('swapped out, not in memory');
    default:
      return trans.__('in \u201c%1\u201d', partName(part, trans) ?? part);
  }
}
