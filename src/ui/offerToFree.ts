/** The notification that follows when the guard has been turned on. */

import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IWatched } from '../tokens';
import type { IReport } from '../wire/protocol';
import { likelyBytes, totalOf } from '../model/figures';
import { figureText } from './format';
import { freeLabel } from './freeLabels';
import { earlierText } from './guardWords';

/**
 * Say how much is retained already when the guard has been turned on, and
 * what the guard does with it.
 *
 * @param watched - The document whose guard it is.
 * @param least - The least size that *Free memory* releases, in bytes; less
 * than that is not offered to be freed.
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
  const isGuarded = (agent.guard?.mode ?? 'off') !== 'off';
  if (report === null || report.count === 0 || !isGuarded) {
    return;
  }
  const isWorthIt = likelyBytes(totalOf(report)) >= least;
  const free = {
    label: freeLabel('large', trans),
    caption: trans.__('Let go of the large results among them'),
    displayType: 'accent' as const,
    callback: () => void model.release({ kind: 'large' })
  };
  const id = Notification.info(offerText(report, trans), {
    autoClose: isWorthIt ? false : undefined,
    actions: isWorthIt ? [free] : []
  });
  watched.widget.disposed.connect(() => Notification.dismiss(id));
}

function offerText(report: IReport, trans: TranslationBundle): string {
  const retained = trans._n(
    'The memory guard is on. %1 result is retained already (%2).',
    'The memory guard is on. %1 results are retained already (%2).',
    report.count,
    figureText(totalOf(report), trans)
  );
  return `${retained} ${earlierText(report.guard_state, trans)}`;
}
