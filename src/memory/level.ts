/** How near a kernel is to its limit. */

import type { ILimit } from '../wire/rest';

/** How near a kernel is to its limit. */
export type Severity = 'normal' | 'high' | 'critical';

const HIGH = 0.8;
const CRITICAL = 0.95;

/**
 * How near a level is to the limit.
 *
 * @param level - The used part of the limit, from 0 to 1.
 */
export function severityOf(level: number | null): Severity {
  if (level === null || level < HIGH) {
    return 'normal';
  }
  return level < CRITICAL ? 'high' : 'critical';
}

/**
 * A level in whole percent, rounded down: nobody reads 95 % before the level
 * has reached it.
 *
 * @param level - The used part of the limit, from 0 to 1.
 */
export function percentOf(level: number): number {
  // The nearest double of 0.29 times 100 is just under 29.
  return Math.floor(level * 100 + 1e-9);
}

/**
 * Whether other processes count against a limit, too.
 *
 * @param limit - The limit.
 */
export function isShared(limit: ILimit): boolean {
  return (
    limit.source === 'cgroup1' ||
    limit.source === 'cgroup2' ||
    limit.source === 'machine'
  );
}
