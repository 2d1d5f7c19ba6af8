import * as React from 'react';
import type { IRow } from '../../wire/protocol';
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
import { Results } from '../../panel/results/table';
import { aReport, aRow, aView } from '../fakes';
import {
  button,
  cleanUp,
  doing,
  layOut,
  one,
  press,
  render,
  type
} from '../render';
import { nullTranslator } from '@jupyterlab/translation';

beforeAll(() => layOut(600));
afterEach(cleanUp);

const trans = nullTranslator.load('jupyter_memguard');

function rowsOf(host: HTMLElement): HTMLElement[] {
  return [...host.querySelectorAll<HTMLElement>('[role=row][data-key]')].sort(
    (a, b) =>
      Number(a.getAttribute('aria-rowindex')) -
      Number(b.getAttribute('aria-rowindex'))
  );
}

function keysOf(host: HTMLElement): string[] {
  return rowsOf(host).map(row => row.dataset.key!);
}

async function aTable(
  report = aReport([aRow(1, 10), aRow(2, 30), aRow(3, 20)]),
  more: IRow[][] = []
) {
  const { view, model } = aView();
  model.report = report;
  model.more = more;
  const visited: string[] = [];
  const host = await render(
    <Results
      view={view}
      goTo={async (_, row) => {
        visited.push(row.key);
        return 'deleted';
      }}
    />
  );
  return { view, model, host, visited };
}

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

