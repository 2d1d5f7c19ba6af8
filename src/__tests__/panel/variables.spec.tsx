import * as React from 'react';
import { Variables } from '../../panel/variables/variables';
import type { IOverview } from '../../wire/protocol';
import {
  button,
  cleanUp,
  doing,
  layOut,
  one,
  render,
  type
} from '../fakes/render';
import { anOverview, aPart, aReport, aVariable } from '../fakes/rows';
import { aView } from '../fakes/view';

beforeAll(() => layOut(600));
afterEach(cleanUp);

const MIB = 1024 * 1024;

async function theVariables(overview: Partial<IOverview>) {
  const { view, model } = aView();
  model.report = aReport([]);
  model.overview = anOverview(overview);
  const offered: string[] = [];
  const host = await render(
    <Variables
      view={view}
      offerCode={async (_, code) => {
        offered.push(code);
      }}
    />
  );
  const names = () =>
    [...host.querySelectorAll<HTMLElement>('tr[data-name]')].map(
      line => line.dataset.name
    );
  const cells = (name: string) =>
    [...one(host, `tr[data-name=${name}]`).children].map(
      cell => cell.textContent
    );
  const open = (name: string) =>
    doing(() => one(host, `tr[data-name=${name}] button`).click());
  return { host, model, names, cells, open, offered };
}

