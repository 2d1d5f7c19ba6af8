import { RequestError } from '../../wire/request';
import type { IReport } from '../../wire/protocol';
import { aModel } from '../fakes/retainedModel';
import { aGroup, anOverview, aReport, aRow } from '../fakes/rows';
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

  it('installs nothing anew where a kernel is there', async () => {
    const { agent, model } = aModel();
    model.observe();
    agent.setState({ kind: 'installing' });
    await model.refresh();
    expect(agent.retries).toBe(0);
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

  it('is said to go on, whatever is read', async () => {
    const { agent, model } = aModel();
    const kinds = new Set<string>();
    const reads: string[] = [];
    model.changed.connect(() => kinds.add(model.activity.kind));
    const { request } = agent;
    agent.request = (method, params, options) => {
      reads.push(`${method} ${model.activity.kind}`);
      return request.call(agent, method, params, options) as never;
    };
    const [row] = sampleReport().results;
    agent.answers.report = { ...sampleReport(), results: [row], final: false };
    agent.answers.refine = { final: true };
    expect(model.isStale).toBe(false);
    expect(model.isDisposed).toBe(false);
    model.observe();
    await settled();
    await settled();
    await model.loadMore();
    expect(reads).toEqual([
      'subscribe idle',
      'report reading',
      'refine idle',
      'report reading',
      'report reading'
    ]);
    expect([...kinds].sort()).toEqual(['idle', 'reading']);
  });

  it('has no more rows than none, before there is a report', async () => {
    const { agent, model } = aModel();
    await model.loadMore();
    expect(agent.methods()).toEqual([]);
  });

  it('says why no more rows came, and keeps those that are there', async () => {
    const { agent, model } = aModel();
    const [row] = sampleReport().results;
    agent.answers.report = { ...sampleReport(), results: [row] };
    model.observe();
    await settled();
    agent.answers.report = new RequestError('internal');
    await model.loadMore();
    expect(model.failure).toBe('internal');
    expect(model.report?.results).toEqual([row]);
    expect(model.activity.kind).toBe('idle');
  });

  it('asks for so many variables', async () => {
    const { agent, model } = aModel();
    agent.answers.overview = anOverview();
    model.observeOverview();
    model.observe();
    await settled();
    expect(agent.asked).toContainEqual({
      method: 'overview',
      params: { variables: 100 }
    });
  });

  it('is over with the model, once and for all', async () => {
    const { agent, model } = aModel();
    agent.setRunning(true);
    model.observe();
    const released = model.release({ kind: 'all' });
    let told = 0;
    model.changed.connect(() => told++);
    model.dispose();
    model.dispose();
    expect(model.isDisposed).toBe(true);
    await released;
    agent.setRunning(false);
    await model.refresh();
    await settled();
    expect(agent.methods()).toEqual([]);
    expect(told).toBe(0);
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
