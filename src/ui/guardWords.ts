/** The guard's words. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { figureText, formatBytes } from './format';
import type { GuardOrigin, IHolding } from '../model/guard';
import type { ISettings } from '../tokens';
import type { GuardMode, IGuardState } from '../wire/protocol';

/**
 * How many results the mode for the newest keeps.
 *
 * @param state - The kernel's guard, if it is known: what it does, it does with
 * settings of its own.
 * @param settings - The settings, for a guard that is still to be chosen.
 */
export function newestKept(
  state: IGuardState | null,
  settings: ISettings
): number {
  return state?.mode === 'last'
    ? state.settings.keep_last
    : settings.guardKeepLast;
}

/**
 * The name of a mode, the same in menus, the palette, the panel and the settings.
 *
 * @param mode - The mode.
 * @param keepLast - How many results the mode for the newest keeps.
 * @param trans - The words.
 */
export function modeText(
  mode: GuardMode,
  keepLast: number,
  trans: TranslationBundle
): string {
  switch (mode) {
    case 'off':
      return trans.__('Keep everything (as IPython does)');
    case 'large':
      return trans.__('Do not keep large results');
    case 'last':
      return trans.__('Keep the newest %1', keepLast);
    case 'all':
      return trans.__('Keep nothing');
  }
}

/**
 * What a guard that was turned on does with earlier results.
 *
 * @param state - The guard as the kernel reports it.
 * @param trans - The words.
 * @returns the second half of a sentence.
 */
export function earlierText(
  { mode, settings }: IGuardState,
  trans: TranslationBundle
): string {
  switch (mode) {
    case 'large':
      return trans.__(
        'the oldest go when all results keep more than %1.',
        formatBytes(settings.total_bytes)
      );
    case 'last':
      return settings.keep_last === 0
        ? trans.__('they go when the next result is shown.')
        : trans._n(
            'only the newest result stays when the next is shown.',
            'only the newest %1 stay when the next is shown.',
            settings.keep_last
          );
    default:
      return trans.__('they stay until they are freed.');
  }
}

/**
 * How many results the guard did not keep, and how large the largest was.
 *
 * @param state - The guard as the kernel reports it.
 * @param trans - The words.
 * @returns a sentence without its full stop.
 */
export function withheldSentence(
  state: IGuardState,
  trans: TranslationBundle
): string {
  const text = trans._n(
    '%1 result was not kept',
    '%1 results were not kept',
    state.withheld
  );
  return withSize(text, state, trans);
}

/**
 * The same for a list of terms and figures.
 *
 * @param state - The guard as the kernel reports it.
 * @param trans - The words.
 */
export function withheldFigure(
  state: IGuardState,
  trans: TranslationBundle
): string {
  const text = trans._n('%1 result', '%1 results', state.withheld);
  return withSize(text, state, trans);
}

function withSize(
  text: string,
  { withheld, withheld_bytes: bytes, withheld_exact: exact }: IGuardState,
  trans: TranslationBundle
): string {
  if (bytes === 0) {
    return text;
  }
  const size = figureText({ bytes, exact }, trans);
  return withheld === 1
    ? trans.__('%1, %2', text, size)
    : trans.__('%1, the largest %2', text, size);
}

/** Who chose the guard, for a parenthesis. */
function originText(
  origin: GuardOrigin,
  kind: 'notebook' | 'console',
  trans: TranslationBundle
): string {
  switch (origin) {
    case 'document':
      return kind === 'notebook'
        ? trans.__("this notebook's choice")
        : trans.__("this console's choice");
    case 'settings':
      return trans.__('from the settings');
    case 'kernel':
      return trans.__('set for this kernel elsewhere');
  }
}

/**
 * The name of the toggle; it begins with "Memory guard".
 *
 * @param holding - The guard that holds for the document.
 * @param state - The kernel's guard, if it is known.
 * @param settings - The settings.
 * @param kind - The kind of document that the toggle belongs to.
 * @param trans - The words.
 */
export function guardText(
  holding: IHolding,
  state: IGuardState | null,
  settings: ISettings,
  kind: 'notebook' | 'console',
  trans: TranslationBundle
): string {
  const mode = modeText(holding.mode, newestKept(state, settings), trans);
  if (holding.mode !== 'off' && !holding.isConfirmed) {
    return trans.__('Memory guard: %1 (not confirmed by the kernel)', mode);
  }
  if (holding.isAsked) {
    return trans.__('Memory guard: %1 (when the kernel is free)', mode);
  }
  const origin = originText(holding.origin, kind, trans);
  const text = trans.__('Memory guard: %1 (%2)', mode, origin);
  return state !== null && state.mode !== 'off' && state.on_top === 'other'
    ? trans.__('%1. %2 is in its way', text, state.other ?? '?')
    : text;
}
