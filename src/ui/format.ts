/** Figures and ages as people read them. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { figureKind, likelyBytes } from '../model/figures';
import type { IFigure } from '../tokens';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** How all figures are written: a BCP 47 tag; undefined is the browser's. */
let language: string | undefined;

/**
 * Write figures as the application's language does, wherever they stand.
 *
 * @param code - The language as a translator names it, such as `de_DE`; the
 * browser's is taken for what names none.
 */
export function setLanguage(code: string): void {
  try {
    [language] = Intl.getCanonicalLocales(code.replace('_', '-'));
  } catch {
    language = undefined;
  }
}

/**
 * A number of bytes in the unit that keeps it at four digits, one of them
 * after the point. More would be wider than a narrow panel has room for.
 *
 * @param bytes - How many bytes; below zero counts as zero.
 * @returns such as `762.9 MiB`.
 */
export function formatBytes(bytes: number): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  // 999.95 would be printed as 1,000: it belongs to the next unit.
  while (value >= (unit === 0 ? 1024 : 999.95) && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = new Intl.NumberFormat(language, {
    maximumFractionDigits: unit === 0 ? 0 : 1
  });
  return `${digits.format(value)} ${UNITS[unit]}`;
}

/**
 * How long ago something was. Seconds would be out of date as soon as a person
 * has read them.
 *
 * @param seconds - The age in seconds.
 * @returns such as `3 min`.
 */
export function formatAge(seconds: number): string {
  const [value, unit] =
    seconds < 3600
      ? [seconds / 60, 'minute']
      : seconds < 86400
        ? [seconds / 3600, 'hour']
        : [seconds / 86400, 'day'];
  const text = new Intl.NumberFormat(language, {
    style: 'unit',
    unit,
    unitDisplay: 'short',
    maximumFractionDigits: 0
  }).format(Math.max(1, Math.floor(value)));
  return value < 1 ? `< ${text}` : text;
}

/**
 * A share as a whole percentage.
 *
 * @param share - From 0 to 1.
 */
export function formatShare(share: number): string {
  return new Intl.NumberFormat(language, {
    style: 'percent',
    maximumFractionDigits: 0
  }).format(share);
}

/**
 * How many there are of something.
 *
 * @param count - A whole number.
 */
export function formatCount(count: number): string {
  return new Intl.NumberFormat(language).format(count);
}

/**
 * A size in words. Whatever shows one, shows it so.
 *
 * @param figure - What is known of it.
 * @param trans - The words.
 */
export function figureText(figure: IFigure, trans: TranslationBundle): string {
  const text = formatBytes(likelyBytes(figure));
  switch (figureKind(figure)) {
    case 'exact':
      return text;
    case 'about':
      return trans.__('about %1', text);
    case 'at-least':
      return trans.__('at least %1', text);
    case 'at-most':
      return trans.__('up to %1', formatBytes(figure.most_bytes ?? 0));
    case 'at-most-about':
      return trans.__('up to about %1', formatBytes(figure.most_bytes ?? 0));
    case 'maybe':
      return trans.__('maybe %1', formatBytes(figure.seen_bytes ?? 0));
    case 'unknown':
      return trans.__('size unknown');
  }
}
