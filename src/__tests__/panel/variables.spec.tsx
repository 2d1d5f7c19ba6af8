import * as React from 'react';
import { Variables } from '../../panel/variables/variables';
import { cleanUp, doing, layOut, render } from '../fakes/render';
import { anOverview, aReport, aVariable } from '../fakes/rows';
import { aView } from '../fakes/view';

beforeAll(() => layOut(600));
afterEach(cleanUp);

describe('Variables', () => {
  it('shows the variables that hold something, and are a person\u2019s', async () => {
    const { view, model } = aView();
    model.report = aReport([]);
    model.overview = anOverview({
      largest: [
        aVariable('np', 5000, { type: 'module' }),
        aVariable('__session__', 4000),
        aVariable('_mine', 3000),
        aVariable('x', 1024),
        aVariable('f', 136, { type: 'function' })
      ]
    });
    const host = await render(<Variables view={view} />);
    const names = [...host.querySelectorAll<HTMLElement>('tr[data-name]')].map(
      line => line.dataset.name
    );
    expect(names).toEqual(['_mine', 'x']);
    await doing(() =>
      model.set({ overview: anOverview({ largest: [aVariable('x', 28)] }) })
    );
    expect(host.textContent).toBe('No variable holds much.');
  });
});
