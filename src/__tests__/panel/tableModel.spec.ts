import { sharedSets } from '../../panel/results/sharedSets';
import type { TableModel } from '../../panel/results/tableModel';
import { aReport, aRow } from '../fakes/rows';
import { aView } from '../fakes/view';
import { settled } from '../fakes/waiting';

/** A table of Out[1] to Out[3], which free 30, 20 and 10 bytes. */
function aTable() {
  const parts = aView(async () => 'edited');
  const report = aReport([aRow(1, 30), aRow(2, 20), aRow(3, 10)]);
  parts.model.set({ report });
  return { ...parts, report, table: parts.view.table as TableModel };
}

/** Show only the rows with a text. */
function filter({ view }: ReturnType<typeof aTable>, text: string): void {
  view.state = { ...view.state, filter: { text, minBytes: 0 } };
}

describe('TableModel', () => {
  it('keeps the selection of rows that the filter hides for a while', () => {
    const parts = aTable();
    const { table, model } = parts;
    table.selectAll();
    filter(parts, 'source_2');
    expect(table.selectedKeys).toEqual(['k2']);
    table.releaseSelected();
    expect(model.released).toEqual([{ kind: 'keys', keys: ['k2'] }]);
    filter(parts, '');
    expect(table.selectedKeys).toEqual(['k1', 'k2', 'k3']);
  });

  it('keeps the keys of a selection in one array until they are others', () => {
    const { table } = aTable();
    table.toggleSelected('k1');
    const { selectedKeys } = table;
    table.expand('k2');
    expect(table.selectedKeys).toBe(selectedKeys);
  });

  it('forgets everything with the report, as another kernel has other rows', async () => {
    const { table, model, report } = aTable();
    table.toggleSelected('k1');
    table.run('assign', 'k2');
    table.run('visit', 'k3');
    await settled();
    expect(table.isAssigning('k2')).toBe(true);
    model.set({ report: null });
    model.set({ report });
    expect(table.selectedKeys).toEqual([]);
    expect(table.isExpanded('k2')).toBe(false);
    expect(table.isAssigning('k2')).toBe(false);
    expect(table.fateOf('k3')).toBeNull();
  });

  it('gives the focus to the row in the place of one that has gone', () => {
    const { table, model } = aTable();
    table.takeFocus('k2');
    model.set({ report: aReport([aRow(1, 30), aRow(3, 10)]) });
    expect(table.focus.key).toBe('k3');
    model.set({ report: aReport([aRow(1, 30)]) });
    expect(table.focus.key).toBe('k1');
    model.set({ report: aReport([]) });
    expect(table.focus.key).toBeNull();
    expect(table.focus.index).toBe(-1);
  });

  it('opens the details of a row whose cell is not as it was', async () => {
    const { table } = aTable();
    table.run('visit', 'k1');
    await settled();
    expect(table.fateOf('k1')).toBe('edited');
    expect(table.isExpanded('k1')).toBe(true);
  });

  it('does nothing with a row that is gone, or that cannot be released now', () => {
    const { table, model } = aTable();
    table.run('release', 'gone');
    model.set({ activity: { kind: 'measuring', budgetMs: 400 } });
    expect(table.can('release', 'k1')).toBe(false);
    table.run('release', 'k1');
    expect(model.released).toEqual([]);
  });
});

describe('sharedSets', () => {
  const shares = (number: number, ...partners: string[]) =>
    aRow(number, 1, { shared_with: partners });
  const sets = (...rows: ReturnType<typeof aRow>[]) =>
    sharedSets(rows, new Map(rows.map(row => [row.key, row])));

  it('names each set once', () => {
    expect(sets(shares(1, 'k2'), shares(2, 'k1'), shares(3))).toEqual([
      ['k1', 'k2']
    ]);
  });

  it('leaves out sets with rows that are not loaded, and large ones', () => {
    const many = Array.from({ length: 22 }, (_, n) => aRow(100 + n, 1));
    const keys = many.slice(1).map(({ key }) => key);
    expect(
      sets(shares(1, 'k9'), { ...many[0], shared_with: keys }, ...many.slice(1))
    ).toEqual([]);
  });

  it('names a few sets only', () => {
    const pairs = Array.from({ length: 8 }, (_, n) => [
      shares(2 * n, `k${2 * n + 1}`),
      shares(2 * n + 1, `k${2 * n}`)
    ]).flat();
    expect(sets(...pairs)).toHaveLength(6);
  });
});
