import {
  figureKind,
  freedBy,
  frees,
  isOnlyPossible,
  likelyBytes,
  sizeOf,
  totalOf
} from '../../model/figures';
import type { IFigure } from '../../tokens';

const KIB = 1024;
const LITTLE = 64 * KIB - 1;
const ENOUGH = 64 * KIB;

/** A figure that is not exact. */
function bound(bytes: number, more: Partial<IFigure> = {}): IFigure {
  return { bytes, exact: false, ...more };
}

describe('how a size is told', () => {
  it.each<[string, IFigure]>([
    ['exact', { bytes: 0, exact: true }],
    ['exact', { bytes: 1, exact: true, estimate_bytes: 5 }],
    ['about', bound(0, { estimate_bytes: 1 })],
    ['about', bound(1, { estimate_bytes: 0 })],
    ['about', bound(ENOUGH, { estimate_bytes: 0 })],
    ['unknown', bound(0, { estimate_bytes: 0 })],
    ['unknown', bound(0, { estimate_bytes: null })],
    ['unknown', bound(LITTLE)],
    ['at-least', bound(ENOUGH)],
    ['at-least', bound(ENOUGH, { notes: ['cut'], most_bytes: 9 * ENOUGH })],
    ['unknown', bound(0, { notes: [], most_bytes: LITTLE })],
    ['at-most', bound(0, { notes: [], most_bytes: ENOUGH })],
    ['at-most', bound(0, { notes: ['shared'], most_bytes: ENOUGH })],
    ['at-most-about', bound(0, { most_bytes: ENOUGH })],
    ['at-most-about', bound(0, { notes: ['cut'], most_bytes: ENOUGH })],
    ['at-most-about', bound(0, { notes: ['moving'], most_bytes: ENOUGH })],
    ['at-most-about', bound(0, { notes: ['error'], most_bytes: ENOUGH })],
    [
      'at-most-about',
      bound(0, { notes: ['opaque', 'cut'], most_bytes: ENOUGH })
    ],
    ['unknown', bound(0, { notes: ['opaque'], most_bytes: ENOUGH })],
    ['unknown', bound(0, { notes: ['shared', 'mapped'], most_bytes: ENOUGH })],
    [
      'maybe',
      bound(ENOUGH, {
        estimate_bytes: 2 * ENOUGH,
        notes: ['cut'],
        seen_bytes: 9 * ENOUGH
      })
    ]
  ])('as %s: %j', (kind, figure) => {
    expect(figureKind(figure)).toBe(kind);
    expect(isOnlyPossible(figure)).toBe(/^at-most|^maybe$/.test(kind));
  });
});

describe('what is in doubt', () => {
  it('is told as what was seen, whatever the estimate is', () => {
    const figure = freedBy({
      freed_bytes: 0,
      exact: false,
      estimate_bytes: ENOUGH,
      notes: ['cut'],
      size_bytes: 5 * ENOUGH,
      seen_bytes: 3 * ENOUGH
    });
    expect(figureKind(figure)).toBe('maybe');
    expect(figure.seen_bytes).toBe(3 * ENOUGH);
    expect(figureKind({ ...figure, seen_bytes: undefined })).toBe('about');
  });

  it('is the headline as well', () => {
    const total = totalOf({
      freed_bytes_all: LITTLE,
      exact_all: false,
      estimate_bytes_all: null,
      seen_bytes_all: 9 * ENOUGH,
      notes_all: ['cut']
    });
    expect(figureKind(total)).toBe('maybe');
    expect(total.seen_bytes).toBe(9 * ENOUGH);
  });
});

describe('likelyBytes', () => {
  it.each<[number, IFigure]>([
    [3, { bytes: 3, exact: true, estimate_bytes: 9 }],
    [9, bound(3, { estimate_bytes: 9 })],
    [3, bound(3, { estimate_bytes: 1 })],
    [3, bound(3, { estimate_bytes: null })]
  ])('are %d of %j', (bytes, figure) => {
    expect(likelyBytes(figure)).toBe(bytes);
  });
});

describe('a figure tells that something is freed', () => {
  it.each<[boolean, IFigure]>([
    [true, { bytes: 1, exact: true }],
    [false, { bytes: 0, exact: true }],
    [true, bound(0, { estimate_bytes: 1 })],
    [true, bound(ENOUGH)],
    [false, bound(LITTLE)],
    [false, bound(1, { notes: [], most_bytes: ENOUGH })],
    [false, bound(1, { most_bytes: ENOUGH })]
  ])('%s: %j', (isTold, figure) => {
    expect(frees(figure)).toBe(isTold);
  });
});

describe('what something keeps alive', () => {
  it.each<[IFigure, Parameters<typeof sizeOf>[0]]>([
    [
      { bytes: 5, exact: true },
      { size_bytes: 5, exact: true, notes: ['cut'] }
    ],
    [
      { bytes: 5, exact: true },
      { size_bytes: 5, exact: false, notes: ['shared'] }
    ],
    [
      { bytes: 5, exact: false, notes: ['mapped'] },
      { size_bytes: 5, exact: false, notes: ['mapped'] }
    ],
    [
      { bytes: 0, exact: false, notes: ['cut'] },
      { size_bytes: LITTLE, exact: false, notes: ['cut'] }
    ],
    [
      { bytes: 0, exact: false, estimate_bytes: ENOUGH, notes: ['cut'] },
      { size_bytes: ENOUGH, exact: false, notes: ['cut'] }
    ],
    [
      { bytes: 0, exact: false, estimate_bytes: ENOUGH, notes: undefined },
      { size_bytes: ENOUGH, exact: false }
    ]
  ])('is %j for %j', (figure, told) => {
    expect(sizeOf(told)).toEqual(figure);
  });
});
