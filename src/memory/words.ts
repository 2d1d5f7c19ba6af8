import type { TranslationBundle } from '@jupyterlab/translation';
import { formatBytes } from '../ui/format';
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
 * @param reading - the reading.
 * @param trans - the translator.
 * @param withLimit - whether to tell the limit.
 */
export function statusText(
  reading: Reading,
  trans: TranslationBundle,
  withLimit: boolean
): string {
  if (reading.kind === 'none') {
    return trans.__('Kernel memory: %1', reasonText(reading.reason, trans));
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
  return text + how + levelSuffix(level, nearestOf(reading), trans);
}

/** The limit that a reading's level is of. */
export function nearestOf(
  reading: IProcessReading | IUsageReading
): ILimit | null {
  return reading.kind === 'process'
    ? (reading.nearest ?? reading.limit)
    : reading.limit;
}

function levelSuffix(
  level: number | null,
  nearest: ILimit | null,
  trans: TranslationBundle
): string {
  const severity = severityOf(level);
  if (level === null || severity === 'normal') {
    return '';
  }
  const percent = percentOf(level);
  const isCritical = severity === 'critical';
  switch (nearest?.source) {
    case 'cgroup1':
    case 'cgroup2':
      return (
        ' · ' +
        (isCritical
          ? trans.__('container %1 % full, almost out of memory', percent)
          : trans.__('container %1 % full', percent))
      );
    case 'machine':
      return (
        ' · ' +
        (isCritical
          ? trans.__('machine %1 % full, almost out of memory', percent)
          : trans.__('machine %1 % full', percent))
      );
    case 'rlimit_as':
      return (
        ' · ' +
        (isCritical
          ? trans.__('address space %1 % full, almost out of memory', percent)
          : trans.__('address space %1 % full', percent))
      );
    default:
      return (
        ' · ' +
        (isCritical
          ? trans.__('%1 %, almost out of memory', percent)
          : trans.__('%1 % of the limit', percent))
      );
  }
}

/**
 * Say why there is no figure, in a few words.
 *
 * @param reason - the reason.
 * @param trans - the translator.
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

/**
 * Say who sets a limit.
 *
 * @param source - the code.
 * @param trans - the translator.
 */
export function limitText(
  source: LimitSource,
  trans: TranslationBundle
): string {
  switch (source) {
    case 'config':
      return trans.__('Limit (set for this server)');
    case 'mem_limit_env':
      return trans.__('Limit (MEM_LIMIT)');
    case 'cgroup2':
    case 'cgroup1':
      return trans.__('Limit (container)');
    case 'rlimit_as':
      return trans.__('Limit (address space)');
    case 'machine':
      return trans.__("Machine's memory");
  }
}

/**
 * Say what counts against a limit.
 *
 * @param source - the limit's source.
 * @param trans - the translator.
 * @returns null if it is the kernel's resident memory alone.
 */
export function usedText(
  source: LimitSource,
  trans: TranslationBundle
): string | null {
  switch (source) {
    case 'cgroup2':
    case 'cgroup1':
      return trans.__('Used by the whole container');
    case 'rlimit_as':
      return trans.__('Address space in use');
    case 'machine':
      return trans.__('Used by the whole machine');
    case 'config':
    case 'mem_limit_env':
      return null;
  }
}
