/** What the panel says of figures, rows and cells. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { figureKind, sizeOf, type FigureKind } from '../model/figures';
import type { IFigure } from '../tokens';
import type { CellFate } from '../ui/cellLink';
import { figureText } from '../ui/format';
import type { IRow } from '../wire/protocol';

/**
 * What a figure's words mean, for a tooltip.
 *
 * @param figure - The figure.
 * @param trans - The words.
 * @returns undefined for an exact figure.
 */
export function figureTitle(
  figure: IFigure,
  trans: TranslationBundle
): string | undefined {
  const { notes = [] } = figure;
  const reasons = notes.flatMap(code => noteText(code, trans) ?? []).join('; ');
  const head = titleHead(figureKind(figure), trans);
  return head === undefined || reasons === ''
    ? head
    : trans.__('%1: %2', head, reasons);
}

function titleHead(
  kind: FigureKind,
  trans: TranslationBundle
): string | undefined {
  switch (kind) {
    case 'exact':
      return undefined;
    case 'about':
      return trans.__('An estimate');
    case 'at-least':
      return trans.__('At least this');
    case 'at-most':
      return trans.__('No more than this');
    case 'at-most-about':
      return trans.__('Likely no more than this');
    case 'maybe':
      return trans.__('What was seen so far; there may be more');
    case 'unknown':
      return trans.__('Unknown');
  }
}

/** What a figure leaves out, by the kernel's code; null for unknown codes. */
export function noteText(
  code: string,
  trans: TranslationBundle
): string | null {
  switch (code) {
    case 'cut':
      return trans.__('measuring stopped at its time limit');
    case 'opaque':
      return trans.__('part of it is inside a library and cannot be seen');
    case 'sharing-unknown':
      return trans.__('something that cannot be seen may also use parts of it');
    case 'mapped':
      return trans.__('part of it is a file mapped into memory');
    case 'moving':
      return trans.__('it changed while it was measured');
    case 'no-refcounts':
      return trans.__('what would come back cannot be known in this Python');
    case 'untouched':
      return trans.__(
        'part of it was never written to and takes no memory yet'
      );
    case 'device':
      return trans.__('part of it is on another device');
    case 'error':
      return trans.__('it could not be measured to the end');
    default:
      return null;
  }
}

/** Who holds an object that is still alive, for a sentence. */
export function holderText(holder: string, trans: TranslationBundle): string {
  const code = /^<(frame|module) (.*)>$/.exec(holder);
  if (code !== null) {
    return code[1] === 'frame'
      ? trans.__('the running function `%1`', code[2])
      : trans.__('the module `%1`', code[2]);
  }
  return holder === '<unknown>'
    ? trans.__('something that could not be found')
    : `\`${holder}\``;
}

/** Whether one of IPython's places for a result has no name for people. */
export function isHidden(holder: string): boolean {
  return /^(user_ns_hidden|displayhook|last_execution_result)\b/.test(holder);
}

/** What of IPython keeps a result, by the kernel's names of the places. */
export function keptByText(
  holders: readonly string[],
  trans: TranslationBundle
): string {
  const hidden = holders.filter(isHidden);
  const names = holders
    .filter(holder => !isHidden(holder))
    .map(name => (name.startsWith('_') ? `\`${name}\`` : name))
    .join(', ');
  const copies = trans._n('a hidden copy', '%1 hidden copies', hidden.length);
  if (hidden.length === 0) {
    return trans.__('IPython\u2019s %1', names);
  }
  return names === ''
    ? trans.__('%1 of IPython', copies)
    : trans.__('IPython\u2019s %1; %2', names, copies);
}

/** Names in a sentence: the first three, and how many more. */
export function listed(
  names: readonly string[],
  trans: TranslationBundle
): string {
  const first = names.slice(0, 3).join(', ');
  const more = names.length - 3;
  return more > 0 ? trans.__('%1 and %2 more', first, more) : first;
}

/** Types of which Python keeps one object for many uses. */
const SHARED_TYPES = new Set(
  (
    'int float complex bool str bytes tuple frozenset NoneType ellipsis ' +
    'NotImplementedType'
  ).split(' ')
);

/** No constant that Python itself keeps is larger, in bytes. */
const LARGEST_CONSTANT = 64 * 1024;

/** Whether a result is likely one of Python's own constants. */
function isConstant({ type, size_bytes: size }: IRow): boolean {
  return SHARED_TYPES.has(type) && size < LARGEST_CONSTANT;
}

/** Why a row frees nothing now, or less than it seems; null if it does not. */
export function rowSentence(
  row: IRow,
  trans: TranslationBundle
): string | null {
  const quoted = (names: readonly string[]): string =>
    listed(
      names.map(name => `\`${name}\``),
      trans
    );
  const { variables: users, shared_variables: sharers } = row;
  const sentences: string[] = [];
  if (users.length > 0) {
    sentences.push(
      trans._n(
        '%2 still uses it',
        '%2 still use it',
        users.length,
        quoted(users)
      )
    );
  }
  if (sharers.length > 0 && row.view && users.length === 0) {
    const of = trans.__('view of %1', quoted(sharers.slice(0, 1)));
    const size = figureText(sizeOf(row), trans);
    sentences.push(trans.__('%1, %2', of, size));
  } else if (sharers.length > 0) {
    sentences.push(trans.__('shares memory with %1', quoted(sharers)));
  }
  if (sentences.length > 0) {
    return sentences.join('; ');
  }
  // What is not exact says so itself, and the details explain it.
  return row.freed_bytes === 0 &&
    row.exact &&
    row.shared_with.length === 0 &&
    !isConstant(row)
    ? trans.__('something else still uses it: nothing comes back now')
    : null;
}

/** What became of a cell since it ran; null if it has not changed. */
export function fateText(
  fate: CellFate,
  trans: TranslationBundle
): string | null {
  switch (fate) {
    case 'same':
      return null;
    case 'edited':
      return trans.__('The cell was edited since.');
    case 'run-again':
      return trans.__('The cell ran again since.');
    case 'deleted':
      return trans.__('The cell was deleted.');
    case 'elsewhere':
      return trans.__(
        'No open notebook on this kernel has the cell: it was deleted, or its notebook was closed.'
      );
    case 'unknown':
      return trans.__(
        'It is not known which cell it was: it ran elsewhere, or before this page was open.'
      );
  }
}
