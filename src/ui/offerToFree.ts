/** The notification that follows when the guard has been turned on. */

import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IFigure, IWatched } from '../tokens';
import type { IReport } from '../wire/protocol';
import { frees, likelyBytes, totalOf } from '../model/figures';
import { figureText } from './format';
import { freeLabel } from './freeLabels';
import { earlierText } from './guardWords';
import { isSameProcess, stand, untilRelease } from './standing';

/**
 * Say how much is retained already when the guard has been turned on, and
 * what the guard does with it.
 *
 * @param watched - The document whose guard it is.
 * @param least - The least size that *Free memory* releases, in bytes; of less
 * than that nothing is said.
 * @param trans - The words.
 */
export async function offerToFree(
  watched: IWatched,
  least: number,
  trans: TranslationBundle
): Promise<void> {
  const { agent, model } = watched;
  const report = await model.readTotals().catch(() => null);
  // A person may have turned it off again while a cell ran.
  const isGuarded = (): boolean => (agent.guard?.mode ?? 'off') !== 'off';
  if (report === null || !isGuarded()) {
    return;
  }
  // What the panel shows is the better measured one.
  const retained =
    model.retained !== null && !model.isStale
      ? model.retained
      : totalOf(report);
  if (!frees(retained) || likelyBytes(retained) < least) {
    return;
  }
  const free = {
    label: freeLabel('large', trans),
    caption: trans.__('Free the large results among them'),
    displayType: 'accent' as const,
    callback: () => void model.release({ kind: 'large' })
  };
  const text = offerText(report, retained, trans);
  const id = Notification.info(text, {
    autoClose: false,
    actions: [free]
  });
  const isUnreleased = untilRelease(watched);
  const withheld = agent.guard?.withheld;
  stand(
    watched,
    id,
    () =>
      isSameProcess(watched) &&
      isGuarded() &&
      isUnreleased() &&
      // Some of the earlier results may be among those that went since.
      (agent.guard?.mode === 'all' || agent.guard?.withheld === withheld)
  );
}

/**
 * What is retained already, and what becomes of it.
 *
 * @param report - How many results there are, and the guard.
 * @param retained - What all of them free.
 * @param trans - The words.
 */
export function offerText(
  report: Pick<IReport, 'count' | 'guard_state'>,
  retained: IFigure,
  trans: TranslationBundle
): string {
  return trans._n(
    'The memory guard is on. %1 earlier result keeps %2; %3',
    'The memory guard is on. %1 earlier results keep %2; %3',
    report.count,
    figureText(retained, trans),
    earlierText(report.guard_state, trans)
  );
}
