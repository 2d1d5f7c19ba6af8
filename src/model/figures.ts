/** What is known of a size, and which figure stands for it. */

import type { IPart, IReport } from '../wire/protocol';

/** A size as the kernel tells it. */
export interface IFigure {
  /** All of it if `exact`; else the part that is certain. */
  readonly bytes: number;
  readonly exact: boolean;
  /** What it likely is; absent or null if there is no estimate. */
  readonly estimate_bytes?: number | null;
  /** What it can be at most; absent where that is not known. */
  readonly most_bytes?: number;
}

/** How a size is told. */
export type FigureKind = 'exact' | 'about' | 'at-least' | 'at-most' | 'unknown';

/** A bound under this tells nothing of a size. */
const LEAST_BOUND = 64 * 1024;

/**
 * How a size is told: as what it is, as an estimate, as a lower bound if that
 * is of use, as an upper bound likewise, or not at all.
 */
export function figureKind(figure: IFigure): FigureKind {
  const { bytes, exact, estimate_bytes: estimate = null } = figure;
  const { most_bytes: most = 0 } = figure;
  if (exact) {
    return 'exact';
  }
  if (estimate !== null && Math.max(bytes, estimate) > 0) {
    return 'about';
  }
  if (bytes >= LEAST_BOUND) {
    return 'at-least';
  }
  return most >= LEAST_BOUND ? 'at-most' : 'unknown';
}

/** The bytes by which a size is sorted, filtered and compared. */
export function likelyBytes(figure: IFigure): number {
  const { bytes, exact, estimate_bytes: estimate } = figure;
  return exact ? bytes : Math.max(bytes, estimate ?? 0);
}

/** Whether a figure tells how much something frees, and that it does. */
export function frees(figure: IFigure): boolean {
  const kind = figureKind(figure);
  return kind !== 'unknown' && kind !== 'at-most' && likelyBytes(figure) > 0;
}

/** What a row, a group or a variable frees. */
export function freedBy(entry: {
  freed_bytes: number;
  exact: boolean;
  estimate_bytes: number | null;
  size_bytes?: number;
}): IFigure {
  const { freed_bytes: bytes, exact, estimate_bytes, size_bytes } = entry;
  return { bytes, exact, estimate_bytes, most_bytes: size_bytes };
}

/** What all results of a report free together. */
export function totalOf(
  report: Pick<IReport, 'freed_bytes_all' | 'exact_all' | 'estimate_bytes_all'>
): IPart {
  return {
    bytes: report.freed_bytes_all,
    exact: report.exact_all,
    estimate_bytes: report.estimate_bytes_all
  };
}
