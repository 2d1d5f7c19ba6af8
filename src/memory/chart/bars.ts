/** What the chart's bars say, and where they lie. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { partName } from '../../panel/partWords';
import { hoardKind } from '../../panel/rest/hoardWords';
import { quotedName } from '../../panel/variables/variableWords';
import type { IGrowth, IGrownPart } from '../../tokens';
import { formatBytes } from '../../ui/format';
import type { IRun } from './openRuns';
import type { IMeasured } from './runs';

/** The measures of the drawing, in pixels. */
export const BAR = 8;
export const STEP = 11;
export const HEIGHT = 72;
/** Room above the bars for the names of the tall ones. */
export const TOP = 14;

/** Bars of at least this part of the whole height are named, given room. */
const TALL = 0.2;
const NAME_STEPS = 4;
/** The least full height, so that tiny changes do not look big. */
const LEAST_BYTES = 8 * 1024 * 1024;

/** How bytes become heights. */
export interface IScale {
  /** Bytes of the whole height. */
  full: number;
  /** The place of a change in bytes, in pixels from the top. */
  y: (bytes: number) => number;
}

/** The scale for some bars. */
export function scaleOf(bars: readonly IMeasured[]): IScale {
  const greatest = Math.max(0, ...bars.map(({ change }) => change.peak));
  const least = Math.min(0, ...bars.map(({ change }) => change.delta));
  const full = Math.max(greatest - least, LEAST_BYTES);
  return {
    full,
    y: bytes => TOP + HEIGHT - ((bytes - least) / full) * HEIGHT
  };
}

/**
 * The bars to name: the tall ones, the tallest first, as far as their names do
 * not overlap.
 *
 * @param bars - All bars, in order.
 * @param full - The bytes of the whole height.
 */
export function namedBars(
  bars: readonly IMeasured[],
  full: number
): ReadonlySet<IMeasured> {
  const heightOf = ({ change }: IMeasured) =>
    Math.max(change.peak, Math.abs(change.delta));
  const places = new Map(bars.map((bar, place) => [bar, place]));
  const named = new Map<IMeasured, number>();
  [...places]
    .filter(([bar]) => heightOf(bar) >= TALL * full)
    .sort(([one], [other]) => heightOf(other) - heightOf(one))
    .forEach(([bar, place]) => {
      const isFree = [...named.values()].every(
        other => Math.abs(other - place) >= NAME_STEPS
      );
      if (isFree) {
        named.set(bar, place);
      }
    });
  return new Set(named.keys());
}

/** The last run of a bar: its cell tells what all of them left. */
export function lastRun(bar: IMeasured): IRun {
  return bar.runs[bar.runs.length - 1];
}

/** What tells a bar from the others. */
export function idOf(bar: IMeasured): string {
  return lastRun(bar).id;
}

/** A bar in words. */
export function barText(bar: IMeasured, trans: TranslationBundle): string {
  const first = bar.runs[0].count;
  const last = lastRun(bar).count;
  const delta = signed(bar.change.delta);
  const peak = signed(bar.change.peak);
  return bar.runs.length === 1
    ? trans.__('In [%1]: %2, peak %3', last, delta, peak)
    : trans.__(
        'In [%1] to In [%2] together: %3, peak %4',
        first,
        last,
        delta,
        peak
      );
}

/**
 * What a bar's cells made grow, by the overviews before and after them.
 *
 * @param growth - The change; null where it is not known.
 * @param trans - The words.
 * @returns null where there is nothing to tell.
 */
export function growthText(
  growth: IGrowth | null,
  trans: TranslationBundle
): string | null {
  if (growth === null || growth.parts.length === 0) {
    return null;
  }
  const parts = growth.parts
    .map(part => `${grownName(part, trans)} ${signed(part.bytes)}`)
    .join(', ');
  const { since, bytes } = growth;
  if (bytes === null) {
    return since === 0
      ? trans.__('Since the start: %1', parts)
      : trans.__('Since In [%1]: %2', since, parts);
  }
  return since === 0
    ? trans.__('Since the start: %1, of it %2', signed(bytes), parts)
    : trans.__('Since In [%1]: %2, of it %3', since, signed(bytes), parts);
}

function grownName(
  { kind, name }: IGrownPart,
  trans: TranslationBundle
): string {
  switch (kind) {
    case 'variable':
      return quotedName(name, trans);
    case 'hoard':
      return hoardKind(name, trans) ?? name;
    case 'part':
      return partName(name, trans) ?? name;
  }
}

function signed(bytes: number): string {
  const sign = bytes < 0 ? '\u2212' : '+';
  return sign + formatBytes(Math.abs(bytes));
}
