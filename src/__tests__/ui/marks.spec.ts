import type { JupyterFrontEnd } from '@jupyterlab/application';
import { CellMarks, holdsByCell } from '../../ui/marks';
import { marksPlugin } from '../../plugins/marks';
import { FakeMemguard } from '../fakes';
import { aDocument, FakeKernel, until } from '../memory/fakes';

jest.mock('../../ui/marks', () => ({
  ...jest.requireActual('../../ui/marks'),
  CellMarks: jest.fn(() => ({ dispose: () => undefined }))
}));

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

it('marks documents behind others too, as when a page is loaded', async () => {
  const [front, behind] = ['a', 'b'].map(
    name => aDocument(`${name}.ipynb`, new FakeKernel(name)).watched
  );
  const memguard = new FakeMemguard(front);
  const made = jest.mocked(CellMarks).mock.calls;
  await marksPlugin.activate({} as JupyterFrontEnd, memguard, null, null);
  await until(() => made.length > 0);
  memguard.open(behind);
  await until(() => made.length > 1);
  expect(made.map(([watched]) => watched)).toEqual([front, behind]);
});
