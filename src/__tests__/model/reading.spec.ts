import { RequestError } from '../../wire/request';
import type { IReport } from '../../wire/protocol';
import { aModel } from '../fakes/retainedModel';
import { aGroup, aReport, aRow } from '../fakes/rows';
import { sampleReport } from '../fakes/samples';
import { aPromise, settled } from '../fakes/waiting';

describe('reading', () => {
  it('does not happen while nobody looks', async () => {
    const { agent, model } = aModel();
    await model.refresh();
    agent.setRunning(true);
    agent.setRunning(false);
    agent.setState({ kind: 'ready' });
    await settled();
    expect(agent.asked).toEqual([]);
    expect(model.report).toBeNull();
  });

  it('happens when somebody looks, and after each cell', async () => {
    const { agent, model } = aModel();
    const looking = model.observe();
    await settled();
    expect(agent.methods()).toEqual(['subscribe', 'report']);
    expect(model.report).toEqual(sampleReport());
    agent.setRunning(true);
    await settled();
    expect(agent.methods()).toEqual([]);
    agent.setRunning(false);
    await settled();
    expect(agent.methods()).toEqual(['report']);
    looking.dispose();
    agent.setRunning(true);
    agent.setRunning(false);
    await settled();
    expect(agent.methods()).toEqual(['subscribe']);
  });

  it('waits for a running cell', async () => {
    const { agent, model } = aModel();
    agent.setRunning(true);
    model.observe();
    await settled();
    expect(agent.methods()).toEqual([]);
    agent.setRunning(false);
    await settled();
    expect(agent.methods()).toEqual(['subscribe', 'report']);
  });

  it('happens once more if a cell ended in the meantime', async () => {
    const { agent, model } = aModel();
    const { promise, resolve } = aPromise<void>();
    agent.gate = promise;
    model.observe();
    agent.setRunning(true);
    agent.setRunning(false);
    agent.setRunning(true);
    agent.setRunning(false);
    resolve();
    await settled();
    expect(agent.methods()).toEqual(['subscribe', 'report', 'report']);
    expect(model.activity.kind).toBe('idle');
  });

  it('keeps the code of a failure until it works again', async () => {
    const { agent, model } = aModel();
    agent.answers.report = new RequestError('invalid_reply');
    model.observe();
    await settled();
    expect(model.failure).toBe('invalid_reply');
    expect(model.report).toBeNull();
    agent.answers.report = sampleReport();
    await model.refresh();
    expect(model.failure).toBeNull();
  });

  it('begins with a new install where that failed', async () => {
    const { agent, model } = aModel();
    agent.setState({ kind: 'failed', detail: 'Error' });
    model.observe();
    expect(agent.retries).toBe(1);
  });

  it('installs nothing anew while nobody looks', async () => {
    const { agent, model } = aModel();
    agent.setState({ kind: 'failed', detail: 'Error' });
    await model.refresh();
    expect(agent.retries).toBe(0);
  });

  it("installs nothing anew when a cell ends, which may be another page's install", async () => {
    const { agent, model } = aModel();
    agent.setState({ kind: 'failed', detail: 'Error' });
    model.observe();
    agent.setRunning(true);
    agent.setRunning(false);
    await settled();
    expect(agent.retries).toBe(1);
    await model.refresh();
    expect(agent.retries).toBe(2);
  });

  it('is out of date when something happened while nobody looked', async () => {
    const { agent, model } = aModel();
    model.observe().dispose();
    await settled();
    expect(model.report).not.toBeNull();
    expect(model.isStale).toBe(false);
    await model.release({ kind: 'all' });
    expect(model.isStale).toBe(true);
    model.observe();
    await settled();
    expect(model.isStale).toBe(false);
    expect(agent.cellRunning).toBe(false);
  });

  it('reads the overview only for those who look at it', async () => {
    const { agent, model } = aModel();
    agent.answers.overview = { rss_bytes: 1 };
    model.observe();
    await settled();
    agent.methods();
    const looking = model.observeOverview();
    await settled();
    expect(agent.methods()).toEqual(['report', 'overview']);
    looking.dispose();
    await model.refresh();
    expect(agent.methods()).toEqual(['report']);
  });

  it('adds the rows that come after', async () => {
    const { agent, model } = aModel();
    const [first, second] = sampleReport().results;
    agent.answers.report = ({ offset = 0 }): IReport => ({
      ...sampleReport(),
      count: 2,
      results: offset === 0 ? [first] : [first, second]
    });
    model.observe();
    await settled();
    expect(model.report?.results).toEqual([first]);
    await model.loadMore();
    expect(agent.asked[agent.asked.length - 1].params).toEqual({ offset: 1 });
    expect(model.report?.results).toEqual([first, second]);
    agent.methods();
    await model.loadMore();
    expect(agent.methods()).toEqual([]);
  });

  it('adds the groups of the rows that come after', async () => {
    const { agent, model } = aModel();
    const rows = [1, 2, 3, 4].map(number => aRow(number, 9 - number));
    const groups = [
      aGroup([rows[0], rows[2]], 90),
      aGroup([rows[1], rows[3]], 50)
    ];
    agent.answers.report = ({ offset = 0 }): IReport => ({
      ...aReport(rows, { groups }),
      results: rows.slice(offset, offset + 2),
      // The first group comes with each page that has a part of it.
      groups: offset === 0 ? [groups[0]] : groups
    });
    model.observe();
    await settled();
    expect(model.report?.groups).toEqual([groups[0]]);
    await model.loadMore();
    expect(model.report?.groups.map(({ keys }) => keys[0])).toEqual([
      'k1',
      'k2'
    ]);
  });

  it('adds no more rows while nobody looks', async () => {
    const { agent, model } = aModel();
    agent.answers.report = { ...sampleReport(), count: 9 };
    const looking = model.observe();
    await settled();
    looking.dispose();
    agent.methods();
    await model.loadMore();
    expect(agent.methods()).toEqual([]);
  });

  it('forgets with the kernel, but not with the connection', async () => {
    const { agent, model } = aModel();
    model.observe();
    await settled();
    agent.setState({ kind: 'disconnected' });
    expect(model.report).not.toBeNull();
    agent.setState({ kind: 'restarting' });
    expect(model.report).toBeNull();
    expect(model.pushed.size).toBe(0);
  });
});

it('completes rows by what the page saw run', async () => {
  const { agent, model } = aModel();
  const [first, ...others] = sampleReport().results;
  const row = { ...first, execution: 3, cell_id: null, time: null };
  agent.answers.report = { ...sampleReport(), results: [row, ...others] };
  const parent_header = { msg_id: 'theirs', msg_type: 'execute_request' };
  agent.cellRuns.see({
    direction: 'recv',
    msg: {
      header: { msg_type: 'execute_input' },
      parent_header,
      content: { execution_count: 3 }
    }
  } as never);
  model.observe();
  await settled();
  expect(model.report?.results[0].time).not.toBeNull();
});
