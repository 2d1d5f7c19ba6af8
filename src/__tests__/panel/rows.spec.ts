import { nullTranslator } from '@jupyterlab/translation';
import { isVariableName } from '../../panel/results/pythonName';
import {
  DEFAULT_SORT,
  filterEntries,
  groupLabel,
  groupNames,
  nextSort,
  rowLabel,
  sortEntries
} from '../../panel/results/rows';
import { entriesOf } from '../../model/entries';
import { keptByText, rowSentence } from '../../panel/sentences';
import { aGroup, aReport, aRow } from '../fakes/rows';

const trans = nullTranslator.load('jupyter_memguard');

describe('the order and the filter', () => {
  const rows = [
    aRow(1, 0, { type: 'list', source: 'b' }),
    aRow(2, 50, { type: 'dict', source: 'c', variables: ['df'] }),
    aRow(3, 50, { type: 'str', source: 'a' })
  ];
  const entries = entriesOf(aReport(rows));
  const keys = (some: readonly { key: string }[]) => some.map(({ key }) => key);

  it('has what frees most first, and of equals the newest', () => {
    expect(keys(sortEntries(entries, DEFAULT_SORT))).toEqual([
      'k3',
      'k2',
      'k1'
    ]);
  });

  it.each([
    ['result', ['k1', 'k2', 'k3']],
    ['type', ['k2', 'k1', 'k3']],
    ['age', ['k3', 'k2', 'k1']]
  ] as const)('sorts by %s', (column, expected) => {
    expect(keys(sortEntries(entries, { column, descending: false }))).toEqual(
      expected
    );
    expect(keys(sortEntries(entries, { column, descending: true }))).toEqual(
      [...expected].reverse()
    );
  });

  it('sorts by where the cells stand, and what has no cell last', () => {
    const places = new Map([
      ['cell-3', 0],
      ['cell-1', 4],
      ['cell-5', 5]
    ]);
    const more = entriesOf(aReport([...rows, aRow(4, 0, { cell_id: null })]));
    const by = (descending: boolean) =>
      keys(sortEntries(more, { column: 'cell', descending }, places));
    expect(by(false)).toEqual(['k3', 'k1', 'k4', 'k2']);
    expect(by(true)).toEqual(['k1', 'k3', 'k4', 'k2']);
  });

  it('goes by estimates, not by what is certain', () => {
    const unsure = { exact: false, estimate_bytes: 80 };
    const some = entriesOf(aReport([aRow(1, 50), aRow(2, 5, unsure)]));
    expect(keys(sortEntries(some, DEFAULT_SORT))).toEqual(['k2', 'k1']);
    expect(keys(filterEntries(some, { text: '', minBytes: 60 }))).toEqual([
      'k2'
    ]);
  });

  it('turns round at a second press', () => {
    const first = nextSort(DEFAULT_SORT, 'type');
    expect(first).toEqual({ column: 'type', descending: false });
    expect(nextSort(first, 'type').descending).toBe(true);
  });

  it('finds words anywhere in a row, and sizes', () => {
    const find = (text: string, minBytes = 0) =>
      keys(filterEntries(entries, { text, minBytes }));
    expect(find('DF dict')).toEqual(['k2']);
    expect(find('out[3]')).toEqual(['k3']);
    expect(find('', 1)).toEqual(['k2', 'k3']);
    expect(find('list', 1)).toEqual([]);
  });

  it('names a row by its numbers, or by who holds it', () => {
    expect(rowLabel(aRow(4, 0, { numbers: [4, 6, 9] }))).toBe(
      'Out[4], Out[6] +1'
    );
    expect(rowLabel(aRow(4, 0, { numbers: [], holders: ['_'] }))).toBe('_');
  });

  it('takes a group by what all of it frees', () => {
    const shared = [aRow(4, 5), aRow(5, 80, { source: 'needle' }), aRow(6, 0)];
    const groups = [aGroup([shared[0], shared[2]], 90)];
    const both = entriesOf(aReport(shared, { groups }));
    const group = 'group:k4';
    expect(keys(sortEntries(both, DEFAULT_SORT))).toEqual([group, 'k5']);
    const newest = { column: 'result', descending: true } as const;
    const [head] = sortEntries(both, newest);
    expect(head.key).toBe(group);
    expect(keys(head.rows)).toEqual(['k6', 'k4']);
    expect(groupLabel(head)).toBe('Out[4], [6]');
    const find = (text: string, minBytes: number) =>
      keys(filterEntries(both, { text, minBytes }));
    expect(find('', 85)).toEqual([group]);
    // A group is there whole where one of its results matches.
    expect(find('source_6', 0)).toEqual([group]);
    expect(
      filterEntries(both, { text: 'source_6', minBytes: 0 })[0].rows
    ).toHaveLength(2);
    expect(find('needle', 85)).toEqual([]);
  });

  it('counts the members of a group that it does not name', () => {
    const rows = [1, 2, 3, 4].map(number => aRow(number, 0));
    const group = { ...aGroup(rows, 9), keys: ['k1', 'k2', 'k3', 'k4', 'far'] };
    const [entry] = entriesOf(aReport(rows, { groups: [group] }));
    expect(groupLabel(entry)).toBe('Out[1], [2], [3] +2');
  });

  it('names no more members of a group than a tooltip has room for', () => {
    const all = Array.from({ length: 60 }, (_, n) => aRow(n, 1));
    const groups = [aGroup(all, 99)];
    const [entry] = entriesOf(aReport(all, { groups }));
    const names = groupNames(entry);
    expect(names).toMatch(/^Out\[0\], Out\[1\], /);
    expect(names).toMatch(/Out\[49\] \+10$/);
  });
});

