/**
 * Checks to build others from: nothing that comes over a wire is believed
 * before it has passed one.
 */

/** Tells whether a value is what it should be. */
export type Check<T> = (value: unknown) => value is T;

export const text: Check<string> = (value): value is string =>
  typeof value === 'string';

export const flag: Check<boolean> = (value): value is boolean =>
  typeof value === 'boolean';

/** An integer from 0 on that a number holds exactly. */
export const count: Check<number> = (value): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;

/** A number from 0 on. */
export const measure: Check<number> = (value): value is number =>
  Number.isFinite(value) && (value as number) >= 0;

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function oneOf<T extends string>(...allowed: readonly T[]): Check<T> {
  return (value): value is T => (allowed as unknown[]).includes(value);
}

export function nullable<T>(check: Check<T>): Check<T | null> {
  return (value): value is T | null => value === null || check(value);
}

export function listOf<T>(check: Check<T>): Check<T[]> {
  return (value): value is T[] => Array.isArray(value) && value.every(check);
}

/** Own properties are checked one by one; more of them do no harm. */
export function shaped<S extends object>(checks: {
  [K in keyof S]: Check<S[K]>;
}): Check<S> {
  const names = Object.keys(checks) as (keyof S & string)[];
  return (value): value is S =>
    isRecord(value) &&
    names.every(name => name in value && checks[name](value[name]));
}
