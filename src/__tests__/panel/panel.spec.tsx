import { nullTranslator } from '@jupyterlab/translation';
import type { Signal } from '@lumino/signaling';
import { type AccordionPanel, Widget } from '@lumino/widgets';
import * as React from 'react';
import { MemguardPanel } from '../../panel/panel';
import type { IGuardState, IReleased } from '../../wire/protocol';
import { guardFacts, type ChooseMode } from '../../panel/summary/guardLine';
import { Variables } from '../../panel/variables/variables';
import { Summary } from '../../panel/summary/summary';
import { readViewState } from '../../panel/viewModel';
import type { AgentState, Selection } from '../../tokens';
import { NO_COMM } from '../../kernel/kernelFree';
import { aRelease, aReport, aRow, aView, GUARD } from '../fakes';
import { button, cleanUp, doing, layOut, one, press, render } from '../render';

beforeAll(() => layOut(600));
afterEach(cleanUp);

const MIB = 1024 * 1024;

function aSection(label: string): Widget {
  const section = new Widget();
  section.title.label = label;
  return section;
}

const noChoice = () => {
  throw new Error('not in this test');
};

async function aPanel(chooseMode: ChooseMode = noChoice) {
  const parts = aView();
  const panel = new MemguardPanel(parts.memguard, {
    goTo: async () => 'same',
    chooseMode,
    translator: nullTranslator
  });
  await panel.load();
  return { ...parts, panel };
}

