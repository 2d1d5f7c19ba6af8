import * as React from 'react';
import { Variables } from '../../panel/variables/variables';
import type { IOverview } from '../../wire/protocol';
import { cleanUp, doing, layOut, one, render } from '../fakes/render';
import { anOverview, aPart, aReport, aVariable } from '../fakes/rows';
import { aView } from '../fakes/view';

beforeAll(() => layOut(600));
afterEach(cleanUp);

const MIB = 1024 * 1024;

async function theVariables(overview: Partial<IOverview>) {
  const { view, model } = aView();
  model.report = aReport([]);
  model.overview = anOverview(overview);
  const host = await render(<Variables view={view} />);
  const names = () =>
    [...host.querySelectorAll<HTMLElement>('tr[data-name]')].map(
      line => line.dataset.name
    );
  const cells = (name: string) =>
    [...one(host, `tr[data-name=${name}]`).children].map(
      cell => cell.textContent
    );
  return { host, model, names, cells };
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

  it('lists a variable that shares all that it has', async () => {
    const { names } = await theVariables({
      largest: [aVariable('a', 80 * MIB, { freed_bytes: 0 })]
    });
    expect(names()).toEqual(['a']);
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
