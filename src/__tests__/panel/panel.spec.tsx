import { nullTranslator } from '@jupyterlab/translation';
import type { Signal } from '@lumino/signaling';
import { type AccordionPanel, Widget } from '@lumino/widgets';
import { MemguardPanel } from '../../panel/panel';
import type { AgentState } from '../../tokens';
import { NO_COMM } from '../../kernel/kernelFree';
import { button, cleanUp, doing, layOut, one, press } from '../fakes/render';
import { aReport, aRow } from '../fakes/rows';
import { aView } from '../fakes/view';

beforeAll(() => layOut(600));
afterEach(cleanUp);

function aSection(label: string): Widget {
  const section = new Widget();
  section.title.label = label;
  return section;
}

/** The panel as JupyterLab's start gets it. */
function aFrame() {
  const parts = aView();
  const panel = new MemguardPanel(parts.memguard, {
    goTo: async () => 'same',
    chooseMode: () => undefined,
    offerCode: async () => undefined,
    translator: nullTranslator
  });
  return { ...parts, panel };
}

async function aPanel() {
  const parts = aFrame();
  await doing(() => parts.panel.load());
  return parts;
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
    await doing(() => panel.addSection(aSection('last'), 300));
    const section = panel.addSection(between, 150);
    expect(labels()).toEqual([
      'Kept results',
      'between',
      'Largest variables',
      'last'
    ]);
    section.dispose();
    expect(labels()).toEqual(['Kept results', 'Largest variables', 'last']);
    expect(between.isDisposed).toBe(false);
    await doing(() => panel.dispose());
  });

  it('gives sections the sizes that they had', async () => {
    const { panel } = await aPanel();
    const sizes = { 'Kept results': 0.2, 'Largest variables': 0.8 };
    await doing(() => panel.restore({ sizes: { ...sizes, wrong: 'x' } }));
    expect(panel.state.sizes).toEqual(sizes);
    const accordion = panel.content as AccordionPanel;
    const [results, variables] = accordion.relativeSizes();
    expect(results).toBeCloseTo(0.2);
    expect(variables).toBeCloseTo(0.8);
    await doing(() => panel.dispose());
  });

  it('tells what was given another size', async () => {
    const { panel } = await aPanel();
    const accordion = panel.content as AccordionPanel;
    accordion.expand(1);
    let told = 0;
    panel.stateChanged.connect(() => told++);
    accordion.setRelativeSizes([3, 1]);
    (accordion.handleMoved as Signal<unknown, void>).emit();
    expect(told).toBe(1);
    expect(panel.state.sizes).toEqual({
      'Kept results': 0.75,
      'Largest variables': 0.25
    });
    await doing(() => panel.dispose());
  });

  it('begins with all but the results folded', async () => {
    const { panel } = await aPanel();
    await doing(() => panel.addSection(aSection('late'), 300));
    await doing(() => panel.addSection(aSection('early'), 50));
    expect(panel.state.folded).toEqual(['Largest variables', 'late']);
    await doing(() => panel.dispose());
  });

  it('unfolds what was left unfolded', async () => {
    const { panel } = await aPanel();
    await doing(() => panel.addSection(aSection('late'), 300));
    await doing(() => panel.restore({ folded: ['Kept results'] }));
    expect(panel.state.folded).toEqual(['Kept results']);
    await doing(() => panel.dispose());
  });

  it('folds what was folded, also what is added later', async () => {
    const { panel } = await aPanel();
    await doing(() =>
      panel.restore({ folded: ['Largest variables', 'late', 3] })
    );
    await doing(() => panel.addSection(aSection('late'), 300));
    expect(panel.state.folded).toEqual(['Largest variables', 'late']);
    await doing(() => panel.dispose());
  });

  it('tells what is folded before there is any content, and loses no order', async () => {
    const { panel } = aFrame();
    const kept = {
      sort: { column: 'age', descending: false },
      filter: { text: 'x', minBytes: 5 }
    };
    await doing(() => panel.restore(kept));
    let told = 0;
    panel.stateChanged.connect(() => told++);
    (panel.content as AccordionPanel).expand(1);
    expect(told).toBe(1);
    expect(panel.state.folded).toEqual([]);
    (panel.content as AccordionPanel).collapse(1);
    expect(told).toBe(2);
    expect(panel.state).toMatchObject({
      ...kept,
      folded: ['Largest variables']
    });
    await doing(() => panel.dispose());
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
    await doing(() => model.agent.setRunning(true));
    expect(panel.node.dataset.state).toBe('waiting');
    await doing(() => model.agent.setState({ kind: 'installing' }));
    expect(panel.node.dataset.state).toBe('waiting');
    await doing(() => model.agent.setRunning(false));
    expect(panel.node.dataset.state).toBe('installing');
    await doing(() => panel.dispose());
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
      await doing(() => model.agent.setState({ kind: 'installing' }));
      expect(panel.node.dataset.state).toBe('installing');
      await doing(() => jest.runOnlyPendingTimers());
      expect(panel.node.dataset.state).toBe('waiting');
      await doing(() => model.agent.setState({ kind: 'ready' }));
      expect(panel.node.dataset.state).toBe('ready');
      await doing(() => panel.dispose());
    } finally {
      jest.useRealTimers();
    }
  });

  it('shows rows, none, or the failure, as the report is', async () => {
    const { panel, model } = await aPanel();
    await doing(() => model.set({ report: aReport([aRow(1, 5)]) }));
    expect(panel.node.dataset.state).toBe('rows');
    await doing(() => model.set({ report: aReport([]) }));
    expect(panel.node.dataset.state).toBe('empty');
    await doing(() => model.set({ report: null, failure: 'invalid_reply' }));
    expect(panel.node.dataset.state).toBe('failed');
    await doing(() => panel.dispose());
  });
});

describe('the focus', () => {
  async function aTable() {
    const { panel, model } = await aPanel();
    await doing(() =>
      model.set({
        report: aReport([aRow(1, 10), aRow(2, 30), aRow(3, 20)])
      })
    );
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
    expect(active().textContent).toBe('Give free memory back');
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
