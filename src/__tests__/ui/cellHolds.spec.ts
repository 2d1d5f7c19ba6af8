import { likelyBytes } from '../../model/figures';
import {
  figureOf,
  holdsByCell,
  isShared,
  keysOf,
  type ICellHold
} from '../../ui/cellHolds';
import { aPart } from '../fakes/rows';

const bytesOf = (hold: ICellHold): number => likelyBytes(figureOf(hold));

function holds(
  pushed: [number, string, number][],
  ids: [number, string][],
  shown: [string, number | null][]
) {
  const byCell = holdsByCell(
    new Map(
      pushed.map(([number, key, bytes]) => [
        number,
        { key, figure: aPart(bytes) }
      ])
    ),
    new Map(ids),
    new Map(shown)
  );
  return [...byCell].map(([id, hold]) => [id, bytesOf(hold), hold.numbers]);
}

describe('holdsByCell', () => {
  it('gives a result to the cell that ran', () => {
    expect(holds([[5, 'k', 80]], [[5, 'a']], [['a', 5]])).toEqual([
      ['a', 80, [5]]
    ]);
  });

  it('gives it to the cell that shows its number if the cell is not known', () => {
    expect(holds([[5, 'k', 80]], [], [['b', 5]])).toEqual([['b', 80, [5]]]);
    expect(holds([[5, 'k', 80]], [], [['b', null]])).toEqual([]);
  });

  it('does not guess where two cells show the number, of which one is an earlier kernel’s', () => {
    const shown: [string, number][] = [
      ['a', 5],
      ['old', 5]
    ];
    expect(holds([[5, 'k', 80]], [], shown)).toEqual([]);
  });

  it('does not take a number of an earlier kernel for the cell that ran', () => {
    expect(
      holds(
        [[5, 'k', 80]],
        [[5, 'a']],
        [
          ['a', 5],
          ['old', 5]
        ]
      )
    ).toEqual([['a', 80, [5]]]);
  });

  it('adds up the runs of one cell, an object once', () => {
    expect(
      holds(
        [
          [5, 'k', 80],
          [6, 'l', 20],
          [7, 'l', 20]
        ],
        [
          [5, 'a'],
          [6, 'a'],
          [7, 'a']
        ],
        [['a', 7]]
      )
    ).toEqual([['a', 100, [5, 6, 7]]]);
  });

  it('gives each cell of a group what all of it frees, and its keys', () => {
    const group = ['k', 'l'];
    const pushed = new Map([
      [5, { key: 'k', figure: aPart(80), group }],
      [6, { key: 'l', figure: aPart(80), group }],
      [7, { key: 'm', figure: aPart(10) }]
    ]);
    const ids = new Map([
      [5, 'a'],
      [6, 'b'],
      [7, 'b']
    ]);
    const byCell = holdsByCell(pushed, ids, new Map());
    expect(bytesOf(byCell.get('a')!)).toBe(80);
    expect(keysOf(byCell.get('a')!)).toEqual(group);
    expect(isShared(byCell.get('a')!)).toBe(true);
    expect(bytesOf(byCell.get('b')!)).toBe(90);
    expect(keysOf(byCell.get('b')!)).toEqual([...group, 'm']);
  });

  it('counts a group once in a cell that has several of it', () => {
    const group = ['k', 'l'];
    const pushed = new Map([
      [5, { key: 'k', figure: aPart(80), group }],
      [6, { key: 'l', figure: aPart(80), group }]
    ]);
    const ids = new Map([
      [5, 'a'],
      [6, 'a']
    ]);
    expect(bytesOf(holdsByCell(pushed, ids, new Map()).get('a')!)).toBe(80);
  });

  it('takes a large group in at once, however many its cells have of it', () => {
    const group = Array.from({ length: 10_000 }, (_, n) => `k${n}`);
    const figure = aPart(80);
    const pushed = new Map(
      group.map((key, number) => [number, { key, figure, group }])
    );
    const ids = new Map(group.map((_, number) => [number, `c${number % 2}`]));
    const began = performance.now();
    const byCell = holdsByCell(pushed, ids, new Map());
    expect(performance.now() - began).toBeLessThan(500);
    expect(keysOf(byCell.get('c0')!)).toHaveLength(10_000);
  });
});
