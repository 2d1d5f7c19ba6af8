import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { figureKind, frees, likelyBytes, sizeOf } from '../../model/figures';
import { figureText, formatBytes } from '../../ui/format';
import type { IFigure } from '../../tokens';
import type { IOverview, IReport } from '../../wire/protocol';
import { figureTitle } from '../sentences';
import { hasNoLarge } from './large';

/** The figure of the answer, or that there is nothing to give one for. */
function answerFigure(
  report: IReport,
  retained: IFigure,
  least: number,
  trans: TranslationBundle
): string {
  return report.count === 0 || hasNoLarge(retained, least)
    ? trans.__('Nothing to free')
    : figureText(retained, trans);
}

/** The text under the figure. */
function answerText(
  report: IReport,
  retained: IFigure,
  least: number,
  trans: TranslationBundle
): string {
  const rss = report.rss_bytes === null ? null : formatBytes(report.rss_bytes);
  const whole = rss === null ? '' : trans.__('This kernel has %1.', rss);
  if (!frees(retained) && figureKind(retained) !== 'maybe') {
    return whole;
  }
  if (hasNoLarge(retained, least)) {
    const small = trans.__(
      'Small results have %1 together.',
      figureText(retained, trans)
    );
    return whole === '' ? small : `${whole} ${small}`;
  }
  return rss === null
    ? trans.__('is results you are not using')
    : trans.__('of this kernel\u2019s %1 is results you are not using', rss);
}

/** That tracebacks keep much alive, which the answer does not count. */
function tracebacksText(
  report: IReport,
  overview: IOverview | null,
  least: number,
  trans: TranslationBundle
): string | null {
  const { bytes, exact } = overview?.tracebacks ?? report.tracebacks;
  if (report.tracebacks.count === 0 || bytes < Math.max(least, 1)) {
    return null;
  }
  const figure = { bytes, exact, estimate_bytes: exact ? null : bytes };
  return trans.__('Tracebacks keep %1.', figureText(figure, trans));
}

/**
 * The one answer: how much of the kernel is results that nobody uses.
 *
 * @param props - What was read; `least` has the least bytes that count as
 * large.
 */
export function Answer(props: {
  report: IReport;
  retained: IFigure;
  overview: IOverview | null;
  least: number;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { report, retained, overview, least, trans } = props;
  const tracebacks = tracebacksText(report, overview, least, trans);
  return (
    <div
      className="jp-Memguard-answer"
      data-calm={report.count === 0 || hasNoLarge(retained, least)}
    >
      <span
        className="jp-Memguard-total"
        data-bytes={likelyBytes(retained)}
        data-exact={retained.exact}
        data-final={report.final}
        title={figureTitle(retained, trans)}
      >
        {answerFigure(report, retained, least, trans)}
      </span>
      <span className="jp-Memguard-answerText">
        {answerText(report, retained, least, trans)}
      </span>
      {tracebacks !== null && (
        <p className="jp-Memguard-answerText">{tracebacks}</p>
      )}
    </div>
  );
}

/** Says so if one variable is most of the kernel. */
export function LargestVariable(props: {
  overview: IOverview;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { overview, trans } = props;
  const largest = overview.largest[0];
  const rss = overview.rss_bytes;
  if (largest === undefined || rss === null || largest.size_bytes < rss / 2) {
    return null;
  }
  return (
    <p className="jp-Memguard-largest">
      {trans.__(
        'Most of it is in use: your variable `%1` is %2.',
        largest.name,
        figureText(sizeOf(largest), trans)
      )}
    </p>
  );
}