describe('Variables', () => {
  it('shows the variables that hold something, and are a person\u2019s', async () => {
    const { host, model, names } = await theVariables({
      largest: [
        aVariable('np', 5000, { type: 'module' }),
        aVariable('__session__', 4000),
        aVariable('_mine', 3000),
        aVariable('x', 1024),
        aVariable('f', 136, { type: 'function' })
      ]
    });
    expect(names()).toEqual(['_mine', 'x']);
    await doing(() =>
      model.set({ overview: anOverview({ largest: [aVariable('x', 28)] }) })
    );
    expect(host.textContent).toBe('No variable holds much.');
  });

  it('has the size and what deleting frees side by side', async () => {
    const { host, cells } = await theVariables({
      largest: [
        aVariable('df', 48 * MIB, {
          type: 'pandas.DataFrame',
          freed_bytes: 5300,
          exact: true,
          shared_with: ['merged'],
          results: ['Out[3]', 'Out[7]', 'Out[9]']
        }),
        aVariable('model', 30 * MIB, {
          freed_bytes: 100,
          exact: false,
          estimate_bytes: 28 * MIB
        })
      ]
    });
    const heads = [...host.querySelectorAll('thead th')];
    expect(heads.map(({ textContent }) => textContent)).toEqual([
      'Variable',
      'Type',
      'Size',
      'Frees'
    ]);
    expect(heads.every(head => head.getAttribute('scope') === 'col')).toBe(
      true
    );
    const [, what, size, frees] = cells('df');
    expect(what).toContain('shared with `merged`, Out[3], Out[7] and 1 more');
    expect([size, frees]).toEqual(['48 MiB', '5.2 KiB']);
    // Why it is not exact is not told: more may be there than was seen.
    expect(cells('model').slice(2)).toEqual(['about 30 MiB', 'about 28 MiB']);
    expect(one(host, 'tr[data-name=model]').dataset.bytes).toBe(
      String(28 * MIB)
    );
  });

  it('lists a variable whose size a library hides', async () => {
    const { cells } = await theVariables({
      largest: [
        aVariable('con', 512, {
          type: '_duckdb.DuckDBPyConnection',
          exact: false,
          hidden: true
        })
      ]
    });
    expect(cells('con').slice(2)).toEqual(['size unknown', 'size unknown']);
  });

  it('is a table by its roles, whatever its layout is', async () => {
    const { host, open } = await theVariables({
      largest: [aVariable('df', 48 * MIB), aVariable('', MIB)]
    });
    await open('df');
    const table = one(host, 'table');
    const roles = (selector: string) =>
      [...table.querySelectorAll(selector)].map(each =>
        each.getAttribute('role')
      );
    expect(table.getAttribute('role')).toBe('table');
    expect(roles('thead, tbody')).toEqual(['rowgroup', 'rowgroup']);
    // The head, two variables, and the details of one.
    expect(roles('tr')).toEqual(Array(4).fill('row'));
    expect(roles('thead th')).toEqual(Array(4).fill('columnheader'));
    expect(roles('tbody th')).toEqual(Array(2).fill('rowheader'));
    expect(roles('td')).toEqual(Array(7).fill('cell'));
    const whole = one(table, 'td[colspan]');
    expect(whole.getAttribute('aria-colspan')).toBe('4');
  });

  it('lists a variable that shares all that it has', async () => {
    const { names } = await theVariables({
      largest: [aVariable('a', 80 * MIB, { freed_bytes: 0 })]
    });
    expect(names()).toEqual(['a']);
  });

  it('is filtered by name', async () => {
    const { host, names } = await theVariables({
      largest: [
        aVariable('df', 3 * MIB),
        aVariable('df_old', MIB),
        aVariable('x', MIB)
      ]
    });
    const field = one(host, 'input[type=search]');
    await type(field, ' DF');
    expect(names()).toEqual(['df', 'df_old']);
    await type(field, 'nowhere');
    expect(names()).toEqual([]);
    expect(one(host, '[role=status]').textContent).toBe(
      'No variable matches the filter.'
    );
  });

  it('has the value of the last cell among them, which has no name', async () => {
    const { host, names } = await theVariables({
      variables: aPart(305 * MIB),
      largest: [
        aVariable('', 305 * MIB, { type: 'numpy.ndarray', freed_bytes: MIB }),
        aVariable('x', 28)
      ]
    });
    // That no variable holds much would deny what is shown.
    expect(names()).toEqual(['']);
    expect(host.textContent).not.toContain('No variable');
    const line = one(host, 'tr[data-name=""]');
    expect([...line.children].map(({ textContent }) => textContent)).toEqual([
      'Value of the last cell',
      'ndarray IPython holds it until the next cell has run.',
      '305 MiB',
      '1 MiB'
    ]);
    // It can be read without a pointer.
    expect(one(line, '.jp-Memguard-sentence').textContent).toBe(
      'IPython holds it until the next cell has run.'
    );
    // It can be neither asked for nor deleted by a name.
    expect(line.querySelectorAll('button, code')).toHaveLength(0);
  });

  it('finds the value of the last cell by what it is called here', async () => {
    const { host, names } = await theVariables({
      largest: [aVariable('', 3 * MIB), aVariable('df', MIB)]
    });
    const field = one(host, 'input[type=search]');
    await type(field, 'last CELL');
    expect(names()).toEqual(['']);
    await type(field, 'df');
    expect(names()).toEqual(['df']);
  });

  it('says in words what shares with the value of the last cell', async () => {
    const { host, model, cells, open } = await theVariables({
      largest: [aVariable('df', MIB, { shared_with: ['', 'b'] })]
    });
    expect(cells('df')[1]).toContain(
      'shared with the value of the last cell, `b`'
    );
    model.explained = { key: '', holders: ['df'], paths: [], cut: false };
    await open('df');
    expect(
      [...host.querySelectorAll('.jp-Memguard-chip')].map(
        ({ tagName, textContent }) => [tagName, textContent]
      )
    ).toEqual([
      ['CODE', 'b'],
      ['SPAN', 'the value of the last cell']
    ]);
  });

  it('opens to who else holds a variable, and offers the code that deletes it', async () => {
    const { host, model, open, offered } = await theVariables({
      largest: [
        aVariable('df', 48 * MIB, {
          shared_with: ['merged'],
          results: ['Out[3]']
        })
      ]
    });
    model.explained = {
      key: '',
      holders: ['df', 'table'],
      paths: [["['a']", 'cache']],
      cut: false
    };
    expect(model.explainedKeys).toEqual([]);
    await open('df');
    expect(model.explainedKeys).toEqual(['df']);
    const toggle = one(host, 'tr[data-name=df] button');
    expect(toggle.getAttribute('aria-expanded')).toBe('true');
    const detail = one(host, '.jp-Memguard-detail');
    expect(
      [...detail.querySelectorAll('.jp-Memguard-chip')].map(
        ({ textContent }) => textContent
      )
    ).toEqual(['table', 'merged', 'Out[3]']);
    expect(detail.textContent).toContain("cache['a']is the object");
    await doing(() =>
      button(host, 'Put `del df, table` into a new cell').click()
    );
    expect(offered).toEqual(['del df, table']);
    await open('df');
    expect(host.querySelector('.jp-Memguard-detail')).toBeNull();
  });

  it('offers no code before all names of a variable are known', async () => {
    const { host, model, open } = await theVariables({
      largest: [aVariable('df', MIB), aVariable('a b', MIB)]
    });
    await doing(() => model.agent.setRunning(true));
    await open('df');
    const offer = () =>
      button(host, 'Put `del df` into a new cell') as HTMLButtonElement;
    expect(offer().disabled).toBe(true);
    model.explained = { key: '', holders: ['df'], paths: [], cut: false };
    await doing(() => model.agent.setRunning(false));
    expect(offer().disabled).toBe(false);
    // What is no name in code cannot be deleted by it.
    model.explained = { ...model.explained, holders: ['a b'] };
    await doing(() => one(host, 'tr[data-name="a b"] button').click());
    expect(host.textContent).not.toContain('del a b');
  });

  it('never says that nothing is there while the bar shows it', async () => {
    const { host } = await theVariables({
      variables: aPart(20 * MIB),
      shared: aPart(10 * MIB),
      largest: [aVariable('x', 28)]
    });
    expect(host.textContent).toBe(
      'No variable holds much by itself; together they hold about 30 MiB.'
    );
  });
});
