/** The names of what a person can release. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { Selection } from '../tokens';

/** The releases that a person can choose by name. */
export type NamedRelease = Exclude<Selection['kind'], 'keys'>;

/**
 * The name of *Free memory* where no large result is left: it gives free memory
 * back to the system all the same.
 *
 * @param trans - The words.
 */
export function giveBackLabel(trans: TranslationBundle): string {
  return trans.__('Give free memory back');
}

/**
 * The name of a release, for a button, a menu or a command.
 *
 * @param kind - What is released.
 * @param trans - The words.
 */
export function freeLabel(
  kind: NamedRelease,
  trans: TranslationBundle
): string {
  switch (kind) {
    case 'large':
      return trans.__('Free memory');
    case 'all':
      return trans.__('Free everything');
    case 'shown':
      return trans.__('Free output history');
    case 'tracebacks':
      return trans.__('Free tracebacks');
  }
}
