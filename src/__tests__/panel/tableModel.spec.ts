import type { TableModel } from '../../panel/results/tableModel';
import type { IReport, IRow } from '../../wire/protocol';
import { aDocument } from '../fakes/memguard';
import { aGroup, aReport, aRow } from '../fakes/rows';
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
function filter({ view }: ReturnType<typeof aView>, text: string): void {
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
    model.set({ activity: { kind: 'freeing', selection: { kind: 'all' } } });
    expect(table.can('release', 'k1')).toBe(false);
    table.run('release', 'k1');
    expect(model.released).toEqual([]);
  });
});

describe('small results in the table', () => {
  const KIB = 1024;
  const LARGE = aRow(9, 500 * KIB);

  /** Results of 10 bytes, from Out[1] on. */
  const small = (count: number) =>
    Array.from({ length: count }, (_, n) => aRow(n + 1, 10));

  function aSmallTable(rows: IRow[], more?: Partial<IReport>) {
    const parts = aView();
    parts.model.set({ report: aReport(rows, more) });
    const table = parts.view.table as TableModel;
    const lines = () => table.list.lines.map(({ key }) => key);
    return { ...parts, table, lines };
  }

  it('are one line, which opens', () => {
    const { table, lines } = aSmallTable([...small(4), LARGE]);
    expect(lines()).toEqual(['k9', 'small']);
    expect(table.list.lines[1].entry.figure).toMatchObject({ bytes: 40 });
    expect(table.list.count).toBe(2);
    table.expand('small');
    expect(lines()).toEqual(['k9', 'small', 'k4', 'k3', 'k2', 'k1']);
    table.takeFocus('k2');
    table.close('k2');
    expect(table.focus.key).toBe('small');
    table.close('small');
    expect(lines()).toEqual(['k9', 'small']);
  });

  it('have lines of their own where they are few, or much together', () => {
    expect(aSmallTable(small(3)).lines()).toHaveLength(3);
    const much = { rss_bytes: 40 * 100 };
    expect(aSmallTable(small(4), much).lines()).toHaveLength(4);
    const enough = { rss_bytes: 40 * 100 + 1 };
    expect(aSmallTable(small(4), enough).lines()).toEqual(['small']);
  });

  it.each([
    ['keeps more alive than it frees', aRow(7, 10, { size_bytes: 64 * KIB })],
    [
      'was not measured to the end',
      aRow(7, 10, { exact: false, notes: ['cut'] })
    ],
    ['is on another device', aRow(7, 10, { device_bytes: 64 * KIB })]
  ])('have none among them that %s', (_, row) => {
    expect(aSmallTable([...small(4), row]).lines()).toEqual(['k7', 'small']);
  });

  it('have none among them that shares much memory', () => {
    const rows = [...small(4), aRow(7, 10), aRow(8, 10)];
    const groups = [aGroup(rows.slice(4), 500 * KIB)];
    const { table, lines } = aSmallTable(rows, { groups });
    table.expand('group:k7', false);
    expect(lines()).toEqual(['group:k7', 'small']);
  });

  it('are seen where a person looks for one of them', () => {
    const parts = aSmallTable([...small(4), LARGE]);
    filter(parts, 'source_3');
    expect(parts.lines()).toEqual(['k3']);
  });

  it('come last in every order', () => {
    const { view, lines } = aSmallTable([LARGE, ...small(4)]);
    const sort = { column: 'frees', descending: false } as const;
    view.state = { ...view.state, sort };
    expect(lines()).toEqual(['k9', 'small']);
  });

  it('stay open with another report, kernel and document', () => {
    const { table, model, memguard, view, lines } = aSmallTable(small(4));
    table.expand('small');
    model.set({ report: null });
    model.set({ report: aReport(small(5)) });
    expect(lines()).toHaveLength(6);
    const other = aDocument('other', null);
    other.model.report = aReport(small(4));
    memguard.bring(other.watched);
    expect(view.table?.isExpanded('small')).toBe(true);
  });

  it('are selected and released together, and are no group of sharers', () => {
    const { table, model } = aSmallTable([...small(4), LARGE]);
    const keys = ['k4', 'k3', 'k2', 'k1'];
    table.toggleSelected('small');
    expect(table.selectedKeys).toEqual(keys);
    expect(table.selectedFigure).toMatchObject({ bytes: 40, exact: true });
    table.run('release', 'small');
    expect(model.released).toEqual([{ kind: 'keys', keys }]);
    expect(table.groupOf(aRow(1, 10))).toBeNull();
  });

  it('that are still to come are counted, and loaded where they are looked at', () => {
    const report = { count: 2000, freed_bytes_all: 500 * KIB + 3000 };
    const { table, model, lines } = aSmallTable([LARGE, ...small(8)], report);
    const [, head] = table.list.lines;
    expect(table.list.smallCount(head.entry)).toBe(1999);
    expect(head.entry.figure).toMatchObject({ bytes: 3000 });
    expect(table.list.count).toBe(2);
    table.list.loadMore(1);
    expect(model.loaded).toBe(0);
    table.expand('small');
    expect(lines()).toHaveLength(10);
    expect(table.list.count).toBe(2001);
    table.list.loadMore(9);
    expect(model.loaded).toBe(1);
  });
});

