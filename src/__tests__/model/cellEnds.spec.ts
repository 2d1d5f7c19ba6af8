import { selects } from '../../model/selection';
import type { KernelEvent } from '../../wire/protocol';
import { aGroup, aReport, aRow } from '../fakes/rows';
import { aModel } from '../fakes/retainedModel';
import { sampleGuard, sampleReleased } from '../fakes/samples';
import { aPromise, settled } from '../fakes/waiting';

const END: KernelEvent = {
  event: 'cell_end',
  data: {
    execution_count: 9,
    cell_id: null,
    gone: [],
    results: [{ key: 'r9', number: 9, freed_bytes: 5, exact: true }],
    withheld: []
  }
};

function aFigure(bytes: number, exact = true) {
  return { bytes, exact };
}

describe('cell ends', () => {
  it('are subscribed to while the guard is on', async () => {
    const { agent } = aModel();
    agent.guard = { ...sampleGuard(), mode: 'large' };
    agent.guardChanged.emit(agent.guard);
    agent.guardChanged.emit(agent.guard);
    agent.guard = { ...sampleGuard(), mode: 'off' };
    agent.guardChanged.emit(agent.guard);
    expect(agent.asked.map(({ params }) => params)).toEqual([
      { cell_end: true },
      { cell_end: false }
    ]);
  });

  it('are not subscribed to by a request that has waited too long', async () => {
    const { agent, model } = aModel();
    const { promise, resolve } = aPromise<void>();
    agent.gate = promise;
    const looking = model.observe();
    agent.gate = null;
    looking.dispose();
    resolve();
    await settled();
    const subscribed = agent.answered.filter(
      ({ method }) => method === 'subscribe'
    );
    expect(subscribed.map(({ params }) => params)).toEqual([
      { cell_end: false }
    ]);
  });

  it('are subscribed to again in a new kernel', async () => {
    const { agent, model } = aModel();
    model.observe();
    await settled();
    agent.methods();
    agent.setState({ kind: 'restarting' });
    agent.setState({ kind: 'ready' });
    await settled();
    expect(agent.methods()).toEqual(['subscribe', 'report']);
  });

  it('bring the bytes of results without asking', () => {
    const { agent, model } = aModel();
    agent.tell(END);
    expect(model.pushed.get(9)).toEqual({ key: 'r9', figure: aFigure(5) });
    expect(agent.asked).toEqual([]);
  });

  it('bring figures that are exact, or are not, until another cell begins', () => {
    const { agent, model } = aModel();
    const [exact] = END.event === 'cell_end' ? END.data.results : [];
    const bound = { key: 'r10', number: 10, freed_bytes: 7, exact: false };
    agent.tell({ ...END, data: { ...END.data, results: [exact, bound] } });
    expect(model.pushed.get(9)?.figure).toEqual(aFigure(5));
    expect(model.pushed.get(10)?.figure).toEqual(aFigure(7, false));
    agent.setRunning(true);
    // The cell may give the result a name.
    const about = { bytes: 0, exact: false, estimate_bytes: 5 };
    expect(model.pushed.get(9)?.figure).toEqual(about);
    expect(model.pushed.get(10)?.figure).toEqual(aFigure(7, false));
  });

  it('tell which older results the guard has let go', () => {
    const { agent, model } = aModel();
    agent.tell(END);
    const withheld = [{ number: 9, type: 'list', bytes: 5 }];
    agent.tell({ ...END, data: { ...END.data, results: [], withheld } });
    expect(model.pushed.size).toBe(0);
  });

  it('tell which results have gone, before those that have their numbers now', () => {
    const { agent, model } = aModel();
    agent.tell(END);
    const nine = { key: 'r10', number: 9, freed_bytes: 7, exact: true };
    const eight = { ...nine, number: 8 };
    agent.tell({ ...END, data: { ...END.data, results: [eight] } });
    agent.tell({
      ...END,
      data: { ...END.data, gone: [8, 9], results: [nine] }
    });
    expect([...model.pushed]).toEqual([
      [9, { key: 'r10', figure: aFigure(7) }]
    ]);
  });

  it('are not told while nobody looks and the guard is off, so that what was known is no more', async () => {
    const { agent, model } = aModel();
    const looking = model.observe();
    await settled();
    expect(model.pushed.size).toBeGreaterThan(0);
    agent.setRunning(true);
    looking.dispose();
    // This one's end is still told.
    agent.setRunning(false);
    expect(model.pushed.size).toBeGreaterThan(0);
    agent.setRunning(true);
    agent.setRunning(false);
    expect(model.pushed.size).toBe(0);
  });

  it('have what a whole group frees, once a report has told it', async () => {
    const { agent, model } = aModel();
    const rows = [
      aRow(1, 10),
      aRow(2, 20),
      aRow(3, 5, { estimate_bytes: 9, exact: false })
    ];
    const groups = [aGroup(rows.slice(0, 2), 500)];
    agent.answers.report = aReport(rows, { groups });
    model.observe();
    await settled();
    const group = ['k1', 'k2'];
    expect([...model.pushed]).toMatchObject([
      [1, { key: 'k1', figure: aFigure(500), group }],
      [2, { key: 'k2', figure: aFigure(500), group }],
      [3, { key: 'k3', figure: { ...aFigure(5, false), estimate_bytes: 9 } }]
    ]);
    // By it it is known which results *Free memory* takes.
    const select = selects({ kind: 'large' }, 400);
    expect([...model.pushed.values()].filter(select)).toHaveLength(2);
  });

  it('are believed no more when another client has released something', () => {
    const { agent, model } = aModel();
    agent.tell(END);
    agent.tell({ event: 'released', data: sampleReleased() });
    expect(model.pushed.size).toBe(0);
  });
});
