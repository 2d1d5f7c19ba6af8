import { Clipboard } from '@jupyterlab/apputils';
import * as React from 'react';
import { Summary } from '../../panel/summary/summary';
import type { RestState } from '../../tokens';
import { button, cleanUp, doing, layOut, one, render } from '../fakes/render';
import { aHoard, anOverview, aPart, aReport, aRest } from '../fakes/rows';
import { aView } from '../fakes/view';

beforeAll(() => layOut(600));
afterEach(async () => {
  await cleanUp();
  document.body.replaceChildren();
});

const MIB = 1024 * 1024;
const CLOSE = "plt.close('all')";

const told = (...of: Parameters<typeof aRest>): RestState => ({
  kind: 'told',
  rest: aRest(...of)
});

async function theSummary() {
  const { view, model } = aView();
  model.report = aReport([]);
  model.overview = anOverview({ rest: aPart(900 * MIB, { exact: false }) });
  const offered: string[] = [];
  const host = await render(
    <Summary
      view={view}
      chooseMode={() => undefined}
      offerCode={async (_, code) => {
        offered.push(code);
      }}
    />
  );
  const entry = one(host, 'li[data-part=rest]');
  const toggle = button(entry, 'Python and libraries');
  return {
    host,
    model,
    entry,
    toggle,
    offered,
    open: () => doing(() => toggle.click()),
    texts: () =>
      [...entry.querySelectorAll('.jp-Memguard-hoardLine')].map(
        ({ textContent }) => textContent
      ),
    content: () => one(entry, '.jp-Memguard-rest').textContent
  };
}