describe('MemguardPanel', () => {
  it('observes what is in front only while it can be seen', async () => {
    const { panel, model, memguard } = await aPanel();
    const watched = memguard.current;
    expect(model.observers).toBe(0);
    await doing(() => Widget.attach(panel, document.body));
    expect(model.observers).toBe(1);
    await doing(() => panel.hide());
    expect(model.observers).toBe(0);
    await doing(() => panel.show());
    expect(model.observers).toBe(1);
    await doing(() => memguard.bring(null));
    expect(model.observers).toBe(0);
    await doing(() => memguard.bring(watched));
    expect(model.observers).toBe(1);
    await doing(() => panel.dispose());
    expect(model.observers).toBe(0);
  });

  it('puts sections in the order of their ranks, and takes them out', async () => {
    const { panel } = await aPanel();
    const labels = () => panel.widgets.map(widget => widget.title.label);
    const between = aSection('between');
    panel.addSection(aSection('last'), 300);
    const section = panel.addSection(between, 150);
    expect(labels()).toEqual([
      'Retained results',
      'between',
      'Largest variables',
      'last'
    ]);
    section.dispose();
    expect(labels()).toEqual(['Retained results', 'Largest variables', 'last']);
    expect(between.isDisposed).toBe(false);
    panel.dispose();
  });

  it('gives sections the sizes that they had', async () => {
    const { panel } = await aPanel();
    const sizes = { 'Retained results': 0.2, 'Largest variables': 0.8 };
    panel.restore({ sizes: { ...sizes, wrong: 'x' } });
    expect(panel.state.sizes).toEqual(sizes);
    const accordion = panel.content as AccordionPanel;
    const [results, variables] = accordion.relativeSizes();
    expect(results).toBeCloseTo(0.2);
    expect(variables).toBeCloseTo(0.8);
    panel.dispose();
  });

  it('tells what was given another size', async () => {
    const { panel } = await aPanel();
    let told = 0;
    panel.stateChanged.connect(() => told++);
    const accordion = panel.content as AccordionPanel;
    accordion.setRelativeSizes([3, 1]);
    (accordion.handleMoved as Signal<unknown, void>).emit();
    expect(told).toBe(1);
    expect(panel.state.sizes).toEqual({
      'Retained results': 0.75,
      'Largest variables': 0.25
    });
    panel.dispose();
  });

  it('folds what was folded, also what is added later', async () => {
    const { panel } = await aPanel();
    panel.restore({ folded: ['Largest variables', 'late', 3] });
    panel.addSection(aSection('late'), 300);
    expect(panel.state.folded).toEqual(['Largest variables', 'late']);
    panel.dispose();
  });

  it.each<AgentState>([
    { kind: 'no-kernel' },
    { kind: 'not-python', language: 'R' },
    { kind: 'installing' },
    { kind: 'no-shell' },
    { kind: 'version', theirs: 2 },
    { kind: 'restarting' },
    { kind: 'dead' },
    { kind: 'disconnected' },
    { kind: 'failed', detail: 'KeyError' }
  ])('says $kind in its state', async state => {
    const { panel, model } = await aPanel();
    await doing(() => {
      Widget.attach(panel, document.body);
      model.agent.setState(state);
    });
    expect(panel.node.dataset.state).toBe(state.kind);
    expect(one(panel.node, '.jp-Memguard-stateTitle').textContent).not.toBe('');
    await doing(() => panel.dispose());
  });

  it('says plainly that a kernel takes no comms', async () => {
    const { panel, model } = await aPanel();
    await doing(() => {
      Widget.attach(panel, document.body);
      model.agent.setState({ kind: 'failed', detail: NO_COMM });
    });
    const { textContent } = one(panel.node, '.jp-Memguard-state');
    expect(textContent).toContain('This kernel cannot be asked');
    expect(textContent).not.toContain(NO_COMM);
    await doing(() => panel.dispose());
  });

  it('does not name a language that is not known', async () => {
    const { panel, model } = await aPanel();
    await doing(() => {
      Widget.attach(panel, document.body);
      model.agent.setState({ kind: 'not-python', language: null });
    });
    const { textContent } = one(panel.node, '.jp-Memguard-stateHint');
    expect(textContent).toContain('it is not known what this one runs');
    await doing(() => panel.dispose());
  });

  it('tells a busy kernel from one that is being asked', async () => {
    const { panel, model } = await aPanel();
    model.agent.setRunning(true);
    expect(panel.node.dataset.state).toBe('waiting');
    model.agent.setState({ kind: 'installing' });
    expect(panel.node.dataset.state).toBe('waiting');
    model.agent.setRunning(false);
    expect(panel.node.dataset.state).toBe('installing');
    panel.dispose();
  });

  it('says that a kernel ended that never answered', async () => {
    const { panel, model } = await aPanel();
    await doing(() => {
      Widget.attach(panel, document.body);
      model.agent.setState({ kind: 'installing' });
      model.set({ processEnded: true });
    });
    expect(panel.node.dataset.state).toBe('dead');
    expect(panel.node.textContent).toContain('It ended at its start.');
    await doing(() => model.set({ processEnded: false }));
    expect(panel.node.dataset.state).toBe('installing');
    await doing(() => panel.dispose());
  });

  it('says that it waits when the kernel does not answer soon', async () => {
    jest.useFakeTimers();
    try {
      const { panel, model } = await aPanel();
      model.agent.setState({ kind: 'installing' });
      expect(panel.node.dataset.state).toBe('installing');
      jest.runOnlyPendingTimers();
      expect(panel.node.dataset.state).toBe('waiting');
      model.agent.setState({ kind: 'ready' });
      expect(panel.node.dataset.state).toBe('ready');
      panel.dispose();
    } finally {
      jest.useRealTimers();
    }
  });

  it('shows rows, none, or the failure, as the report is', async () => {
    const { panel, model } = await aPanel();
    model.set({ report: aReport([aRow(1, 5)]) });
    expect(panel.node.dataset.state).toBe('rows');
    model.set({ report: aReport([]) });
    expect(panel.node.dataset.state).toBe('empty');
    model.set({ report: null, failure: 'invalid_reply' });
    expect(panel.node.dataset.state).toBe('failed');
    panel.dispose();
  });
});