describe('rowSentence', () => {
  it.each([
    [aRow(1, 0, { variables: ['df'] }), '`df` still uses it'],
    [
      aRow(1, 0, { variables: ['a', 'b', 'c', 'd'] }),
      '`a`, `b`, `c` and 1 more still use it'
    ],
    [aRow(1, 0, { shared_variables: ['df'] }), 'shares memory with `df`'],
    [
      aRow(1, 0, { variables: ['a'], shared_variables: ['b'] }),
      '`a` still uses it; shares memory with `b`'
    ],
    [
      aRow(1, 0, {
        shared_variables: ['a', 'b'],
        view: true,
        size_bytes: 200_000_000
      }),
      'view of `a`, 190.7 MiB'
    ],
    // The head of its group says it.
    [aRow(1, 0, { shared_with: ['k7'] }), null],
    [aRow(1, 5, { notes: ['cut'], exact: false }), null],
    [aRow(1, 0, { notes: ['cut'], exact: false }), null],
    [aRow(1, 0), 'something else still uses it: nothing comes back now'],
    // Python keeps its constants for itself.
    [aRow(1, 0, { type: 'int', size_bytes: 28 }), null],
    [aRow(1, 0, { type: 'str', size_bytes: 45 }), null],
    [aRow(1, 0, { type: 'NoneType', size_bytes: 16 }), null],
    [aRow(1, 0, { type: 'tuple', size_bytes: 40 }), null],
    [
      aRow(1, 0, { type: 'str', size_bytes: 5_000_000 }),
      'something else still uses it: nothing comes back now'
    ],
    [aRow(1, 5), null]
  ])('of row %#', (row, expected) => {
    expect(rowSentence(row, trans)).toBe(expected);
  });
});

describe('keptByText', () => {
  it.each([
    [['Out[3]', '_3', '_'], 'IPython\u2019s Out[3], `_3`, `_`'],
    [
      ['Out[3]', "user_ns_hidden['_3']"],
      'IPython\u2019s Out[3]; a hidden copy'
    ],
    [
      ["user_ns_hidden['_3']", 'last_execution_result.result'],
      '2 hidden copies of IPython'
    ]
  ])('of %j', (holders, expected) => {
    expect(keptByText(holders, trans)).toBe(expected);
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
