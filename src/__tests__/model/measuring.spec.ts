import type { IReport } from '../../wire/protocol';
import { aModel } from '../fakes/retainedModel';
import { sampleReport } from '../fakes/samples';
import { aPromise, settled } from '../fakes/waiting';

describe('measuring exactly', () => {
  const inexact = (elapsed_ms: number): IReport => ({
    ...sampleReport(),
    exact_all: false,
    elapsed_ms
  });

  it('gives more time until everything is exact', async () => {
    const { agent, model } = aModel();
    const budgets: number[] = [];
    agent.answers.report = ({ budget_ms }: { budget_ms: number }) => {
      budgets.push(budget_ms);
      return budgets.length < 3
        ? inexact(budget_ms)
        : { ...sampleReport(), exact_all: true, results: [], count: 0 };
    };
    await model.measureExactly();
    expect(budgets).toEqual([400, 1600, 6400]);
    expect(model.activity.kind).toBe('idle');
  });

  it('gives no single look more time than a person can wait for', async () => {
    const { agent, model } = aModel();
    agent.answers.report = inexact(1e6);
    await model.measureExactly();
    const given = agent.asked.map(
      ({ params }) => (params as { budget_ms: number }).budget_ms
    );
    expect(given).toEqual([400, 1600, 6400]);
    // Results and tracebacks have the budget each.
    expect(agent.timeouts).toEqual(given.map(ms => 30000 + 2 * ms));
  });

  it('begins at once, also while the overview is still read', async () => {
    const { agent, model } = aModel();
    agent.answers.report = inexact(10);
    agent.answers.overview = aPromise<void>().promise;
    model.observeOverview();
    model.observe();
    await settled();
    expect(model.activity.kind).toBe('reading');
    agent.methods();
    void model.measureExactly();
    expect(model.activity.kind).toBe('measuring');
    await settled();
    expect(agent.methods()).toContain('report');
  });

  it('measures the overview once, when the results have been', async () => {
    const { agent, model } = aModel();
    agent.answers.overview = { rss_bytes: 1 };
    model.observeOverview();
    agent.answers.report = inexact(1e6);
    await model.measureExactly();
    expect(agent.asked.map(({ method }) => method)).toEqual([
      'report',
      'report',
      'report',
      'overview'
    ]);
    expect(agent.asked[3].params).toEqual({ budget_ms: 6400 });
  });

  it('ends when more time would change nothing', async () => {
    const { agent, model } = aModel();
    agent.answers.report = inexact(3);
    await model.measureExactly();
    expect(agent.methods()).toEqual(['report']);
  });

  it('can be taken back', async () => {
    const { agent, model } = aModel();
    const { promise, resolve } = aPromise<void>();
    agent.gate = promise;
    const measured = model.measureExactly();
    expect(model.activity).toEqual({ kind: 'measuring', budgetMs: 400 });
    model.cancel();
    expect(model.activity.kind).toBe('idle');
    resolve();
    await measured;
    expect(model.report).toBeNull();
    expect(agent.methods()).toEqual(['report']);
  });
});