describe('Results', () => {
  it('draws what the report has, what frees most first', async () => {
    const { host } = await aTable();
    expect(keysOf(host)).toEqual(['k2', 'k3', 'k1']);
    const [first] = rowsOf(host);
    expect(first.dataset.bytes).toBe('30');
    expect(first.dataset.numbers).toBe('2');
    const grid = one(host, '[role=treegrid]');
    expect(grid.getAttribute('aria-rowcount')).toBe('4');
  });

  it('sorts at a press on a head, and says so', async () => {
    const { host } = await aTable();
    const head = one(host, '[role=columnheader].jp-Memguard-cellResult');
    await doing(() => one(head, 'button').click());
    expect(head.getAttribute('aria-sort')).toBe('descending');
    expect(keysOf(host)).toEqual(['k3', 'k2', 'k1']);
    await doing(() => one(head, 'button').click());
    expect(head.getAttribute('aria-sort')).toBe('ascending');
    expect(keysOf(host)).toEqual(['k1', 'k2', 'k3']);
  });

  it('filters by text', async () => {
    const { host } = await aTable();
    await type(one(host, 'input[type=search]'), 'source_3');
    expect(keysOf(host)).toEqual(['k3']);
    await type(one(host, 'input[type=search]'), 'nowhere');
    expect(host.textContent).toContain('No result matches the filter.');
  });

  it('releases one row', async () => {
    const { host, model } = await aTable();
    await doing(() => button(host, 'Release Out[2]').click());
    expect(model.released).toEqual([{ kind: 'keys', keys: ['k2'] }]);
  });

  it('says that a cell cannot be found where the way to it fails', async () => {
    const { view, model } = aView();
    model.report = aReport([aRow(1, 10)]);
    const host = await render(
      <Results view={view} goTo={() => Promise.reject(new Error('no chunk'))} />
    );
    await doing(() => one(host, '.jp-Memguard-source').click());
    expect(host.textContent).toContain('It is not known which cell');
  });

  it('says why there are no rows in a place that was there before', async () => {
    const { host, model } = await aTable();
    const region = one(host, '[role=status]');
    expect(region.textContent).toBe('');
    await doing(() => model.agent.setState({ kind: 'dead' }));
    expect(region.isConnected).toBe(true);
    expect(region.textContent).toContain('The kernel has died');
  });

  it('does it all with the keyboard', async () => {
    const { host, model, view } = await aTable();
    const active = () => (document.activeElement as HTMLElement).dataset.key;
    await doing(() => rowsOf(host)[0].focus());
    await press(document.activeElement!, 'ArrowDown');
    expect(active()).toBe('k3');
    await press(document.activeElement!, 'End');
    expect(active()).toBe('k1');
    await press(document.activeElement!, 'Home');
    expect(active()).toBe('k2');
    expect(host.querySelectorAll('[role=row][tabindex="0"]')).toHaveLength(1);
    await press(document.activeElement!, ' ');
    await press(document.activeElement!, 'ArrowDown');
    await press(document.activeElement!, ' ');
    expect(one(host, '.jp-Memguard-selection').dataset.count).toBe('2');
    // What the key for it does.
    const release = () =>
      doing(() => view.ask({ what: 'release-selected', key: 'k3' }));
    await release();
    expect(model.released).toEqual([{ kind: 'keys', keys: ['k2', 'k3'] }]);
    await press(document.activeElement!, 'Escape');
    expect(host.querySelector('.jp-Memguard-selection')).toBeNull();
    await release();
    expect(model.released[1]).toEqual({ kind: 'keys', keys: ['k3'] });
  });

  it('keeps the row with the focus drawn when it is scrolled away', async () => {
    const rows = Array.from({ length: 500 }, (_, n) => aRow(n, 10_000 - n));
    const { host } = await aTable(aReport(rows));
    await doing(() => rowsOf(host)[0].focus());
    const grid = one(host, '[role=treegrid]');
    await doing(() => {
      grid.scrollTop = 10_000;
      grid.dispatchEvent(new Event('scroll'));
    });
    expect(keysOf(host)).toContain('k220');
    expect(keysOf(host)).not.toContain('k20');
    expect((document.activeElement as HTMLElement).dataset.key).toBe('k0');
  });

  it('asks the kernel what rows that share memory free together', async () => {
    const report = aReport([
      aRow(5, 0, { shared_with: ['k7'] }),
      aRow(7, 0, { shared_with: ['k5'] }),
      aRow(9, 5)
    ]);
    const { view, model } = aView();
    model.report = report;
    model.agent.answer = { ...report, freed_bytes_all: 80 * 1024 * 1024 };
    view.isSeen = false;
    const host = await render(
      <Results view={view} goTo={async () => 'same'} />
    );
    expect(model.agent.asked).toEqual([]);
    await doing(() => {
      view.isSeen = true;
    });
    // Both rows are of one set, which is asked about once.
    expect(model.agent.asked).toEqual([
      { numbers: [7, 5], budget_ms: 50, limit: 1 }
    ]);
    const five = one(host, '[data-key=k5]');
    expect(five.textContent).toContain('shared with Out[7]: together 80 MiB');
    await doing(() => one(five, 'input').click());
    await doing(() => one(one(host, '[data-key=k9]'), 'input').click());
    const selection = one(host, '.jp-Memguard-selection');
    expect(model.agent.asked).toHaveLength(2);
    expect(model.agent.asked[1]).toMatchObject({ numbers: [9, 5] });
    expect(selection.dataset.bytes).toBe(String(80 * 1024 * 1024));
    expect(selection.textContent).toContain('2 selected: free 80 MiB together');
    // Of another report it is not known yet.
    model.agent.answer = null;
    await doing(() => model.set({ report: { ...report } }));
    expect(five.textContent).not.toContain('together');
    expect(selection.dataset.exact).toBe('false');
  });

  it('shows the sum as a bound where the kernel does not answer', async () => {
    const { host } = await aTable();
    await doing(() => one(rowsOf(host)[0], 'input').click());
    expect(one(host, '.jp-Memguard-selection').dataset.exact).toBe('true');
    await doing(() => one(rowsOf(host)[1], 'input').click());
    const selection = one(host, '.jp-Memguard-selection');
    expect(selection.dataset.bytes).toBe('50');
    expect(selection.dataset.exact).toBe('false');
  });

  it('tells what its keys do', async () => {
    const { host } = await aTable();
    await doing(() => button(host, 'Keys').click());
    expect(one(host, '.jp-Memguard-keys').textContent).toContain('Shift F10');
    await doing(() => rowsOf(host)[0].focus());
    await press(document.activeElement!, '?');
    expect(host.querySelector('.jp-Memguard-keys')).toBeNull();
  });

  it('asks who holds a row only when it is opened', async () => {
    const { host, model } = await aTable();
    model.explained = {
      key: '',
      holders: ['Out[2]', '_'],
      paths: [['list[3]', 'cache']],
      cut: true
    };
    expect(model.explainedKeys).toEqual([]);
    await doing(() => rowsOf(host)[0].focus());
    await press(document.activeElement!, 'Enter');
    expect(model.explainedKeys).toEqual(['k2']);
    const detail = one(host, '.jp-Memguard-detail');
    expect(detail.textContent).toContain('cache \u2192 list[3]');
    expect(detail.textContent).toContain('cut short');
    expect(rowsOf(host)[0].getAttribute('aria-expanded')).toBe('true');
    await press(document.activeElement!, 'ArrowLeft');
    expect(host.querySelector('.jp-Memguard-detail')).toBeNull();
  });

  it('does not ask while a cell runs, and does when it has ended', async () => {
    const { host, model } = await aTable();
    await doing(() => model.agent.setRunning(true));
    await doing(() => rowsOf(host)[0].focus());
    await press(document.activeElement!, 'Enter');
    expect(model.explainedKeys).toEqual([]);
    await doing(() => model.agent.setRunning(false));
    expect(model.explainedKeys).toEqual(['k2']);
  });

  it('assigns a result to a variable of a name that can be one', async () => {
    const { host, model } = await aTable();
    await doing(() => rowsOf(host)[0].focus());
    await press(document.activeElement!, 'Enter');
    await doing(() => button(host, 'Assign to a variable\u2026').click());
    const field = one(host, 'form input');
    await type(field, '1st');
    expect(one(host, '[role=alert]').textContent).toContain('no digit');
    expect((button(host, 'Assign') as HTMLButtonElement).disabled).toBe(true);
    await type(field, 'rescued');
    model.rescueFailure = 'name_taken';
    await doing(() => button(host, 'Assign').click());
    expect(one(host, '[role=alert]').textContent).toContain('already');
    model.rescueFailure = null;
    await doing(() => button(host, 'Assign').click());
    expect(model.rescued).toEqual([['k2', 'rescued']]);
  });

  it('goes to the cell, and says what became of it', async () => {
    const { host, visited } = await aTable();
    await doing(() => one(rowsOf(host)[0], '.jp-Memguard-source').click());
    expect(visited).toEqual(['k2']);
    expect(one(host, '.jp-Memguard-cellText').textContent).toBe(
      'The cell was deleted.'
    );
  });

  it('draws only what is in view of ten thousand rows', async () => {
    const rows = Array.from({ length: 10_000 }, (_, n) => aRow(n, 10_000 - n));
    const { host } = await aTable(aReport(rows));
    expect(rowsOf(host).length).toBeLessThan(60);
    await doing(() => rowsOf(host)[0].focus());
    expect(one(host, '[role=treegrid]').getAttribute('aria-rowcount')).toBe(
      '10001'
    );
  });

  it('loads what the kernel has more of, until it has no more', async () => {
    const { host, model } = await aTable(
      aReport([aRow(1, 30), aRow(2, 20)], { count: 4 }),
      [[aRow(3, 10)], [aRow(4, 5)]]
    );
    expect(keysOf(host)).toEqual(['k1', 'k2', 'k3', 'k4']);
    expect(model.more).toEqual([]);
  });

  it('loads the rest for another order only when told to', async () => {
    const first = Array.from({ length: 200 }, (_, n) => aRow(n, 1000 - n));
    const { host, model } = await aTable(aReport(first, { count: 202 }), [
      [aRow(300, 1)],
      [aRow(301, 1)]
    ]);
    await type(one(host, 'input[type=search]'), 'source_30');
    expect(keysOf(host)).toEqual(['k30']);
    expect(model.more).toHaveLength(2);
    await doing(() => button(host, 'Load all').click());
    expect(keysOf(host)).toEqual(['k30', 'k301', 'k300']);
    expect(model.more).toHaveLength(0);
    // Not once more with each report that comes after.
    model.more = [[aRow(302, 1)]];
    await doing(() => model.set({ report: aReport(first, { count: 201 }) }));
    expect(model.more).toHaveLength(1);
    button(host, 'Load all');
  });

  it('keeps the place of rows that do not come', async () => {
    const { host } = await aTable(aReport([aRow(1, 30)], { count: 3 }));
    expect(keysOf(host)).toEqual(['k1']);
    expect(host.querySelectorAll('.jp-Memguard-toCome')).toHaveLength(2);
  });

  it('offers another try after a failure', async () => {
    const { host, model } = await aTable();
    await doing(() => model.set({ report: null, failure: 'timeout' }));
    await doing(() => button(host, 'Try again').click());
    expect(model.refreshed).toBe(1);
  });
});
