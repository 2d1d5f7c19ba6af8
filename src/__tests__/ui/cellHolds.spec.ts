import { holdsByCell } from '../../ui/cellHolds';

function holds(
  pushed: [number, string, number][],
  ids: [number, string][],
  shown: [string, number | null][]
) {
  const byCell = holdsByCell(
    new Map(pushed.map(([number, key, bytes]) => [number, { key, bytes }])),
    new Map(ids),
    new Map(shown)
  );
  return [...byCell].map(([id, { bytes, numbers }]) => [
    id,
    [...bytes.values()].reduce((sum, each) => sum + each, 0),
    numbers
  ]);
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
});
