import { nullTranslator } from '@jupyterlab/translation';
import * as React from 'react';
import { guardFacts } from '../../panel/summary/guardLine';
import { Summary } from '../../panel/summary/summary';
import type { IGuardState } from '../../wire/protocol';
import { button, cleanUp, doing, layOut, one, render } from '../fakes/render';
import { GUARD, aReport } from '../fakes/rows';
import { aView, noOffer } from '../fakes/view';

beforeAll(() => layOut(600));
afterEach(cleanUp);

describe('the guard', () => {
  const on = {
    ...GUARD,
    mode: 'large' as const,
    set: true,
    since_execution: 5,
    on_top: 'us' as const
  };

  it('is told with its mode and where that comes from', async () => {
    const chosen: unknown[] = [];
    const { view, model } = aView();
    model.report = aReport([]);
    model.agent.guard = {
      ...on,
      withheld: 3,
      withheld_bytes: 1.1 * 2 ** 30
    };
    const host = await render(
      <Summary
        view={view}
        chooseMode={(_, mode) => chosen.push(mode)}
        offerCode={noOffer}
      />
    );
    const guard = one(host, '.jp-Memguard-guard');
    expect(guard.dataset.guardMode).toBe('large');
    expect(guard.dataset.guardOrigin).toBe('kernel');
    expect(guard.textContent).toContain(
      'This mode was set for this kernel elsewhere.'
    );
    expect(guard.textContent).toContain(
      'It has been in effect since [5]. 3 results were not kept, the largest 1.1 GiB.'
    );
    const select = one(guard, 'select') as HTMLSelectElement;
    expect(select.value).toBe('large');
    await doing(() => {
      select.value = 'all';
      select.dispatchEvent(new Event('change', { bubbles: true }));
    });
    expect(chosen).toEqual(['all']);
  });

  it("offers to forget the document's own mode", async () => {
    const chosen: unknown[] = [];
    const { view, model, memguard } = aView();
    memguard.current!.guardStore.own = { guard: 'large' };
    model.report = aReport([]);
    model.agent.guard = on;
    const host = await render(
      <Summary
        view={view}
        chooseMode={(_, mode) => chosen.push(mode)}
        offerCode={noOffer}
      />
    );
    expect(host.textContent).toContain(
      'This mode was chosen in this notebook.'
    );
    await doing(() => button(host, 'Follow the settings').click());
    expect(chosen).toEqual([null]);
  });

  it.each<[Partial<IGuardState>, number | null, string[]]>([
    [{ mode: 'off', on_top: 'nobody' }, null, []],
    [{}, null, ['It has been in effect since [5].']],
    [
      { other: 'theirs.patch' },
      null,
      [
        'It has been in effect since [5].',
        'theirs.patch was there before and is kept.'
      ]
    ],
    [
      { on_top: 'other', other: 'theirs.patch' },
      null,
      [
        'theirs.patch stands in front of the guard: results may be kept all the same.'
      ]
    ],
    [
      { on_top: 'nobody' },
      null,
      ['Something took the guard out of its place in IPython.']
    ],
    [
      { mode: 'off', on_top: 'other', other: 'theirs.patch' },
      null,
      ['theirs.patch decides what IPython does with results.']
    ],
    [
      { withheld: 1 },
      7,
      [
        'It has been in effect since [5].',
        'Cells that ran before cell 7 were not looked after.',
        '1 result was not kept.'
      ]
    ]
  ])('says who is on top: %#', (state, lateSince, expected) => {
    const trans = nullTranslator.load('jupyter_memguard');
    expect(guardFacts({ ...on, ...state }, lateSince, trans)).toEqual(expected);
  });
});