describe('the rest of the memory', () => {
  it('is asked for when its entry is opened, and not before', async () => {
    const { model, entry, toggle, open, content } = await theSummary();
    expect(toggle.getAttribute('aria-expanded')).toBe('false');
    expect(model.restAsked).toBe(0);
    await open();
    expect(model.restAsked).toBe(1);
    expect(toggle.getAttribute('aria-expanded')).toBe('true');
    expect(toggle.getAttribute('aria-controls')).toBe(
      one(entry, '.jp-Memguard-rest').id
    );
    await doing(() => model.set({ rest: { kind: 'asking' } }));
    expect(content()).toBe('Looking for who holds it. This takes a moment.');
    await open();
    expect(entry.querySelector('.jp-Memguard-rest')).toBeNull();
  });

  it('is told largest first, and what is left by what it is', async () => {
    const { entry, model, open, texts, content } = await theSummary();
    model.rest = told([
      aHoard('widgets', 20 * MIB, {
        exact: false,
        estimate_bytes: 21 * MIB,
        count: 1
      }),
      aHoard('figures', 300 * MIB, { count: 12 }),
      aHoard('lru_cache', 5 * MIB, {
        name: 'load',
        exact: false,
        freed_bytes: 4 * MIB,
        count: 200
      }),
      aHoard('of_a_newer_kernel', 2 * MIB),
      aHoard('also_newer', MIB, { name: 'quack' }),
      aHoard('torch', 900 * MIB, { part: 'device' }),
      aHoard('mapped_file', 40 * MIB, { name: 'a.bin', part: 'mapped' })
    ]);
    await open();
    expect(model.restAsked).toBe(0); // It is known already.
    expect(entry.querySelectorAll('[role=list]')).toHaveLength(
      entry.querySelectorAll('ul').length
    );
    expect(texts()).toEqual([
      'Open figures 12 objects300 MiB',
      'Widgets 1 objectabout 21 MiB',
      'Cache of a function load200 objectsat least 4 MiB',
      'of_a_newer_kernel 2 MiB',
      ' quack1 MiB',
      'Interpreter, and code and data of librariesabout 95.4 MiB',
      'Cache of torch on a device, not in this process900 MiB',
      'File mapped into memory a.binin \u201cMapped files\u201d40 MiB'
    ]);
    expect(content()).toContain('Counted in other parts:');
  });

  it('tells in words with which of it something is shared', async () => {
    const { model, entry, open, texts } = await theSummary();
    model.rest = told([
      aHoard('shared_variables', 9 * MIB, { name: 'figures' }),
      aHoard('shared', 8 * MIB, { name: 'figures, load, widgets', count: 3 }),
      aHoard('shared_results', 7 * MIB, { name: 'task' }),
      // A function of this name has a cache.
      aHoard('lru_cache', 6 * MIB, { name: 'task' }),
      aHoard('shared_tracebacks', 5 * MIB)
    ]);
    await open();
    expect(texts().slice(0, 5)).toEqual([
      'Shared with a variable: Open figures9 MiB',
      'Shared by several of these: Open figures, load, Widgets3 objects8 MiB',
      'Shared with a result: task7 MiB',
      'Cache of a function task6 MiB',
      'Shared with a traceback 5 MiB'
    ]);
    expect(
      [...entry.querySelectorAll('.jp-Memguard-hoardName code')].map(
        ({ textContent }) => textContent
      )
    ).toEqual(['load', 'task', 'task']);
  });

  it('adds up to the part of the process that it is', async () => {
    const { model, entry, open } = await theSummary();
    model.rest = told([aHoard('figures', 300 * MIB), aHoard('task', MIB)]);
    await open();
    const bytes = [...entry.querySelectorAll<HTMLElement>('[data-kind]')]
      .map(hoard => Number(hoard.dataset.bytes))
      .reduce((sum, each) => sum + each, 0);
    const state = model.rest as Extract<RestState, { kind: 'told' }>;
    expect(bytes).toBe(state.rest.rest_bytes);
  });

  it('says what was not found out', async () => {
    const { model, open, content } = await theSummary();
    model.rest = told([], {
      final: false,
      left_out: [
        { kind: 'matplotlib', error: 'AttributeError' },
        { kind: 'cycles', error: 'TimeoutError' }
      ]
    });
    await open();
    expect(content()).toContain('Measuring stopped at its time limit');
    expect(content()).toContain(
      'Could not be looked at: matplotlib (AttributeError)'
    );
    expect(content()).toContain(
      'There was no time to look at: Garbage that waits to be collected'
    );
  });

  it('runs a remedy only after a person has seen and confirmed it', async () => {
    const { model, entry, open } = await theSummary();
    model.rest = told([aHoard('figures', 300 * MIB, { remedy: CLOSE })]);
    await open();
    const run = button(entry, `Run \`${CLOSE}\``);
    for (const [choice, remedies] of [
      ['Cancel', []],
      ['Run', [CLOSE]]
    ] as const) {
      await doing(() => run.click());
      const dialog = one(document, '.jp-Dialog');
      expect(one(dialog, 'pre').textContent).toBe(CLOSE);
      expect(model.remedies).toEqual([]);
      await doing(() => button(dialog, choice).click());
      expect(model.remedies).toEqual(remedies);
    }
  });

  it('offers a remedy to a cell and to the clipboard', async () => {
    const { model, entry, open, offered } = await theSummary();
    model.rest = told([aHoard('figures', 300 * MIB, { remedy: CLOSE })]);
    const copy = jest.spyOn(Clipboard, 'copyToSystem').mockReturnValue();
    await open();
    await doing(() =>
      button(entry, `Put \`${CLOSE}\` into a new cell`).click()
    );
    expect(offered).toEqual([CLOSE]);
    await doing(() => button(entry, `Copy \`${CLOSE}\``).click());
    expect(copy.mock.calls).toEqual([[CLOSE]]);
    expect(entry.textContent).toContain('Copied.');
    expect(model.remedies).toEqual([]);
  });

  it('says why nothing can be run or asked now', async () => {
    const { model, entry, open, content } = await theSummary();
    model.rest = told([aHoard('figures', 300 * MIB, { remedy: CLOSE })]);
    await open();
    await doing(() => {
      model.agent.setRunning(true);
      model.set({});
    });
    const run = button(entry, `Run \`${CLOSE}\``);
    expect(run.getAttribute('aria-disabled')).toBe('true');
    expect(run.title).toBe('A cell is running.');
    await doing(() => run.click());
    expect(document.querySelector('.jp-Dialog')).toBeNull();
    await doing(() => model.set({ rest: { kind: 'unasked' } }));
    expect(content()).toContain('when the cell has ended');
    await doing(() => button(entry, 'Look').click());
    expect(model.restAsked).toBe(0);
    await doing(() => {
      model.agent.setRunning(false);
      model.set({});
    });
    await doing(() => button(entry, 'Look').click());
    expect(model.restAsked).toBe(1);
  });

  it('says what became of a remedy', async () => {
    const { model, open, content } = await theSummary();
    const ran = {
      code: CLOSE,
      exception: null,
      failure: null,
      beforeBytes: 500 * MIB,
      afterBytes: 100 * MIB
    };
    await open();
    const saying = async (remedy: typeof model.remedy) => {
      await doing(() => model.set({ remedy, rest: told([]) }));
      return content();
    };
    expect(await saying(ran)).toContain(`\`${CLOSE}\` has run: 400 MiB came`);
    expect(await saying({ ...ran, afterBytes: 600 * MIB })).toContain(
      'did not become smaller'
    );
    expect(await saying({ ...ran, afterBytes: null })).toContain('has run.');
    expect(await saying({ ...ran, exception: 'NameError: plt' })).toContain(
      'raised an error: NameError: plt'
    );
    expect(await saying({ ...ran, failure: 'not_ready' })).toContain(
      'The kernel is not ready yet.'
    );
    await doing(() => model.set({ rest: { kind: 'running', code: CLOSE } }));
    expect(content()).toContain(`Running \`${CLOSE}\``);
  });

  it('says so where a kernel does not tell, or fails', async () => {
    const { model, entry, open, content } = await theSummary();
    model.rest = { kind: 'failed', code: 'unknown_method' };
    await open();
    expect(content()).toBe('This kernel does not tell who holds it.');
    await doing(() => model.set({ rest: { kind: 'failed', code: 'timeout' } }));
    expect(content()).toContain('The kernel did not answer in time.');
    await doing(() => button(entry, 'Try again').click());
    expect(model.restAsked).toBe(1);
  });

  it.each(['<img src=x onerror="alert(1)">', 'a\u202eb', '%1 ${x}'])(
    'shows what a notebook calls things as text: %s',
    async text => {
      const { model, entry, open } = await theSummary();
      model.rest = told([
        aHoard(text, 2 * MIB, { name: text, remedy: text }),
        aHoard('toString', MIB)
      ]);
      await open();
      expect(entry.textContent).toContain(text);
      expect(entry.textContent).toContain('toString');
      expect(entry.querySelectorAll('img, script')).toHaveLength(0);
    }
  );
});
