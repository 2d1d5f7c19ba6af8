/** The guard's, the commands' and a release's words. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { formatBytes } from './format';
import type { GuardOrigin, IHolding } from '../model/guard';
import type { GuardMode, IGuardState } from '../wire/protocol';
import type { Outcome, Selection } from '../tokens';

/** A mode in one or two words. */
function modeName(mode: GuardMode, trans: TranslationBundle): string {
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

/**
 * What a guard that was turned on does with the results from before.
 *
 * @param state - The guard as the kernel tells it.
 * @param trans - The words.
 */
export function earlierText(
  { mode, settings }: IGuardState,
  trans: TranslationBundle
): string {
  switch (mode) {
    case 'large':
      return trans.__(
        'They count as the oldest: from the next result on, the oldest go while all together keep more than %1 alive.',
        formatBytes(settings.total_bytes)
      );
    case 'last':
      return settings.keep_last === 0
        ? trans.__('They go when the next result is shown.')
        : trans._n(
            'They count as the oldest: from the next result on, only the newest one stays.',
            'They count as the oldest: from the next result on, only the newest %1 stay.',
            settings.keep_last
          );
    default:
      return trans.__('They stay until they are freed.');
  }
}

/** Where the guard comes from, for a parenthesis. */
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

/** What was let go, as the kernel counts it. */
function countText(
  kind: Selection['kind'],
  count: number,
  trans: TranslationBundle
): string {
  switch (kind) {
    case 'shown':
      return trans._n(
        'Released what %1 cell showed',
        'Released what %1 cells showed',
        count
      );
    case 'tracebacks':
      return trans._n('Released %1 traceback', 'Released %1 tracebacks', count);
    default:
      return trans._n('Released %1 result', 'Released %1 results', count);
  }
}

/**
 * What a release did, in a sentence.
 *
 * @param outcome - What was asked for, and what became of it.
 * @param trans - The words.
 */
export function releaseText(
  { selection, result }: Extract<Outcome, { kind: 'released' }>,
  trans: TranslationBundle
): string {
  const { before_rss_bytes: before, after_rss_bytes: after, released } = result;
  if (released === 0 && result.still_alive.length === 0) {
    return selection.kind === 'large'
      ? trans.__(
          'There was nothing large to release. Free everything takes small results, too.'
        )
      : trans.__('There was nothing to release.');
  }
  const text = countText(selection.kind, released, trans);
  if (before === null || after === null) {
    return trans.__('%1.', text);
  }
  const back = before - after;
  return back > 0
    ? trans.__('%1: %2 came back.', text, formatBytes(back))
    : trans.__('%1; the process did not become smaller.', text);
}
