import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { figureText, formatBound, formatBytes } from '../../ui/format';
import type { IOverview, IPart, IReport } from '../../wire/protocol';
import { boundText } from '../sentences';

/** The figure of the answer, or that there is nothing to give one for. */
function answerFigure(
  { count, estimate_bytes_all: estimate }: IReport,
  { bytes, exact }: IPart,
  trans: TranslationBundle
): string {
  if (bytes > 0) {
    return formatBound(bytes, exact);
  }
  if (exact || count === 0) {
    return trans.__('Nothing to free');
  }
  return estimate !== null && estimate > 0
    ? trans.__('About %1', formatBytes(estimate))
    : trans.__('Nothing known to free');
}

/** The text under the figure. */
function answerText(
  report: IReport,
  { bytes, exact }: IPart,
  trans: TranslationBundle
): string {
  const estimate = report.estimate_bytes_all ?? 0;
  const rss = report.rss_bytes === null ? null : formatBytes(report.rss_bytes);
  if (bytes > 0 || (!exact && estimate > 0)) {
    return rss === null
      ? trans.__('is results you are not using')
      : trans.__('of this kernel\u2019s %1 is results you are not using', rss);
  }
  return rss === null ? '' : trans.__('This kernel has %1.', rss);
}

/** The one answer: how much of the kernel is results that nobody uses. */
export function Answer(props: {
  report: IReport;
  retained: IPart;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { report, retained, trans } = props;
  return (
    <div className="jp-Memguard-answer">
      <span
        className="jp-Memguard-total"
        data-bytes={retained.bytes}
        data-exact={retained.exact}
        title={retained.exact ? undefined : boundText(report.notes_all, trans)}
      >
        {answerFigure(report, retained, trans)}
      </span>
      <span className="jp-Memguard-answerText">
        {answerText(report, retained, trans)}
      </span>
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
  if (largest === undefined || rss === null || largest.freed_bytes < rss / 2) {
    return null;
  }
  return (
    <p className="jp-Memguard-largest">
      {trans.__(
        'Most of it is in use: your variable `%1` is %2.',
        largest.name,
        figureText({ bytes: largest.freed_bytes, exact: largest.exact }, trans)
      )}
    </p>
  );
}
