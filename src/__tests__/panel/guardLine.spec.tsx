import { nullTranslator } from '@jupyterlab/translation';
import * as React from 'react';
import { guardFacts } from '../../panel/summary/guardLine';
import { Summary } from '../../panel/summary/summary';
import type { GuardMode, IGuardState } from '../../wire/protocol';
import { FakeKernel } from '../fakes/kernel';
import { aDocument } from '../fakes/memguard';
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

  describe('of a kernel that several documents use', () => {
    /** What the panel says in each of two notebooks on one kernel. */
    async function saidInBoth(
      modes: readonly [GuardMode | null, GuardMode | null],
      mode: GuardMode,
      others: readonly string[] = []
    ) {
      const kernel = new FakeKernel();
      const { view, memguard } = aView();
      const [a, b] = ['A.ipynb', 'B.ipynb', ...others].map(name =>
        aDocument(name, kernel)
      );
      others.forEach(name => memguard.open(aDocument(name, kernel).watched));
      const said: [string, string | null][] = [];
      [a, b].forEach(({ watched, model }, index) => {
        const own = modes[index];
        watched.guardStore.own = own && { guard: own };
        model.report = aReport([]);
        model.agent.guard = { ...on, mode };
        memguard.open(watched);
      });
      memguard.open(aDocument('other.ipynb', new FakeKernel()).watched);
      const host = await render(
        <Summary view={view} chooseMode={noOffer} offerCode={noOffer} />
      );
      for (const { watched } of [a, b]) {
        await doing(() => memguard.bring(watched));
        const guard = one(host, '.jp-Memguard-guard');
        const { value } = one(guard, 'select') as HTMLSelectElement;
        said.push([
          value,
          one(guard, '.jp-Memguard-guardTitle + span').textContent
        ]);
      }
      return said;
    }

    it.each<GuardMode>(['all', 'off'])(
      'is told in both as it is, whoever chose another: %s',
      async mode => {
        expect(await saidInBoth(['large', mode], mode)).toEqual([
          [
            mode,
            'This mode was chosen in B.ipynb, which uses the same kernel.'
          ],
          [
            mode,
            'This mode was chosen in this notebook. It holds for A.ipynb, too: one kernel has one guard.'
          ]
        ]);
      }
    );

    it('names all that it holds for', async () => {
      const [, [, said]] = await saidInBoth([null, 'all'], 'all', ['C', 'D']);
      expect(said).toBe(
        'This mode was chosen in this notebook. It holds for C, D, A.ipynb, too: one kernel has one guard.'
      );
    });

    it('says that it was set elsewhere if no open document chose it', async () => {
      expect(await saidInBoth(['large', 'large'], 'last')).toEqual(
        Array(2).fill(['last', 'This mode was set for this kernel elsewhere.'])
      );
    });

    it('follows the settings in both without a word of the other', async () => {
      expect(await saidInBoth([null, null], 'off')).toEqual(
        Array(2).fill(['off', 'This mode comes from the settings.'])
      );
    });
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
