/** Measuring with growing budgets, until every figure is exact. */

import type { IReport } from '../wire/protocol';
import { canRelease, type CurrentActivity } from './activity';
import { isExact, type Reading } from './reading';

/**
 * The first budget of an exact measurement, how it grows, and its limit. The
 * kernel cannot be stopped before a budget is used up: a cell waits for it.
 */
const FIRST_BUDGET_MS = 400;
const BUDGET_GROWTH = 4;
const LARGEST_BUDGET_MS = 6400;

/**
 * Measure the results, then the overview.
 *
 * @param reading - Reads, and keeps what was read.
 * @param activity - What the model does at the moment.
 * @param isRunning - Whether a cell runs.
 */
export async function measureExactly(
  reading: Reading,
  activity: CurrentActivity,
  isRunning: () => boolean
): Promise<void> {
  if (!canRelease({ activity: activity.current }) || !reading.canAsk) {
    return;
  }
  let budgetMs = FIRST_BUDGET_MS;
  const signal = activity.begin({ kind: 'measuring', budgetMs });
  const read = async (what: 'report' | 'overview'): Promise<boolean> =>
    (await reading.read(what, { budget_ms: budgetMs }, signal)) &&
    !signal.aborted &&
    !isRunning();
  while (await read('report')) {
    if (
      budgetMs >= LARGEST_BUDGET_MS ||
      !isWorthMore(reading.report, budgetMs)
    ) {
      // Only once: it takes as long again as the results.
      await read('overview');
      break;
    }
    budgetMs = Math.min(budgetMs * BUDGET_GROWTH, LARGEST_BUDGET_MS);
    activity.change({ kind: 'measuring', budgetMs });
  }
  if (!signal.aborted) {
    await reading.finish(activity.current);
  }
}

/** Whether a reading with a larger budget would tell more. */
function isWorthMore(report: IReport | null, budgetMs: number): boolean {
  return (
    report !== null &&
    !isExact(report) &&
    // A report that needed less than its budget will not get better.
    report.elapsed_ms >= budgetMs / 2
  );
}
