/** The warnings' texts. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { figureKind, likelyBytes } from '../../model/figures';
import type { IFigure } from '../../tokens';
import { formatBytes } from '../../ui/format';
import { MOST_SHOWN } from '../../ui/standing';
import { percentOf } from '../level';
import type { ILimited, ISeen } from './seen';

/** So many characters of a document's name are enough to recognize it. */
const LEAST_NAME = 8;

/**
 * A text about a document. The name is cut so that the whole text is shown.
 *
 * @param name - The document's name.
 * @param say - Makes the text with a name.
 */
export function fitting(name: string, say: (name: string) => string): string {
  const over = say(name).length - MOST_SHOWN;
  const kept = Math.max(LEAST_NAME, name.length - over - 1);
  return over > 0 && kept < name.length
    ? say(name.slice(0, kept) + '\u2026')
    : say(name);
}

/**
 * That a kernel is near its limit.
 *
 * @param name - The document's name.
 * @param seen - What was seen of the kernel.
 * @param trans - The words.
 */
export function nearText(
  name: string,
  seen: ILimited,
  trans: TranslationBundle
): string {
  const { level, nearest } = seen;
  const bytes = formatBytes(seen.bytes);
  const percent = percentOf(level);
  const limit = formatBytes(nearest.limit_bytes);
  switch (nearest.source) {
    case 'cgroup1':
    case 'cgroup2':
      return trans.__(
        'The container of %1 is %2 % full (%3, shared); its kernel uses %4.',
        name,
        percent,
        limit,
        bytes
      );
    case 'machine':
      return trans.__(
        'The machine of %1 is %2 % full (%3, shared); its kernel uses %4.',
        name,
        percent,
        limit,
        bytes
      );
    case 'rlimit_as':
      return trans.__(
        'The address space of %1 is %2 % full (%3); its kernel uses %4 of memory.',
        name,
        percent,
        limit,
        bytes
      );
    default:
      return trans.__(
        'The kernel of %1 uses %2, %3 % of its limit of %4.',
        name,
        bytes,
        percent,
        limit
      );
  }
}

/**
 * How much of a kernel's memory is retained results.
 *
 * @param retained - What is retained.
 * @param trans - The words.
 */
export function retainedText(
  retained: IFigure,
  trans: TranslationBundle
): string {
  const bytes = formatBytes(likelyBytes(retained));
  switch (figureKind(retained)) {
    case 'exact':
      return trans.__('%1 of it is kept results.', bytes);
    case 'about':
      return trans.__('About %1 of it is kept results.', bytes);
    case 'at-least':
      return trans.__('At least %1 of it is kept results.', bytes);
    case 'at-most':
    case 'at-most-about':
    case 'maybe':
    case 'unknown':
      return trans.__('How much of it is kept results is not known.');
  }
}

/**
 * That a kernel died near its limit.
 *
 * @param name - The document's name.
 * @param seen - What the kernel had at its end.
 * @param trans - The words.
 */
export function deathText(
  name: string,
  seen: ILimited,
  trans: TranslationBundle
): string {
  return trans.__(
    'The kernel of %1 died at %2, with %3 % of the limit of %4 in use. It probably ran out of memory.',
    name,
    formatBytes(seen.bytes),
    percentOf(seen.level),
    formatBytes(seen.nearest.limit_bytes)
  );
}

/**
 * That the system killed a kernel.
 *
 * @param name - The document's name.
 * @param seen - What was last seen of it.
 * @param trans - The words.
 */
export function killedText(
  name: string,
  { bytes, limit }: ISeen,
  trans: TranslationBundle
): string {
  return limit === null
    ? trans.__(
        'The system killed the kernel of %1, last seen at %2: memory ran out.',
        name,
        formatBytes(bytes)
      )
    : trans.__(
        'The system killed the kernel of %1, last seen at %2 of %3: memory ran out.',
        name,
        formatBytes(bytes),
        formatBytes(limit.limit_bytes)
      );
}
