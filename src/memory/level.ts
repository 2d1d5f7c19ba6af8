import type { ILimit } from '../wire/rest';

/** How near a kernel is to its limit. */
export type Severity = 'normal' | 'high' | 'critical';

const HIGH = 0.8;
const CRITICAL = 0.95;

/**
 * Tell how near a level is to the limit.
 *
 * @param level - the used part of the limit, 0 to 1.
 */
export function severityOf(level: number | null): Severity {
  if (level === null || level < HIGH) {
    return 'normal';
  }
  return level < CRITICAL ? 'high' : 'critical';
}

/**
 * A level in whole percent. It is rounded down: 95 % is not said before it is
 * reached.
 *
 * @param level - the used part of the limit, 0 to 1.
 */
export function percentOf(level: number): number {
  // The nearest double of 0.29 times 100 is just under 29.
  return Math.floor(level * 100 + 1e-9);
}

/**
 * Tell whether other processes count against a limit too.
 *
 * @param limit - the limit.
 */
export function isShared(limit: ILimit): boolean {
  return (
    limit.source === 'cgroup1' ||
    limit.source === 'cgroup2' ||
    limit.source === 'machine'
  );
}
