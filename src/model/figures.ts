/** What is known of a size, and which figure stands for it. */

import type { IFigure } from '../tokens';
import type { IReport } from '../wire/protocol';

/** How a size is told. */
export type FigureKind =
  | 'exact'
  | 'about'
  | 'at-least'
  | 'at-most'
  /** An upper bound that is itself an estimate. */
  | 'at-most-about'
  /** What was seen so far, most of which may be in use elsewhere. */
  | 'maybe'
  | 'unknown';

/** A bound under this tells nothing of a size. */
const LEAST_BOUND = 64 * 1024;

/** With these notes it is not known whether all was looked at. */
const UNFINISHED = new Set(['cut', 'moving', 'error']);

/** With these notes there is more than was seen. */
const HIDING = new Set(['opaque', 'mapped']);

/** How far what something keeps alive was seen. */
type Sight = 'all' | 'at-least' | 'about';

/** How far it was seen; without notes, all of it only if that is exact. */
function sightOf({ exact, notes }: Pick<IFigure, 'exact' | 'notes'>): Sight {
  if (exact) {
    return 'all';
  }
  if (notes === undefined || notes.some(note => UNFINISHED.has(note))) {
    return 'about';
  }
  return notes.some(note => HIDING.has(note)) ? 'at-least' : 'all';
}

/**
 * How a size is told: as what it is, as an estimate, as a lower bound if that
 * is of use, as an upper bound likewise, or not at all. Where most of it is in
 * doubt, what was seen so far is all that there is to tell.
 */
export function figureKind(figure: IFigure): FigureKind {
  const { bytes, exact, estimate_bytes: estimate = null } = figure;
  const { most_bytes: most = 0 } = figure;
  if (exact) {
    return 'exact';
  }
  if (figure.seen_bytes !== undefined) {
    return 'maybe';
  }
  if (estimate !== null && Math.max(bytes, estimate) > 0) {
    return 'about';
  }
  if (bytes >= LEAST_BOUND) {
    return 'at-least';
  }
  const sight = sightOf(figure);
  // What hides more than was seen has no upper bound.
  if (most < LEAST_BOUND || sight === 'at-least') {
    return 'unknown';
  }
  return sight === 'all' ? 'at-most' : 'at-most-about';
}

/** The bytes by which a size is sorted, filtered and compared. */
export function likelyBytes(figure: IFigure): number {
  const { bytes, exact, estimate_bytes: estimate } = figure;
  return exact ? bytes : Math.max(bytes, estimate ?? 0);
}

/** Whether a figure tells how large something is, not only a bound of it. */
export function isKnown(figure: IFigure): boolean {
  const kind = figureKind(figure);
  return kind === 'exact' || kind === 'about';
}

/** Whether no more is known of a figure than what it may be. */
export function isOnlyPossible(figure: IFigure): boolean {
  const kind = figureKind(figure);
  return kind === 'at-most' || kind === 'at-most-about' || kind === 'maybe';
}

/** Whether a figure tells how much something frees, and that it does. */
export function frees(figure: IFigure): boolean {
  return (
    figureKind(figure) !== 'unknown' &&
    !isOnlyPossible(figure) &&
    likelyBytes(figure) > 0
  );
}

/** What the kernel tells of a row, a group or a variable. */
interface ITold {
  readonly freed_bytes: number;
  readonly exact: boolean;
  readonly estimate_bytes: number | null;
  readonly notes?: readonly string[];
  readonly size_bytes?: number;
  readonly seen_bytes?: number | null;
}

/** What a row, a group or a variable frees. */
export function freedBy(told: ITold): IFigure {
  const { freed_bytes: bytes, exact, estimate_bytes, notes } = told;
  const { size_bytes: most_bytes, seen_bytes: seen } = told;
  const seen_bytes = seen ?? undefined;
  return { bytes, exact, estimate_bytes, notes, most_bytes, seen_bytes };
}

/** What a row or a variable keeps alive, with what others share. */
export function sizeOf(
  told: Pick<ITold, 'exact' | 'notes'> & { readonly size_bytes: number }
): IFigure {
  const { size_bytes: bytes, notes } = told;
  switch (sightOf(told)) {
    case 'all':
      return { bytes, exact: true };
    case 'at-least':
      return { bytes, exact: false, notes };
    case 'about':
      // So little says nothing of what was not looked at.
      return bytes < LEAST_BOUND
        ? { bytes: 0, exact: false, notes }
        : { bytes: 0, exact: false, estimate_bytes: bytes, notes };
  }
}

/** What all results of a report free together. */
export function totalOf(
  report: Pick<
    IReport,
    | 'freed_bytes_all'
    | 'exact_all'
    | 'estimate_bytes_all'
    | 'seen_bytes_all'
    | 'notes_all'
  >
): IFigure {
  return {
    bytes: report.freed_bytes_all,
    exact: report.exact_all,
    estimate_bytes: report.estimate_bytes_all,
    seen_bytes: report.seen_bytes_all ?? undefined,
    notes: report.notes_all
  };
}