describe('the focus', () => {
  async function aTable() {
    const { panel, model } = await aPanel();
    model.report = aReport([aRow(1, 10), aRow(2, 30), aRow(3, 20)]);
    await doing(() => Widget.attach(panel, document.body));
    const row = (key: string) => one(panel.node, `[data-key=${key}]`);
    return { panel, model, row };
  }
  const active = () => document.activeElement as HTMLElement;

  it('goes to the next row when its own has gone, at last to the button', async () => {
    const { panel, model, row } = await aTable();
    await doing(() => row('k3').focus());
    await doing(() =>
      model.set({ report: aReport([aRow(1, 10), aRow(2, 30)]) })
    );
    expect(active().dataset.key).toBe('k1');
    await doing(() => model.set({ report: aReport([aRow(2, 30)]) }));
    expect(active().dataset.key).toBe('k2');
    await doing(() => model.set({ report: aReport([]) }));
    expect(active().textContent).toBe('Free memory');
    await doing(() => panel.dispose());
  });

  it('stays in the panel when a button has done its work', async () => {
    const { panel, row } = await aTable();
    await doing(() => row('k3').focus());
    await press(active(), ' ');
    await doing(() => button(panel.node, 'Clear').focus());
    await doing(() => active().click());
    expect(active().dataset.key).toBe('k3');
    await doing(() => panel.dispose());
  });

  it('is not taken from elsewhere', async () => {
    const { panel, model, row } = await aTable();
    const elsewhere = document.body.appendChild(
      document.createElement('input')
    );
    await doing(() => row('k3').focus());
    await doing(() => elsewhere.focus());
    await doing(() => model.set({ report: aReport([]) }));
    expect(active()).toBe(elsewhere);
    elsewhere.remove();
    await doing(() => panel.dispose());
  });
});

describe('what is asked of a row', () => {
  it('is done by the table', async () => {
    const { panel, model } = await aPanel();
    model.report = aReport([aRow(1, 10), aRow(2, 30, { cell_id: null })]);
    await doing(() => Widget.attach(panel, document.body));
    expect(panel.canAsk({ what: 'visit', key: 'k1' })).toBe(true);
    expect(panel.canAsk({ what: 'visit', key: 'k2' })).toBe(false);
    expect(panel.canAsk({ what: 'release', key: 'gone' })).toBe(false);
    await doing(() => panel.ask({ what: 'release', key: 'k1' }));
    expect(model.released).toEqual([{ kind: 'keys', keys: ['k1'] }]);
    expect(panel.focusedRow).toBe('k1');
    await doing(() => panel.ask({ what: 'assign', key: 'k1' }));
    expect(one(panel.node, 'form input')).toBe(document.activeElement);
    await doing(() => panel.dispose());
  });
});

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
    model.agent.guard = { ...on, withheld: 3 };
    const host = await render(
      <Summary view={view} chooseMode={(_, mode) => chosen.push(mode)} />
    );
    const guard = one(host, '.jp-Memguard-guard');
    expect(guard.dataset.guardMode).toBe('large');
    expect(guard.dataset.guardOrigin).toBe('kernel');
    expect(guard.textContent).toContain('Set for this kernel elsewhere.');
    expect(guard.textContent).toContain(
      'In effect since [5]. 3 results were withheld so far.'
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
      <Summary view={view} chooseMode={(_, mode) => chosen.push(mode)} />
    );
    expect(host.textContent).toContain('Chosen in this notebook.');
    await doing(() => button(host, 'Follow the settings').click());
    expect(chosen).toEqual([null]);
  });

  it.each<[Partial<IGuardState>, number | null, string[]]>([
    [{ mode: 'off', on_top: 'nobody' }, null, []],
    [{}, null, ['In effect since [5].']],
    [
      { other: 'theirs.patch' },
      null,
      ['In effect since [5].', 'theirs.patch was there before and is kept.']
    ],
    [
      { on_top: 'other', other: 'theirs.patch' },
      null,
      [
        'theirs.patch stands in front of the guard: results may be retained all the same.'
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
        'In effect since [5].',
        'Cells that ran before [7] were not looked after.',
        '1 result was withheld so far.'
      ]
    ]
  ])('says who is on top: %#', (state, lateSince, expected) => {
    const trans = nullTranslator.load('jupyter_memguard');
    expect(guardFacts({ ...on, ...state }, lateSince, trans)).toEqual(expected);
  });
});

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

