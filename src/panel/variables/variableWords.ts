/** What variables are called, and what stands among them without a name. */

import type { TranslationBundle } from '@jupyterlab/translation';

/**
 * A variable in a line of its own. The value of the last cell has no name: it
 * is in no variable, and IPython holds it until the next cell has run.
 *
 * @param name - The name; empty for that value.
 * @param trans - The words.
 */
export function shownName(name: string, trans: TranslationBundle): string {
  return name === '' ? trans.__('Value of the last cell') : name;
}

/**
 * The same within a sentence.
 *
 * @param name - The name; empty for the value of the last cell.
 * @param trans - The words.
 */
export function quotedName(name: string, trans: TranslationBundle): string {
  return name === '' ? trans.__('the value of the last cell') : `\`${name}\``;
}
