import type { Kernel } from '@jupyterlab/services';
import { selects } from '../../model/selection';
import { RequestError } from '../../wire/request';
import { aGroup, aReport, aRow } from '../fakes/rows';
import { aModel } from '../fakes/retainedModel';
import {
  sampleCellEnd,
  sampleGuard,
  sampleReleased,
  sampleResult
} from '../fakes/samples';
import { aPromise, settled } from '../fakes/waiting';

const END = sampleCellEnd(sampleResult(9, 5));

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
    expect(model.pushed.get(9)).toMatchObject({
      key: 'r9',
      figure: aFigure(5)
    });
    expect(agent.asked).toEqual([]);
  });

  it('bring figures that are exact, or are not, and tell when they change', () => {
    const { agent, model } = aModel();
    const exact = sampleResult(9, 5);
    const bound = { ...sampleResult(10, 7), exact: false };
    agent.tell({ ...END, data: { ...END.data, results: [exact, bound] } });
    agent.setRunning(true);
    expect(model.pushed.get(9)?.figure).toMatchObject(aFigure(5));
    expect(model.pushed.get(10)?.figure).toMatchObject(aFigure(7, false));
  });

  it('do not tell when figures of a report change', async () => {
    const { agent, model } = aModel();
    agent.tell({
      ...END,
      data: { ...END.data, results: [sampleResult(1, 5, 'k1')] }
    });
    agent.answers.report = aReport([aRow(1, 5), aRow(2, 6)]);
    model.observe();
    await settled();
    expect(model.pushed.get(2)?.figure).toMatchObject(aFigure(6));
    agent.setRunning(true);
    expect(model.pushed.get(1)?.figure).toMatchObject(aFigure(5));
    // The cell may give the result a name.
    const about = { bytes: 0, exact: false, estimate_bytes: 6 };
    expect(model.pushed.get(2)?.figure).toEqual(about);
  });

  it('tell which older results the guard has let go', () => {
    const { agent, model } = aModel();
    agent.tell(END);
    const withheld = [{ number: 9, type: 'list', bytes: 5, exact: true }];
    agent.tell({ ...END, data: { ...END.data, results: [], withheld } });
    expect(model.pushed.size).toBe(0);
    expect([...model.withheld]).toEqual([[9, withheld[0]]]);
    agent.setState({ kind: 'restarting' });
    expect(model.withheld.size).toBe(0);
  });

  it('tell of the last thousand that the guard has let go, and no more', () => {
    const { agent, model } = aModel();
    const end = (...numbers: number[]): void => {
      const withheld = numbers.map(number => ({
        number,
        type: 'list',
        bytes: number,
        exact: true
      }));
      agent.tell({ ...END, data: { ...END.data, results: [], withheld } });
    };
    end(...Array.from({ length: 1000 }, (_, number) => number));
    expect(model.withheld.size).toBe(1000);
    // The first one's cell is run again: it is the newest now.
    end(0);
    expect(model.withheld.size).toBe(1000);
    end(1000, 1001);
    expect(model.withheld.size).toBe(1000);
    const numbers = [...model.withheld.keys()];
    expect(numbers.slice(0, 2)).toEqual([3, 4]);
    expect(numbers.slice(-3)).toEqual([0, 1000, 1001]);
  });

  it('are subscribed to again where the kernel has refused', async () => {
    const { agent, model } = aModel();
    agent.answers.subscribe = new RequestError('internal');
    model.observe();
    await settled();
    expect(agent.methods()).toEqual(['subscribe', 'report']);
    agent.answers.subscribe = {};
    agent.setRunning(true);
    agent.setRunning(false);
    await settled();
    expect(agent.methods()).toEqual(['subscribe', 'report']);
    agent.setRunning(true);
    agent.setRunning(false);
    await settled();
    expect(agent.methods()).toEqual(['report']);
  });

  it('are told no more where the kernel refuses to stop, and it is asked again', async () => {
    const { agent, model } = aModel();
    const looking = model.observe();
    await settled();
    agent.answers.subscribe = new RequestError('internal');
    looking.dispose();
    await settled();
    agent.methods();
    agent.setRunning(true);
    agent.setRunning(false);
    expect(agent.asked).toEqual([
      { method: 'subscribe', params: { cell_end: false } }
    ]);
  });

  it('are not subscribed to any more with a comm that is gone, whatever became of the request', async () => {
    const { agent, model } = aModel();
    const looking = model.observe();
    await settled();
    const { promise, resolve } = aPromise<void>();
    agent.gate = promise;
    agent.answers.subscribe = new RequestError('disconnected');
    looking.dispose();
    agent.state = { kind: 'disconnected' };
    resolve();
    await settled();
    agent.methods();
    agent.state = { kind: 'ready' };
    agent.setRunning(true);
    agent.setRunning(false);
    expect(agent.methods()).toEqual([]);
  });

  it('tell which results have gone, before those that have their numbers now', () => {
    const { agent, model } = aModel();
    agent.tell(END);
    const nine = sampleResult(9, 7, 'r10');
    const eight = { ...nine, number: 8 };
    agent.tell({ ...END, data: { ...END.data, results: [eight] } });
    agent.tell({
      ...END,
      data: { ...END.data, gone: [8, 9], results: [nine] }
    });
    expect([...model.pushed]).toMatchObject([
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

  it('are subscribed to once a cell has shown a result, and stay so', async () => {
    const { agent, model } = aModel();
    const run = (says: 'execute_reply' | 'stream' | 'execute_result') => {
      agent.setRunning(true);
      agent.cellRuns.see({
        direction: 'recv',
        msg: {
          header: { msg_type: says },
          parent_header: { msg_id: 'a', msg_type: 'execute_request' }
        }
      } as Kernel.IAnyMessageArgs);
      agent.setRunning(false);
    };
    run('stream');
    run('execute_reply');
    expect(agent.asked).toEqual([]);
    run('execute_result');
    expect(agent.asked).toEqual([
      { method: 'subscribe', params: { cell_end: true } }
    ]);
    model.observe().dispose();
    run('execute_result');
    await settled();
    expect(agent.methods()).toEqual(['subscribe', 'report']);
    // Another kernel has shown nothing.
    agent.setState({ kind: 'restarting' });
    agent.setState({ kind: 'ready' });
    run('stream');
    expect(agent.asked).toEqual([]);
  });

  it('are subscribed to where cells ran before the page came', () => {
    const { agent } = aModel();
    const hello = {
      version: 3,
      guard_state: sampleGuard(),
      engine: false,
      digest: ''
    };
    agent.tell({ event: 'hello', data: { ...hello, execution_count: 1 } });
    expect(agent.asked).toEqual([]);
    agent.tell({ event: 'hello', data: { ...hello, execution_count: 2 } });
    expect(agent.methods()).toEqual(['subscribe']);
  });

  it('have what a whole group frees, as the kernel tells it', () => {
    const { agent, model } = aModel();
    const group = ['r8', 'r9'];
    const results = [8, 9].map(number => ({
      ...sampleResult(number, 40),
      exact: false,
      estimate_bytes: 70,
      group
    }));
    agent.tell({ ...END, data: { ...END.data, results } });
    const figure = { bytes: 40, exact: false, estimate_bytes: 70 };
    expect([...model.pushed]).toMatchObject([
      [8, { key: 'r8', figure, group }],
      [9, { key: 'r9', figure, group }]
    ]);
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

  it('are believed no more when another client has released something, and asked for again', () => {
    const { agent, model } = aModel();
    agent.tell(END);
    agent.tell({ event: 'released', data: sampleReleased() });
    expect(model.pushed.size).toBe(0);
    expect(agent.asked).toEqual([]);
    agent.guard = { ...sampleGuard(), mode: 'large' };
    agent.guardChanged.emit(agent.guard);
    agent.methods();
    agent.tell({ event: 'released', data: sampleReleased() });
    expect(agent.asked).toEqual([
      { method: 'subscribe', params: { cell_end: true } }
    ]);
  });
});