describe('Summary', () => {
  it('gives one answer', async () => {
    const { view, model } = aView();
    model.report = aReport([aRow(5, 800_000_000)], {
      rss_bytes: 1024 * MIB
    });
    const host = await render(<Summary view={view} chooseMode={noChoice} />);
    const total = one(host, '.jp-Memguard-total');
    expect(total.dataset.bytes).toBe('800000000');
    expect(total.textContent).toBe('762.9 MiB');
    expect(host.textContent).toContain('1 GiB is results you are not using');
  });

  it('is calm when there is nothing to free', async () => {
    const { view, model } = aView();
    model.report = aReport([], { rss_bytes: 834 * MIB });
    const host = await render(<Summary view={view} chooseMode={noChoice} />);
    const total = one(host, '.jp-Memguard-total');
    expect(total.dataset.bytes).toBe('0');
    expect(total.textContent).toBe('Nothing to free');
    expect(host.textContent).toContain('This kernel has 834 MiB.');
    const guess = { exact: false, estimate_bytes: 80 * MIB };
    await doing(() =>
      model.set({
        report: aReport([aRow(1, 0, guess)], {
          estimate_bytes_all: 80 * MIB
        })
      })
    );
    expect(total.textContent).toBe('About 80 MiB');
  });

  it('marks a total that is a bound', async () => {
    const { view, model } = aView();
    model.report = aReport([aRow(5, MIB, { exact: false })]);
    const host = await render(<Summary view={view} chooseMode={noChoice} />);
    const total = one(host, '.jp-Memguard-total');
    expect(total.textContent).toBe('\u2265\u00a01 MiB');
    expect(total.title).toContain('At least this');
    const hint = one(host, '.jp-Memguard-bounds');
    expect(hint.textContent).toContain('\u2265 is at least');
    expect(hint.querySelector('button')).not.toBeNull();
    // What the sign means can be read while nothing can be measured.
    await doing(() =>
      model.set({ activity: { kind: 'measuring', budgetMs: 400 } })
    );
    expect(hint.textContent).toBe('\u2265 is at least');
  });

  it('says in the answer what the bar says, whichever reading knew more', async () => {
    const { view, model } = aView();
    model.report = aReport([aRow(5, 0, { exact: false })], {
      rss_bytes: 900 * MIB
    });
    const host = await render(<Summary view={view} chooseMode={noChoice} />);
    const total = one(host, '.jp-Memguard-total');
    expect(total.textContent).toBe('Nothing known to free');
    const part = (name: string) =>
      Number(one(host, `li[data-part=${name}]`).dataset.bytes);
    const figures = (better: number) =>
      doing(() =>
        model.set({
          better: { bytes: better * MIB, exact: false },
          overview: {
            rss_bytes: 900 * MIB,
            results: { bytes: 100 * MIB, exact: false },
            shown: { bytes: 10 * MIB, exact: true },
            tracebacks: { bytes: 50 * MIB, exact: false },
            variables: { bytes: 400 * MIB, exact: false },
            largest: [],
            elapsed_ms: 1
          }
        })
      );
    for (const better of [100, 120, 300]) {
      await figures(better);
      expect(total.textContent).toBe(`\u2265\u00a0${better} MiB`);
      expect(host.textContent).toContain('900 MiB is results');
      expect(part('results')).toBe(better * MIB);
      // What was not known of the results was in the rest.
      expect(part('tracebacks')).toBe(50 * MIB);
      expect(part('rest')).toBe((440 - better) * MIB);
    }
  });

  it('frees memory at a press, and not again while it does', async () => {
    const { view, model } = aView();
    model.report = aReport([aRow(5, MIB)]);
    const host = await render(<Summary view={view} chooseMode={noChoice} />);
    await doing(() => button(host, 'Free memory').click());
    expect(model.released).toEqual([{ kind: 'large' }]);
    await doing(() =>
      model.set({ activity: { kind: 'freeing', selection: { kind: 'large' } } })
    );
    await doing(() => button(host, 'Free memory').click());
    expect(model.released).toHaveLength(1);
    expect(one(host, '[role=progressbar]').getAttribute('aria-label')).toBe(
      'Freeing\u2026'
    );
  });

  it('lets a queued release be taken back', async () => {
    const { view, model } = aView();
    model.report = aReport([aRow(5, MIB)]);
    model.activity = { kind: 'queued', selection: { kind: 'large' } };
    const host = await render(<Summary view={view} chooseMode={noChoice} />);
    await doing(() => button(host, 'Take back').click());
    expect(model.cancelled).toBe(1);
  });

  it('accounts for a release, and for what stays', async () => {
    const { view, model } = aView();
    model.report = aReport([]);
    const host = await render(<Summary view={view} chooseMode={noChoice} />);
    // It is there before what comes into it, or else it would not be heard.
    const [, account] = host.querySelectorAll<HTMLElement>('[role=status]');
    expect(account.hidden).toBe(false);
    expect(account.textContent).toBe('');
    await doing(() =>
      model.set({
        outcome: aRelease({
          still_alive: [
            {
              key: 'k1',
              type: 'DataFrame',
              freed_bytes: MIB,
              held_by: ['df', '<frame main>', '<unknown>']
            }
          ]
        })
      })
    );
    expect(account.dataset.beforeBytes).toBe('1000000000');
    expect(account.dataset.afterBytes).toBe('200000000');
    expect(account.dataset.released).toBe('1');
    expect(account.textContent).toContain(
      'Released 1 result: 762.9 MiB came back.' +
        'The kernel had 953.7 MiB before and 190.7 MiB right after.'
    );
    expect(account.textContent).toContain(
      'DataFrame (1 MiB): held by `df`, the running function `main`, ' +
        'something that could not be found'
    );
    await doing(() => button(host, 'Dismiss').click());
    expect(account.textContent).toBe('');
  });

  it('tells what goes on in a place that was there before', async () => {
    const { view, model } = aView();
    model.report = aReport([aRow(5, MIB)]);
    const host = await render(<Summary view={view} chooseMode={noChoice} />);
    const regions = [...host.querySelectorAll('[role=status]')];
    expect(regions.map(({ textContent }) => textContent)).toEqual(['', '']);
    await doing(() => model.set({ activity: { kind: 'freeing' } as never }));
    expect(regions[0].isConnected).toBe(true);
    expect(regions[0].textContent).toBe('Freeing\u2026');
  });

  it.each<[Selection['kind'], number, string]>([
    ['large', 2, 'Released 2 results: 762.9 MiB came back.'],
    ['shown', 1, 'Released what 1 cell showed: 762.9 MiB came back.'],
    ['shown', 3, 'Released what 3 cells showed: 762.9 MiB came back.'],
    ['tracebacks', 1, 'Released 1 traceback: 762.9 MiB came back.'],
    ['tracebacks', 3, 'Released 3 tracebacks: 762.9 MiB came back.']
  ])('says of %s (%i) "%s"', async (kind, released, text) => {
    const { view, model } = aView();
    model.outcome = aRelease({ released }, { kind } as Selection);
    const host = await render(<Summary view={view} chooseMode={noChoice} />);
    expect(one(host, '.jp-Memguard-accountHead').textContent).toBe(text);
  });

  it.each<[Partial<IReleased>, string]>([
    [
      { released: 0 },
      'There was nothing large to release. Free everything takes small results, too.'
    ],
    [{ before_rss_bytes: null }, 'Released 1 result.'],
    [
      { after_rss_bytes: 1_000_000_000 },
      'Released 1 result; the process did not become smaller.'
    ]
  ])('says of %j "%s"', async (result, text) => {
    const { view, model } = aView();
    model.outcome = aRelease(result);
    const host = await render(<Summary view={view} chooseMode={noChoice} />);
    expect(one(host, '.jp-Memguard-accountHead').textContent).toBe(text);
  });

  it('says why nothing was released', async () => {
    const { view, model } = aView();
    model.report = aReport([aRow(1, 5)]);
    model.outcome = { kind: 'failed', selection: null, code: 'restarted' };
    const host = await render(<Summary view={view} chooseMode={noChoice} />);
    expect(one(host, '.jp-Memguard-account').textContent).toContain(
      'The kernel was restarted'
    );
  });

  it('says of when the figures are while a cell runs', async () => {
    const { view, model } = aView();
    model.report = aReport([aRow(1, 5)], { execution_count: 7 });
    const host = await render(<Summary view={view} chooseMode={noChoice} />);
    await doing(() => model.agent.setRunning(true));
    expect(one(host, '.jp-Memguard-asOf').dataset.execution).toBe('6');
    await doing(() => model.agent.setRunning(false));
    expect(host.querySelector('.jp-Memguard-asOf')).toBeNull();
  });

  it('splits the process into parts that sum to it', async () => {
    const { view, model } = aView();
    const exact = true;
    model.report = aReport([aRow(1, 500 * MIB)], {
      shown: { bytes: 100 * MIB, count: 3, exact }
    });
    model.overview = {
      rss_bytes: 2000 * MIB,
      results: { bytes: 500 * MIB, exact },
      shown: { bytes: 100 * MIB, exact },
      tracebacks: { bytes: 0, exact },
      variables: { bytes: 1000 * MIB, exact: false },
      largest: [],
      elapsed_ms: 1
    };
    const host = await render(<Summary view={view} chooseMode={noChoice} />);
    const items = [...host.querySelectorAll<HTMLElement>('li[data-part]')];
    expect(items.map(item => item.dataset.part)).toEqual([
      'results',
      'shown',
      'tracebacks',
      'variables',
      'rest'
    ]);
    const sum = items.reduce(
      (all, item) => all + Number(item.dataset.bytes),
      0
    );
    expect(sum).toBe(2000 * MIB);
    expect(items[3].textContent).toContain('\u2265\u00a01,000 MiB');
    // What a lower bound leaves over is an upper bound.
    expect(items[4].textContent).toContain('\u2264\u00a0400 MiB');
    // Both signs are explained, once for all and where one points.
    const titles = items.map(
      item => item.querySelector<HTMLElement>('[title]')?.title
    );
    expect(titles[3]).toBe('At least this');
    expect(titles[4]).toContain('At most this');
    expect(one(host, '.jp-Memguard-bounds').textContent).toBe(
      '\u2265 is at least, \u2264 is at most'
    );
    await doing(() => {
      const { variables, ...others } = model.overview!;
      const overview = { ...others, variables: { ...variables, exact } };
      model.set({ overview });
    });
    const rest = one(host, 'li[data-part=rest]').textContent;
    expect(rest).toContain('400 MiB');
    expect(rest).not.toContain('\u2264');
    expect(host.querySelector('.jp-Memguard-bounds')).toBeNull();
    await doing(() => button(host, 'Release what was shown').click());
    expect(model.released).toEqual([{ kind: 'shown' }]);
    // There are none: the button is there, and does nothing.
    const tracebacks = button(host, 'Release tracebacks');
    expect(tracebacks.getAttribute('aria-disabled')).toBe('true');
    await doing(() => tracebacks.click());
    expect(model.released).toHaveLength(1);
  });

  it('shows no part that is not known yet', async () => {
    const { view, model } = aView();
    model.report = aReport([aRow(1, 500 * MIB)], { rss_bytes: 2000 * MIB });
    const host = await render(<Summary view={view} chooseMode={noChoice} />);
    const items = [...host.querySelectorAll<HTMLElement>('li[data-part]')];
    expect(items.map(item => item.dataset.part)).toEqual([
      'results',
      'shown',
      'tracebacks'
    ]);
    expect(items[0].textContent).toContain('25%');
  });

  it('names the variable that is most of the kernel', async () => {
    const { view, model } = aView();
    model.report = aReport([aRow(1, 5)]);
    const part = { bytes: 0, exact: true };
    model.overview = {
      rss_bytes: 14 * 1024 * MIB,
      results: part,
      shown: part,
      tracebacks: part,
      variables: part,
      largest: [
        {
          name: 'df',
          type: 'DataFrame',
          summary: '',
          freed_bytes: 12 * 1024 * MIB,
          exact: true,
          estimate_bytes: null,
          shared_with: []
        }
      ],
      elapsed_ms: 1
    };
    const host = await render(<Summary view={view} chooseMode={noChoice} />);
    expect(host.textContent).toContain('your variable `df` is 12 GiB');
  });
});

describe('readViewState', () => {
  it('takes what is valid, and the usual for the rest', () => {
    const sort = { column: 'age', descending: false };
    const filter = { text: 'x', minBytes: 5 };
    expect(readViewState({ sort, filter })).toEqual({ sort, filter });
    const usual = readViewState(null);
    expect(usual.filter.text).toBe('');
    expect(
      readViewState({ sort: { column: 'no' }, filter: { text: 3 } })
    ).toEqual(usual);
  });
});
