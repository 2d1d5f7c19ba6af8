import * as React from 'react';
import type { IRow } from '../../wire/protocol';
import { Results } from '../../panel/results/results';
import {
  button,
  cleanUp,
  doing,
  layOut,
  one,
  press,
  render,
  type
} from '../fakes/render';
import { likelyBytes, totalOf } from '../../model/figures';
import { aGroup, aPart, aReport, aRow } from '../fakes/rows';
import { aView } from '../fakes/view';

const MIB = 1024 * 1024;

beforeAll(() => layOut(600));
afterEach(cleanUp);

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
  const visited: string[] = [];
  const { view, model } = aView(async (_, row) => {
    visited.push(row.key);
    return 'deleted';
  });
  model.more = more;
  model.set({ report });
  const host = await render(<Results view={view} />);
  return { view, model, host, visited };
}

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

  describe('tells how old a result is', () => {
    const SHOWN = 1_700_000_000;
    const ages = (host: HTMLElement) =>
      rowsOf(host).map(row => one(row, '.jp-Memguard-cellAge').textContent);

    beforeEach(() => {
      jest.useFakeTimers();
      jest.setSystemTime((SHOWN + 65) * 1000);
    });
    afterEach(() => jest.useRealTimers());

    it('in whole minutes, which go on while nothing is read', async () => {
      const { host } = await aTable(
        aReport([
          aRow(1, 30, { time: SHOWN }),
          aRow(2, 20, { time: SHOWN + 60 }),
          aRow(3, 10, { time: null })
        ])
      );
      expect(ages(host)).toEqual(['1 min', '< 1 min', 'earlier']);
      await doing(() => jest.advanceTimersByTime(60_000));
      expect(ages(host)).toEqual(['2 min', '1 min', 'earlier']);
    });

    it('by no clock while nobody sees it, and at once when it is seen', async () => {
      const { host, view } = await aTable(
        aReport([aRow(1, 30, { time: SHOWN })])
      );
      await doing(() => {
        view.isSeen = false;
      });
      expect(jest.getTimerCount()).toBe(0);
      await doing(() => jest.advanceTimersByTime(3_600_000));
      await doing(() => {
        view.isSeen = true;
      });
      expect(ages(host)).toEqual(['1 hr']);
      expect(jest.getTimerCount()).toBe(1);
    });
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
    await doing(() => button(host, 'Free Out[2]').click());
    expect(model.released).toEqual([{ kind: 'keys', keys: ['k2'] }]);
  });

  it('says that a cell cannot be found where the way to it fails', async () => {
    const { view, model } = aView(() => Promise.reject(new Error('no chunk')));
    model.set({ report: aReport([aRow(1, 10)]) });
    const host = await render(<Results view={view} />);
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
      doing(() => view.table?.run('release-selected', 'k3'));
    await release();
    expect(model.released).toEqual([{ kind: 'keys', keys: ['k2', 'k3'] }]);
    await press(document.activeElement!, 'Escape');
    expect(host.querySelector('.jp-Memguard-selection')).toBeNull();
    await release();
    expect(model.released[1]).toEqual({ kind: 'keys', keys: ['k3'] });
  });

  it('keeps the row with the focus drawn when it is scrolled away', async () => {
    const rows = Array.from({ length: 500 }, (_, n) => aRow(n, MIB - n));
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

  it('shows results that share memory below what they free together', async () => {
    const rows = [
      aRow(5, 80, { shared_with: ['k7'], size_bytes: 40 * MIB }),
      aRow(7, 2048, { shared_with: ['k5'], size_bytes: 40 * MIB }),
      aRow(9, 60 * MIB)
    ];
    const groups = [aGroup(rows.slice(0, 2), 80 * MIB)];
    const report = aReport(rows, { groups });
    const { host, model } = await aTable(report);
    expect(keysOf(host)).toEqual(['group:k5', 'k7', 'k5', 'k9']);
    const [head, seven] = rowsOf(host);
    expect(head.dataset.bytes).toBe(String(80 * MIB));
    expect(head.textContent).toContain('2 results share memory');
    expect(head.getAttribute('aria-level')).toBe('1');
    expect(seven.getAttribute('aria-level')).toBe('2');
    // What it adds alone, and what it keeps alive.
    expect(seven.textContent).toContain('2 KiBsize 40 MiB');
    // The headline is the sum of what has no other above it.
    const sum = rowsOf(host)
      .filter(row => row.getAttribute('aria-level') === '1')
      .reduce((bytes, row) => bytes + Number(row.dataset.bytes), 0);
    expect(sum).toBe(likelyBytes(totalOf(report)));
    await doing(() => button(host, 'Free all of Out[5], [7]').click());
    expect(model.released).toEqual([{ kind: 'keys', keys: ['k5', 'k7'] }]);
  });

  it('has the small results behind one row that opens', async () => {
    const rows = Array.from({ length: 14 }, (_, n) => aRow(n + 1, 227));
    const { host, model } = await aTable(aReport([...rows, aRow(20, 9 * MIB)]));
    expect(keysOf(host)).toEqual(['k20', 'small']);
    const head = () => rowsOf(host)[1];
    expect(one(head(), '.jp-Memguard-cellResult').textContent).toBe(
      '14 small results'
    );
    expect(one(head(), '.jp-Memguard-cellFrees').textContent).toBe('3.1 KiB');
    expect(head().textContent).toContain('under 64 KiB each');
    expect(head().getAttribute('aria-expanded')).toBe('false');
    await doing(() => head().focus());
    await press(head(), 'Enter');
    expect(keysOf(host)).toHaveLength(16);
    expect(head().getAttribute('aria-expanded')).toBe('true');
    expect(rowsOf(host)[2].getAttribute('aria-level')).toBe('2');
    await doing(() => button(host, 'Hide the 14 small results').click());
    expect(keysOf(host)).toEqual(['k20', 'small']);
    await doing(() => button(host, 'Free 14 small results').click());
    expect(model.released).toHaveLength(1);
  });

  it('walks through a group with the keyboard', async () => {
    const rows = [aRow(5, 10), aRow(7, 20), aRow(9, 5)];
    const groups = [aGroup(rows.slice(0, 2), 80 * MIB)];
    const { host } = await aTable(aReport(rows, { groups }));
    const active = () => (document.activeElement as HTMLElement).dataset.key;
    const key = (name: string) => press(document.activeElement!, name);
    await doing(() => rowsOf(host)[0].focus());
    await key('ArrowDown');
    await key('ArrowDown');
    expect(active()).toBe('k5');
    await key(' ');
    const box = () => one(rowsOf(host)[0], 'input') as HTMLInputElement;
    expect(box().indeterminate).toBe(true);
    await key('ArrowLeft');
    expect(active()).toBe('group:k5');
    await key(' ');
    expect(box().checked).toBe(true);
    expect(box().indeterminate).toBe(false);
    expect(one(host, '.jp-Memguard-selection').textContent).toContain(
      '2 selected: free 80 MiB together'
    );
    await key('ArrowLeft');
    expect(keysOf(host)).toEqual(['group:k5', 'k9']);
    expect(rowsOf(host)[0].getAttribute('aria-expanded')).toBe('false');
    await key('ArrowRight');
    expect(keysOf(host)).toHaveLength(4);
  });

  it('says what a row is by the best of its figures', async () => {
    const { host } = await aTable(
      aReport([
        aRow(1, 80, { exact: false, estimate_bytes: 40 * MIB }),
        aRow(2, 30 * MIB, { exact: false, notes: ['cut'] }),
        aRow(3, 80, { exact: false, notes: ['opaque'] }),
        aRow(4, 70 * MIB, { as_of: 12 }),
        aRow(5, 0, { size_bytes: 60 * MIB, shared_variables: ['df'] }),
        aRow(6, 90, { size_bytes: 60 * MIB, exact: false, notes: ['cut'] }),
        aRow(7, 90, {
          size_bytes: 60 * MIB,
          exact: false,
          notes: ['sharing-unknown']
        }),
        aRow(8, 90, { size_bytes: 60 * MIB, exact: false, notes: ['opaque'] }),
        aRow(9, 9 * MIB, { size_bytes: 60 * MIB, exact: false, notes: ['cut'] })
      ])
    );
    const title = (key: string) =>
      one(
        one(host, `[data-key=${key}]`),
        '.jp-Memguard-cellFrees > :first-child'
      ).title;
    const figure = (key: string) =>
      one(one(host, `[data-key=${key}]`), '.jp-Memguard-cellFrees').textContent;
    expect(keysOf(host)).toEqual([
      ...['k4', 'k1', 'k2', 'k9'],
      ...['k8', 'k7', 'k6', 'k3', 'k5']
    ]);
    expect(figure('k1')).toBe('about 40 MiB');
    expect(figure('k2')).toBe('at least 30 MiB');
    expect(figure('k3')).toBe('size unknown');
    expect(figure('k4')).toBe('70 MiBas of cell 12');
    expect(figure('k5')).toBe('0 Bsize 60 MiB');
    // What was cut may keep more than what was seen of it.
    expect(figure('k6')).toBe('up to about 60 MiB');
    expect(title('k6')).toBe(
      'Likely no more than this: measuring stopped at its time limit'
    );
    expect(figure('k7')).toBe('up to 60 MiB');
    // What hides in a library is not in the size that was seen.
    expect(figure('k8')).toBe('unknownsize at least 60 MiB');
    expect(title('k8')).toMatch(/^Unknown: part of it is inside a library/);
    expect(figure('k9')).toBe('at least 9 MiBsize about 60 MiB');
    expect(one(host, '[data-key=k6]').dataset.free).toBe('false');
    expect(one(host, '[data-key=k5]').textContent).toContain(
      'shares memory with `df`'
    );
  });

  it('asks for what a selection frees, and shows it', async () => {
    const { view, model } = aView();
    view.isSeen = false;
    model.set({ report: aReport([aRow(5, 80), aRow(9, 5)]) });
    const host = await render(<Results view={view} />);
    expect(model.wantedSets).toEqual([]);
    await doing(() => {
      view.isSeen = true;
    });
    for (const row of rowsOf(host)) {
      await doing(() => one(row, 'input').click());
    }
    expect(model.wantedSets).toEqual([['k5', 'k9']]);
    const selection = one(host, '.jp-Memguard-selection');
    expect(selection.dataset.bytes).toBe('85');
    await doing(() => model.set({ joint: aPart(80 * MIB) }));
    expect(selection.textContent).toContain('2 selected: free 80 MiB together');
  });

  it('tells what its keys do', async () => {
    const { host } = await aTable();
    await doing(() => button(host, 'Keys').click());
    expect(one(host, '.jp-Memguard-keys').textContent).toContain('Shift F10');
    await doing(() => rowsOf(host)[0].focus());
    await press(document.activeElement!, '?');
    expect(host.querySelector('.jp-Memguard-keys')).toBeNull();
    await press(document.activeElement!, '?');
    one(host, '.jp-Memguard-keys');
    await press(document.activeElement!, 'Escape');
    expect(host.querySelector('.jp-Memguard-keys')).toBeNull();
  });

  it('asks who holds a row only when it is opened', async () => {
    const { host, model } = await aTable();
    model.explained = {
      key: '',
      holders: ['Out[2]', '_', "user_ns_hidden['_2']", 'displayhook._'],
      paths: [['[3]', "['a']", 'cache'], ['[1]', "['a']", 'cache'], ['last']],
      cut: true
    };
    expect(model.explainedKeys).toEqual([]);
    await doing(() => rowsOf(host)[0].focus());
    await press(document.activeElement!, 'Enter');
    expect(model.explainedKeys).toEqual(['k2']);
    const detail = one(host, '.jp-Memguard-detail');
    expect(detail.textContent).toContain(
      'IPython\u2019s Out[2], `_`; 2 hidden copies'
    );
    const [internals, cache, a] = detail.querySelectorAll('details');
    expect(one(internals, 'summary').textContent).toBe('Details');
    expect(internals.textContent).toContain(
      "user_ns_hidden['_2']displayhook._"
    );
    // Each step opens those that follow it.
    expect(cache.querySelector('summary')?.textContent).toBe('cache');
    expect(cache.contains(a)).toBe(true);
    expect(one(a, 'summary').textContent).toBe("['a']");
    expect(one(a, '[role=list]').textContent).toBe(
      '[3]is the object[1]is the object'
    );
    expect(detail.textContent).toContain('lastis the object');
    // A key that opens a step does nothing to the row.
    await press(one(a, 'summary'), 'Enter');
    expect(detail.isConnected).toBe(true);
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

  it('closes the form with the details, and does not open it again', async () => {
    const { host } = await aTable();
    await doing(() => rowsOf(host)[0].focus());
    await press(document.activeElement!, 'Enter');
    await doing(() => button(host, 'Assign to a variable\u2026').click());
    await doing(() => rowsOf(host)[0].focus());
    await press(document.activeElement!, 'ArrowLeft');
    await press(document.activeElement!, 'ArrowRight');
    expect(one(host, '.jp-Memguard-detail')).not.toBeNull();
    expect(host.querySelector('form')).toBeNull();
    expect(document.activeElement).toBe(rowsOf(host)[0]);
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
    const rows = Array.from({ length: 10_000 }, (_, n) => aRow(n, MIB - n));
    const { host } = await aTable(aReport(rows));
    expect(rowsOf(host).length).toBeLessThan(60);
    await doing(() => rowsOf(host)[0].focus());
    expect(one(host, '[role=treegrid]').getAttribute('aria-rowcount')).toBe(
      '10001'
    );
  });

  it('loads what the kernel has more of, until it has no more', async () => {
    const { host, model } = await aTable(
      aReport([aRow(1, 4 * MIB), aRow(2, 3 * MIB)], { count: 4 }),
      [[aRow(3, 2 * MIB)], [aRow(4, MIB)]]
    );
    expect(keysOf(host)).toEqual(['k1', 'k2', 'k3', 'k4']);
    expect(model.more).toEqual([]);
  });

  it('loads the rest for another order only when told to', async () => {
    const first = Array.from({ length: 200 }, (_, n) => aRow(n, MIB - n));
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
