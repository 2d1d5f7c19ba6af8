import { nullTranslator } from '@jupyterlab/translation';
import { isVariableName } from '../../panel/results/pythonName';
import {
  DEFAULT_SORT,
  filterRows,
  nextSort,
  rowLabel,
  sortRows,
  together
} from '../../panel/results/rows';
import { rowSentence } from '../../panel/sentences';
import { aRow } from '../fakes/rows';

const trans = nullTranslator.load('jupyter_memguard');

describe('the order and the filter', () => {
  const rows = [
    aRow(1, 0, { type: 'list', source: 'b' }),
    aRow(2, 50, { type: 'dict', source: 'c', variables: ['df'] }),
    aRow(3, 50, { type: 'str', source: 'a' })
  ];
  const keys = (some: readonly { key: string }[]) => some.map(({ key }) => key);

  it('has what frees most first, and of equals the newest', () => {
    expect(keys(sortRows(rows, DEFAULT_SORT))).toEqual(['k3', 'k2', 'k1']);
  });

  it.each([
    ['result', ['k1', 'k2', 'k3']],
    ['type', ['k2', 'k1', 'k3']],
    ['cell', ['k3', 'k1', 'k2']],
    ['age', ['k3', 'k2', 'k1']]
  ] as const)('sorts by %s', (column, expected) => {
    expect(keys(sortRows(rows, { column, descending: false }))).toEqual(
      expected
    );
    expect(keys(sortRows(rows, { column, descending: true }))).toEqual(
      [...expected].reverse()
    );
  });

  it('turns round at a second press', () => {
    const first = nextSort(DEFAULT_SORT, 'type');
    expect(first).toEqual({ column: 'type', descending: false });
    expect(nextSort(first, 'type').descending).toBe(true);
  });

  it('finds words anywhere in a row, and sizes', () => {
    const find = (text: string, minBytes = 0) =>
      keys(filterRows(rows, { text, minBytes }));
    expect(find('DF dict')).toEqual(['k2']);
    expect(find('out[3]')).toEqual(['k3']);
    expect(find('', 1)).toEqual(['k2', 'k3']);
    expect(find('list', 1)).toEqual([]);
  });

  it('names a row by its numbers, or by who holds it', () => {
    expect(rowLabel(aRow(4, 0, { numbers: [4, 6, 9] }))).toBe('Out[4] +2');
    expect(rowLabel(aRow(4, 0, { numbers: [], holders: ['_'] }))).toBe('_');
  });

  it('does not promise more than the sum', () => {
    expect(together(rows)).toEqual({ bytes: 100, exact: true });
    const shared = [aRow(1, 0, { shared_with: ['k2'] }), aRow(2, 5)];
    expect(together(shared)).toEqual({ bytes: 5, exact: false });
  });
});

describe('rowSentence', () => {
  it.each([
    [aRow(1, 0, { variables: ['df'] }), '`df` still uses it'],
    [
      aRow(1, 0, { variables: ['a', 'b', 'c', 'd'] }),
      '`a`, `b`, `c` and 1 more still use it'
    ],
    [aRow(1, 0, { shared_with: ['k7'] }), 'shared with Out[7]'],
    [aRow(1, 5, { notes: ['cut'], exact: false }), null],
    [aRow(1, 0, { notes: ['cut'], exact: false }), null],
    [aRow(1, 0), 'something else still uses it: nothing comes back now'],
    [aRow(1, 5), null]
  ])('of row %#', (row, expected) => {
    const partners = row.shared_with.length > 0 ? [aRow(7, 0)] : [];
    expect(rowSentence(row, partners, trans)).toBe(expected);
  });
});

describe('isVariableName', () => {
  it.each(['x', 'rescued_1', 'größe', '数据'])('takes %s', name => {
    expect(isVariableName(name)).toBe(true);
  });
  it.each(['', '1x', '_x', 'a b', 'class', 'a.b', 'a-b', 'x;y'])(
    'refuses %p',
    name => {
      expect(isVariableName(name)).toBe(false);
    }
  );
});