describe('a group in the table', () => {
  const GROUP = 'group:k1';
  const KIB = 1024;

  /** Out[1] and Out[2] share 500 KiB; Out[3] frees 80 KiB. */
  function aSharedTable() {
    const parts = aView();
    const rows = [aRow(1, 10), aRow(2, 20), aRow(3, 80 * KIB)];
    const groups = [aGroup(rows.slice(0, 2), 500 * KIB)];
    parts.model.set({ report: aReport(rows, { groups }) });
    const table = parts.view.table as TableModel;
    const lines = () => table.list.lines.map(({ key }) => key);
    return { ...parts, table, lines, rows };
  }

  it('is one entry with its members below it', () => {
    const { table, lines } = aSharedTable();
    expect(lines()).toEqual([GROUP, 'k2', 'k1', 'k3']);
    expect(table.list.count).toBe(4);
    table.expand(GROUP);
    expect(lines()).toEqual([GROUP, 'k3']);
    table.expand(GROUP);
    expect(lines()).toEqual([GROUP, 'k2', 'k1', 'k3']);
  });

  it('is closed at first where it has many', () => {
    const { model, lines } = aSharedTable();
    const rows = Array.from({ length: 11 }, (_, n) => aRow(n + 10, n));
    model.set({ report: aReport(rows, { groups: [aGroup(rows, 9)] }) });
    expect(lines()).toEqual(['group:k10']);
  });

  it('is released whole, and each member alone', () => {
    const { table, model } = aSharedTable();
    expect(table.can('release', GROUP)).toBe(true);
    expect(table.can('assign', GROUP)).toBe(false);
    expect(table.can('visit', GROUP)).toBe(false);
    table.run('release', GROUP);
    table.run('release', 'k2');
    table.run('release-selected', GROUP);
    expect(model.released).toEqual([
      { kind: 'keys', keys: ['k1', 'k2'] },
      { kind: 'keys', keys: ['k2'] },
      { kind: 'keys', keys: ['k1', 'k2'] }
    ]);
  });

  it('is selected by its members, and selects them', () => {
    const { table } = aSharedTable();
    const { entry } = table.list.lines[0];
    table.toggleSelected('k1');
    expect(table.selectedOf(entry)).toBe('some');
    expect(table.selectedFigure).toMatchObject({ bytes: 10, exact: true });
    table.toggleSelected(GROUP);
    expect(table.selectedOf(entry)).toBe('all');
    expect(table.selectedKeys).toEqual(['k1', 'k2']);
    expect(table.selectedFigure).toMatchObject({ bytes: 500 * KIB });
    table.toggleSelected('k3');
    expect(table.selectedFigure).toMatchObject({ bytes: 580 * KIB });
    table.toggleSelected(GROUP);
    expect(table.selectedKeys).toEqual(['k3']);
    table.selectAll();
    expect(table.selectedKeys).toHaveLength(3);
  });

  it('promises no more than a part of it is known to free', () => {
    const { table, model, rows } = aSharedTable();
    const all = [...rows, aRow(4, 30)];
    const groups = [aGroup([all[0], all[1], all[3]], 500 * KIB)];
    model.set({ report: aReport(all, { groups }) });
    table.toggleSelected('k1');
    table.toggleSelected('k4');
    expect(table.selectedFigure).toMatchObject({ bytes: 40, exact: false });
  });

  it('gets the focus from the arrow left of a member', () => {
    const { table } = aSharedTable();
    table.takeFocus('k1');
    table.expand('k1');
    table.close('k1');
    expect(table.focus.key).toBe('k1');
    table.close('k1');
    expect(table.focus.key).toBe(GROUP);
    table.close(GROUP);
    expect(table.isExpanded(GROUP)).toBe(false);
  });

  it('keeps its key and its state while members come and go', () => {
    const { table, model, lines, rows } = aSharedTable();
    table.expand(GROUP);
    const more = [...rows, aRow(4, 90)];
    const groups = [aGroup([more[3], more[0], more[1]], 600 * KIB)];
    model.set({ report: aReport(more, { groups }) });
    expect(lines()).toEqual([GROUP, 'k3']);
  });

  it('keeps room for rows that are still to come', () => {
    const { table, model, rows } = aSharedTable();
    const groups = [aGroup(rows.slice(0, 2), 500 * KIB)];
    model.set({ report: aReport(rows, { groups, count: 10 }) });
    // The head of the group has a line of its own.
    expect(table.list.count).toBe(11);
  });

  /** A report of one group of many results. */
  function aHugeGroup(count: number, loaded = count) {
    const rows = Array.from({ length: count }, (_, n) =>
      aRow(100_000 + n, 100 * KIB)
    );
    const groups = [aGroup(rows, count * 100 * KIB)];
    return aReport(rows.slice(0, loaded), { groups, count });
  }

  it('is selected at once, however many it has', () => {
    const { table, model } = aSharedTable();
    model.set({ report: aHugeGroup(10_000) });
    const began = performance.now();
    table.toggleSelected('group:k100000');
    expect(table.selectedKeys).toHaveLength(10_000);
    table.toggleSelected('group:k100000');
    expect(table.selectedKeys).toHaveLength(0);
    // One by one, each with a set of its own, takes several seconds.
    expect(performance.now() - began).toBeLessThan(500);
  });

  it('has no place for members to come while it is closed', () => {
    const { table, model, lines } = aSharedTable();
    model.set({ report: aHugeGroup(3000, 1000) });
    expect(lines()).toEqual(['group:k100000']);
    expect(table.list.count).toBe(1);
    table.list.loadMore(1);
    expect(model.loaded).toBe(0);
    table.expand('group:k100000');
    expect(table.list.count).toBe(3001);
    table.list.loadMore(1000);
    expect(model.loaded).toBe(1);
  });

  describe('is open or closed as a person left it when', () => {
    const group = (...numbers: number[]) => {
      const rows = numbers.map(number => aRow(number, 100 * KIB));
      const groups = numbers.length > 1 ? [aGroup(rows, 900 * KIB)] : [];
      return aReport(rows, { groups });
    };
    const ten = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

    it('it gets another key', () => {
      const { table, model, lines } = aSharedTable();
      model.set({ report: group(2, 3, 4) });
      table.expand('group:k2', false);
      model.set({ report: group(1, 2, 3, 4) });
      expect(lines()).toEqual(['group:k1']);
      model.set({ report: group(3, 4) });
      expect(lines()).toEqual(['group:k3']);
    });

    it('it grows or shrinks', () => {
      const { table, model, lines } = aSharedTable();
      model.set({ report: group(...ten) });
      expect(lines()).toHaveLength(11);
      model.set({ report: group(...ten, 11) });
      expect(lines()).toHaveLength(12);
      table.expand('group:k1', false);
      model.set({ report: group(...ten) });
      expect(lines()).toHaveLength(1);
    });

    it('a figure that was cut took it apart for a while', () => {
      const { table, model, lines } = aSharedTable();
      model.set({ report: group(2, 3, 4) });
      table.expand('group:k2', false);
      model.set({ report: group(2) });
      model.set({ report: group(2, 3, 4) });
      expect(lines()).toEqual(['group:k2']);
    });
  });
});
