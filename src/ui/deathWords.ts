/** How a kernel's process ended, in a sentence's words. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDeath } from '../tokens';
import { formatBytes } from './format';

/**
 * How a kernel's process ended.
 *
 * @param death - What it had then.
 * @param trans - The words.
 * @returns such as `died at 545 MiB of 23.5 GiB`, without a subject.
 */
export function deathWords(
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
