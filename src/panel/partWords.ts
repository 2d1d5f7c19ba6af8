/** The names of the parts of a process's memory. */

import type { TranslationBundle } from '@jupyterlab/translation';

/**
 * The name of a part of the bar.
 *
 * @param part - The kernel's name of it.
 * @param trans - The words.
 * @returns null for a part that this page does not know.
 */
export function partName(
  part: string,
  trans: TranslationBundle
): string | null {
  switch (part) {
    case 'results':
      return trans.__('Kept results');
    case 'shared':
      return trans.__('Shared by results and variables');
    case 'variables':
      return trans.__('Your variables');
    case 'shown':
      return trans.__('Output history');
    case 'tracebacks':
      return trans.__('Tracebacks');
    case 'free':
      return trans.__('Free for reuse');
    case 'mapped':
      return trans.__('Mapped files');
    case 'rest':
      return trans.__('Python and libraries');
    default:
      return null;
  }
}
