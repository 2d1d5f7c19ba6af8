/**
 * Small checks from which the checks of whole messages are built. Nothing
 * that comes over a wire is used before a check has passed it.
 *
 * A check is also where a type is written: `Checked<typeof isRow>` is the
 * type of the values that pass `isRow`.
 */

/** Tells whether a value is what it should be. */
export type Check<T> = (value: unknown) => value is T;

/** The type of the values that pass a check. */
export type Checked<C> = C extends Check<infer T> ? T : never;

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

/**
 * An object with certain properties. It may have more: a later version of the
 * other end may say more than this one knows.
 *
 * @param checks - The check of each property.
 */
export function shaped<C extends { readonly [name: string]: Check<unknown> }>(
  checks: C
): Check<{ [K in keyof C]: Checked<C[K]> }> {
  const names = Object.keys(checks);
  return (value): value is { [K in keyof C]: Checked<C[K]> } =>
    isRecord(value) &&
    names.every(name => name in value && checks[name](value[name]));
}
