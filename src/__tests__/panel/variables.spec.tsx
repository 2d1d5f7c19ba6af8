import * as React from 'react';
import { Variables } from '../../panel/variables/variables';
import { cleanUp, doing, layOut, render } from '../fakes/render';
import { aReport } from '../fakes/rows';
import { aView } from '../fakes/view';

beforeAll(() => layOut(600));
afterEach(cleanUp);

const MIB = 1024 * 1024;

describe('Variables', () => {
  const variable = (name: string, freed_bytes: number, type = 'list') => ({
    name,
    type,
    summary: '',
    freed_bytes,
    exact: true,
    estimate_bytes: null,
    shared_with: []
  });
  const part = { bytes: 0, exact: true };
  const overview = {
    rss_bytes: MIB,
    results: part,
    shown: part,
    tracebacks: part,
    variables: part,
    elapsed_ms: 1
  };

  it('shows the variables that hold something, and are a person\u2019s', async () => {
    const { view, model } = aView();
    model.report = aReport([]);
    model.overview = {
      ...overview,
      largest: [
        variable('np', 5000, 'module'),
        variable('__session__', 4000),
        variable('_mine', 3000),
        variable('x', 1024),
        variable('f', 136, 'function')
      ]
    };
    const host = await render(<Variables view={view} />);
    const names = [...host.querySelectorAll<HTMLElement>('tr[data-name]')].map(
      line => line.dataset.name
    );
    expect(names).toEqual(['_mine', 'x']);
    await doing(() =>
      model.set({ overview: { ...overview, largest: [variable('x', 28)] } })
    );
    expect(host.textContent).toBe('No variable holds much.');
  });
});
