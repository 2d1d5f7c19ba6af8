/** How a kernel's process ended, in a sentence's words. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDeath } from '../tokens';
import { formatBytes } from './format';

/**
 * How a kernel's process ended.
 *
 * @param death - What it had then.
 * @param trans - The words.
 * @returns such as `died at 545 MiB of 23.5 GiB (killed)`, without a subject.
 */
export function deathWords(death: IDeath, trans: TranslationBundle): string {
  const words = diedText(death, trans);
  return death.killed ? trans.__('%1 (killed)', words) : words;
}

function diedText(
  { bytes, limitBytes }: IDeath,
  trans: TranslationBundle
): string {
  if (bytes === null) {
    return trans.__('died');
  }
  return limitBytes === null
    ? trans.__('died at %1', formatBytes(bytes))
    : trans.__('died at %1 of %2', formatBytes(bytes), formatBytes(limitBytes));
}
