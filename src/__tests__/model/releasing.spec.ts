import type { ErrorCode, IReport, Method } from '../../wire/protocol';
import type { AgentState, Left, Selection } from '../../tokens';
import { aModel } from '../fakes/retainedModel';
import { aGroup, aReport, aRow } from '../fakes/rows';
import { sampleCellEnd, sampleReleased, sampleResult } from '../fakes/samples';
import { RequestError, type RequestFailure } from '../../wire/request';
import { aPromise, settled } from '../fakes/waiting';

describe('releasing', () => {
  it.each<[Selection, Method, object]>([
    [{ kind: 'large' }, 'release', { min_bytes: 2 * 1024 * 1024 }],
    [{ kind: 'all' }, 'release', {}],
    [{ kind: 'keys', keys: ['r1'] }, 'release', { keys: ['r1'] }],
    [{ kind: 'shown' }, 'release_shown', {}],
    [{ kind: 'tracebacks' }, 'release_tracebacks', {}]
  ])('%j asks for %s with %j', async (selection, method, params) => {
    const { agent, model } = aModel();
    await model.release(selection);
    expect(agent.asked).toEqual([{ method, params }]);
    expect(model.outcome).toEqual({
      kind: 'released',
      selection,
      result: sampleReleased()
    });
  });

  describe('of some results', () => {
    /** A kernel that refuses results which it does not have. */
    function aKernelWith(...there: string[]) {
      const { agent, model } = aModel();
      agent.answers.release = ({ keys }: { keys: string[] }) => {
        const gone = keys.find(key => !there.includes(key));
        if (gone !== undefined) {
          throw new RequestError('unknown_key', gone);
        }
        return { ...sampleReleased(), released: keys.length };
      };
      return { agent, model };
    }

    it('takes those that are left, and tells how many were gone', async () => {
      const { agent, model } = aKernelWith('b', 'd');
      await model.release({ kind: 'keys', keys: ['a', 'b', 'c', 'd'] });
      expect(agent.asked[agent.asked.length - 1].params).toEqual({
        keys: ['b', 'd']
      });
      expect(model.outcome).toMatchObject({
        kind: 'released',
        result: { released: 2 },
        gone: 2
      });
    });

    it('fails if none is left, and their figures are forgotten', async () => {
      const { agent, model } = aKernelWith();
      agent.tell(sampleCellEnd(sampleResult(9, 5, 'a')));
      await model.release({ kind: 'keys', keys: ['a', 'b'] });
      expect(agent.methods()).toEqual(['release', 'release']);
      expect(model.outcome).toMatchObject({ code: 'unknown_key' });
      expect(model.pushed.size).toBe(0);
    });

    it.each([
      ['for another reason', new RequestError('internal', 'a')],
      ['and nobody says which is gone', new RequestError('unknown_key')],
      [
        'with another error',
        Object.assign(new Error(), { code: 'unknown_key' })
      ]
    ])('fails %s', async (_, error) => {
      const { agent, model } = aModel();
      agent.answers.release = error;
      await model.release({ kind: 'keys', keys: ['a', 'b'] });
      await settled();
      expect(model.outcome?.kind).toBe('failed');
      expect(agent.methods()).toEqual(['release']);
    });

    it('does not ask for ever where the kernel names another', async () => {
      const { agent, model } = aModel();
      agent.answers.release = new RequestError('unknown_key', 'x');
      await model.release({ kind: 'keys', keys: ['a', 'b'] });
      expect(agent.methods()).toEqual(['release']);
    });
  });

  it('is one at a time once the kernel is at it', async () => {
    const { agent, model } = aModel();
    const { promise, resolve } = aPromise<void>();
    agent.gate = promise;
    const first = model.release({ kind: 'all' });
    await settled();
    await model.release({ kind: 'large' });
    expect(model.activity).toEqual({
      kind: 'freeing',
      selection: { kind: 'all' }
    });
    resolve();
    await first;
    expect(agent.methods()).toEqual(['release']);
    expect(model.outcome).toMatchObject({ selection: { kind: 'all' } });
  });

  it.each<[RequestFailure | ErrorCode, number]>([
    ['internal', 1],
    ['unknown_key', 0]
  ])(
    'leaves what is known of results, if it fails as %s: %i',
    async (code, left) => {
      const { agent, model } = aModel();
      agent.tell(sampleCellEnd(sampleResult(9, 5)));
      agent.answers.release = new RequestError(code);
      await model.release({ kind: 'all' });
      expect(model.pushed.size).toBe(left);
      // Why it failed is told beside the next kernel, too.
      agent.setState({ kind: 'restarting' });
      expect(model.outcome).toMatchObject({ kind: 'failed', code });
    }
  );

  it('reads again before it is over', async () => {
    const { agent, model } = aModel();
    model.observe();
    await settled();
    agent.methods();
    await model.release({ kind: 'all' });
    expect(agent.methods()).toEqual(['release', 'report']);
    expect(model.activity.kind).toBe('idle');
  });

  it('waits for the cells that run, and can be taken back', async () => {
    const { agent, model } = aModel();
    agent.setRunning(true);
    const released = model.release({ kind: 'all' });
    expect(model.activity).toEqual({
      kind: 'queued',
      selection: { kind: 'all' }
    });
    model.cancel();
    await released;
    agent.setRunning(false);
    await settled();
    expect(agent.methods()).toEqual([]);
    expect(model.outcome).toBeNull();
    expect(model.activity.kind).toBe('idle');
  });

  it('happens when the cells have ended', async () => {
    const { agent, model } = aModel();
    agent.setRunning(true);
    const released = model.release({ kind: 'all' });
    agent.setRunning(false);
    await released;
    expect(agent.methods()).toEqual(['release']);
  });

  it('takes the place of one that waits', async () => {
    const { agent, model } = aModel();
    agent.setRunning(true);
    const first = model.release({ kind: 'all' });
    const second = model.release({ kind: 'large' });
    agent.setRunning(false);
    await Promise.all([first, second]);
    expect(agent.methods()).toEqual(['release']);
    expect(model.outcome).toMatchObject({ selection: { kind: 'large' } });
  });

  it('waits for a kernel that is being installed into', async () => {
    const { agent, model } = aModel();
    agent.setState({ kind: 'installing' });
    const released = model.release({ kind: 'all' });
    await settled();
    expect(model.activity.kind).toBe('queued');
    agent.setState({ kind: 'ready' });
    await released;
    expect(model.outcome?.kind).toBe('released');
  });

  it.each<[AgentState, string]>([
    [{ kind: 'restarting' }, 'restarted'],
    [{ kind: 'dead' }, 'dead'],
    [{ kind: 'disconnected' }, 'disconnected'],
    [{ kind: 'no-kernel' }, 'not_ready']
  ])('fails when the kernel is %j', async (state, code) => {
    const { agent, model } = aModel();
    agent.setRunning(true);
    const released = model.release({ kind: 'all' });
    agent.setState(state);
    await released;
    expect(model.outcome).toEqual({
      kind: 'failed',
      selection: { kind: 'all' },
      code
    });
    model.dismissOutcome();
    expect(model.outcome).toBeNull();
  });

  it('is told of as long as that kernel lives', async () => {
    const { agent, model } = aModel();
    await model.release({ kind: 'all' });
    agent.setState({ kind: 'disconnected' });
    agent.setState({ kind: 'installing' });
    agent.setState({ kind: 'ready' });
    expect(model.outcome?.kind).toBe('released');
    agent.setState({ kind: 'restarting' });
    expect(model.outcome).toBeNull();
  });

  it('is told of until the next cell has run', async () => {
    const { agent, model } = aModel();
    await model.release({ kind: 'all' });
    agent.setRunning(true);
    expect(model.outcome?.kind).toBe('released');
    agent.setRunning(false);
    expect(model.outcome).toBeNull();
  });

  describe('has in its account', () => {
    async function released() {
      const { agent, model } = aModel();
      await model.release({ kind: 'all' });
      const settles = (before: number | null, after_rss_bytes: number) =>
        agent.tell({
          event: 'settled',
          data: { before_rss_bytes: before, after_rss_bytes }
        });
      return { agent, model, settles, outcome: model.outcome };
    }

    it('what came back late, and is the same release', async () => {
      const { model, settles, outcome } = await released();
      let told = 0;
      model.changed.connect(() => told++);
      const before = sampleReleased().before_rss_bytes;
      settles(before, 4000);
      settles(before, 3000);
      expect(told).toBeGreaterThan(1);
      // By that others know that it was told before.
      expect(model.outcome).toBe(outcome);
      expect(model.outcome).toMatchObject({
        kind: 'released',
        result: { ...sampleReleased(), after_rss_bytes: 3000 }
      });
    });

    it('nothing of a release that somebody else asked for', async () => {
      const { model, settles } = await released();
      settles(123_456_789, 3000);
      expect(model.outcome).toMatchObject({ result: sampleReleased() });
    });

    it('nothing once a person has read it', async () => {
      const { model, settles } = await released();
      model.dismissOutcome();
      settles(sampleReleased().before_rss_bytes, 3000);
      expect(model.outcome).toBeNull();
    });
  });

  describe('where there was nothing to release, tells what was left', () => {
    /** A kernel that keeps some results and releases none, and who looks. */
    async function aKernelWith(report: IReport) {
      const { agent, model } = aModel();
      const nothing = { ...sampleReleased(), released: 0, still_alive: [] };
      Object.assign(agent.answers, { report, release: nothing });
      model.observe();
      await settled();
      return { agent, model };
    }
    const opaque = { exact: false, notes: ['opaque'] };
    const rows = [aRow(1, 10), aRow(2, 0)];

    it.each<[string, IReport, Left]>([
      ['small results', aReport(rows), 'small'],
      [
        'an estimate',
        aReport([aRow(1, 0, { ...opaque, estimate_bytes: 9 })]),
        'small'
      ],
      [
        'a result of unknown size',
        aReport([...rows, aRow(3, 0, opaque)]),
        'unknown'
      ],
      [
        'a bound alone',
        aReport([aRow(3, 0, { exact: false, notes: [], size_bytes: 2 ** 20 })]),
        'unknown'
      ],
      [
        'a group of unknown size',
        aReport(rows, { groups: [aGroup(rows, 0, opaque)] }),
        'unknown'
      ],
      [
        'more rows than were read',
        aReport(rows, { count: 900, exact_all: false, notes_all: ['cut'] }),
        'unknown'
      ],
      ['no result', aReport([]), 'nothing']
    ])('%s', async (_, report, left) => {
      const { model } = await aKernelWith(report);
      await model.release({ kind: 'large' });
      expect(model.outcome).toMatchObject({ left });
    });

    it('as it was then, whatever is read later', async () => {
      const { agent, model } = await aKernelWith(aReport([aRow(1, 0, opaque)]));
      agent.answers.report = aReport([]);
      await model.release({ kind: 'large' });
      expect(model.report?.count).toBe(0);
      expect(model.outcome).toMatchObject({ left: 'unknown' });
      await model.refresh();
      expect(model.outcome).toMatchObject({ left: 'unknown' });
    });

    it('by the reading that follows, where the one before is out of date', async () => {
      const { agent, model } = await aKernelWith(aReport([]));
      agent.setRunning(true);
      const released = model.release({ kind: 'large' });
      agent.answers.report = aReport(rows);
      agent.setRunning(false);
      await released;
      expect(model.outcome).toMatchObject({ left: 'small' });
      agent.answers.report = aReport([]);
      await model.refresh();
      expect(model.outcome).toMatchObject({ left: 'small' });
    });

    it('not where no reading followed, whoever looks later', async () => {
      const { agent, model } = aModel();
      const nothing = { ...sampleReleased(), released: 0, still_alive: [] };
      agent.answers.release = nothing;
      await model.release({ kind: 'large' });
      model.observe();
      await settled();
      expect(model.report).not.toBeNull();
      expect(model.outcome).not.toHaveProperty('left');
    });
  });

  it('reads again when memory came back late', async () => {
    const { agent, model } = aModel();
    model.observe();
    await settled();
    agent.methods();
    agent.tell({
      event: 'settled',
      data: { before_rss_bytes: null, after_rss_bytes: 1 }
    });
    await settled();
    expect(agent.methods()).toContain('report');
  });

  it('is not mixed up with a reading under way', async () => {
    const { agent, model } = aModel();
    const { promise, resolve } = aPromise<void>();
    agent.gate = promise;
    model.observe();
    const released = model.release({ kind: 'all' });
    await settled();
    expect(model.activity.kind).toBe('freeing');
    resolve();
    await released;
    await settled();
    expect(model.activity.kind).toBe('idle');
    expect(model.outcome?.kind).toBe('released');
  });
});
