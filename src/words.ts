/** The guard's and the commands' words. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { GuardOrigin, IHolding } from './guard';
import type { GuardMode, IGuardState } from './protocol';

/** A mode in one or two words. */
export function modeName(mode: GuardMode, trans: TranslationBundle): string {
  switch (mode) {
    case 'off':
      return trans.__('off');
    case 'large':
      return trans.__('large results');
    case 'last':
      return trans.__('all but the newest');
    case 'all':
      return trans.__('every result');
  }
}

/** A mode as an entry of a menu. */
export function modeText(mode: GuardMode, trans: TranslationBundle): string {
  switch (mode) {
    case 'off':
      return trans.__('Off: retain results as IPython does');
    case 'large':
      return trans.__('Do not retain large results');
    case 'last':
      return trans.__('Retain only the newest results');
    case 'all':
      return trans.__('Retain no result');
  }
}

/** Where the guard comes from, for a parenthesis. */
export function originText(
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
 * The guard as the toggle's name says it; it begins with "Memory guard".
 *
 * @param holding - The guard.
 * @param state - The kernel's, if known.
 * @param kind - What the toggle stands in.
 * @param trans - The words.
 */
export function guardText(
  holding: IHolding,
  state: IGuardState | null,
  kind: 'notebook' | 'console',
  trans: TranslationBundle
): string {
  const mode = modeName(holding.mode, trans);
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
