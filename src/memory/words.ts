/** The words for kernels' memory. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDeath, IFigure } from '../tokens';
import { deathWords } from '../ui/deathWords';
import { figureText, formatBytes } from '../ui/format';
import type { ILimit, LimitSource } from '../wire/rest';
import { percentOf, severityOf } from './level';
import type {
  IProcessReading,
  IUsageReading,
  NoReading,
  Reading
} from './source';

/**
 * A reading as the status item shows it.
 *
 * @param reading - The reading.
 * @param trans - The words.
 * @param withLimit - Whether the text has the limit, too.
 * @param death - How the process before ended, if it did so by itself.
 */
export function statusText(
  reading: Reading,
  trans: TranslationBundle,
  withLimit: boolean,
  death: IDeath | null
): string {
  const end = death === null ? '' : deathWords(death, trans);
  if (reading.kind === 'none') {
    const reason = reasonText(reading.reason, trans);
    return reading.reason === 'died' && death !== null
      ? trans.__('Kernel memory: kernel %1', end)
      : trans.__('Kernel memory: %1', reason) + suffix(end);
  }
  const bytes = formatBytes(reading.bytes);
  const { limit, level } = reading;
  const text =
    limit === null || !withLimit
      ? trans.__('Kernel %1', bytes)
      : trans.__('Kernel %1 of %2', bytes, formatBytes(limit.limit_bytes));
  const how =
    reading.kind === 'usage_request'
      ? ' ' + trans.__('(PSS with children)')
      : '';
  return (
    text + how + levelSuffix(level, nearestOf(reading), trans) + suffix(end)
  );
}

/** A further part of a status. */
function suffix(text: string): string {
  return text === '' ? '' : ` · ${text}`;
}

/**
 * What could be freed, beside the kernel's memory.
 *
 * @param part - What the results retain; null where it is not worth a word.
 * @param trans - The words.
 */
export function toFreeText(
  part: IFigure | null,
  trans: TranslationBundle
): string {
  return part === null
    ? ''
    : suffix(trans.__('%1 to free', figureText(part, trans)));
}

/** The limit that a reading's level belongs to. */
export function nearestOf(
  reading: IProcessReading | IUsageReading
): ILimit | null {
  return reading.kind === 'process'
    ? (reading.nearest ?? reading.limit)
    : reading.limit;
}

/** How full the limit is, once that is worth a word. */
function levelSuffix(
  level: number | null,
  nearest: ILimit | null,
  trans: TranslationBundle
): string {
  const severity = severityOf(level);
  if (level === null || severity === 'normal') {
    return '';
  }
  const source = nearest?.source ?? null;
  const text =
    severity === 'critical'
      ? almostFullText(source, percentOf(level), trans)
      : fillText(source, percentOf(level), trans);
  return suffix(text);
}

function fillText(
  source: LimitSource | null,
  percent: number,
  trans: TranslationBundle
): string {
  switch (source) {
    case 'cgroup1':
    case 'cgroup2':
      return trans.__('container %1 % full', percent);
    case 'machine':
      return trans.__('machine %1 % full', percent);
    case 'rlimit_as':
      return trans.__('address space %1 % full', percent);
    default:
      return trans.__('%1 % of the limit', percent);
  }
}

function almostFullText(
  source: LimitSource | null,
  percent: number,
  trans: TranslationBundle
): string {
  switch (source) {
    case 'cgroup1':
    case 'cgroup2':
      return trans.__('container %1 % full, almost out of memory', percent);
    case 'machine':
      return trans.__('machine %1 % full, almost out of memory', percent);
    case 'rlimit_as':
      return trans.__('address space %1 % full, almost out of memory', percent);
    default:
      return trans.__('%1 %, almost out of memory', percent);
  }
}

/**
 * Why there is no figure, in a few words.
 *
 * @param reason - The reason.
 * @param trans - The words.
 */
export function reasonText(
  reason: NoReading,
  trans: TranslationBundle
): string {
  switch (reason) {
    case 'no_kernel':
      return trans.__('no kernel');
    case 'reading':
      return trans.__('reading…');
    case 'starting':
      return trans.__('kernel is starting');
    case 'died':
      return trans.__('kernel died');
    case 'not_permitted':
      return trans.__('not permitted to read the process');
    case 'unsupported':
      return trans.__('unknown on this system');
    case 'remote_silent':
      return trans.__('unknown, a remote kernel that does not tell');
    case 'extension_missing':
      return trans.__('server extension missing');
    case 'denied':
      return trans.__('not allowed by the server');
    case 'unreachable':
      return trans.__('server does not answer');
    case 'invalid_reply':
      return trans.__('server gave an answer that is not valid');
  }
}

/** The words for a limit. */
interface ILimitWords {
  /** Who sets it. */
  readonly limit: string;
  /** What counts against it; null if it is the kernel's resident memory alone. */
  readonly used: string | null;
}

/**
 * The words for a limit.
 *
 * @param source - The limit's source.
 * @param trans - The words.
 */
export function limitWords(
  source: LimitSource,
  trans: TranslationBundle
): ILimitWords {
  switch (source) {
    case 'config':
      return { limit: trans.__('Limit (set for this server)'), used: null };
    case 'mem_limit_env':
      return { limit: trans.__('Limit (MEM_LIMIT)'), used: null };
    case 'cgroup2':
    case 'cgroup1':
      return {
        limit: trans.__('Limit (container)'),
        used: trans.__('Used by the whole container')
      };
    case 'rlimit_as':
      return {
        limit: trans.__('Limit (address space)'),
        used: trans.__('Address space in use')
      };
    case 'machine':
      return {
        limit: trans.__("Machine's memory"),
        used: trans.__('Used by the whole machine')
      };
  }
}
