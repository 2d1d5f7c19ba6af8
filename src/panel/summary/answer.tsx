import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { figureKind, frees, likelyBytes, sizeOf } from '../../model/figures';
import { figureText, formatBytes } from '../../ui/format';
import type { IFigure } from '../../tokens';
import type { IOverview, IReport } from '../../wire/protocol';
import { figureTitle } from '../sentences';
import { hasNoLarge, largeTracebacks } from './large';

/** What the answer is about: results, or tracebacks where no result is large. */
interface IAnswer {
  /** The figure; null if there is nothing large. */
  readonly figure: IFigure | null;
  /** The text under it. */
  readonly text: string;
  /** What is said of the other one; null for nothing. */
  readonly beside: string | null;
}

/** The results' answer: what they have, and what tracebacks have beside. */
function ofResults(
  rss: string | null,
  retained: IFigure,
  tracebacks: IFigure | null,
  trans: TranslationBundle
): IAnswer {
  const beside =
    tracebacks === null
      ? null
      : trans.__('Tracebacks keep %1.', figureText(tracebacks, trans));
  if (!frees(retained) && figureKind(retained) !== 'maybe') {
    return { figure: retained, text: wholeText(rss, trans), beside };
  }
  const text =
    rss === null
      ? trans.__('is results you are not using')
      : trans.__('of this kernel\u2019s %1 is results you are not using', rss);
  return { figure: retained, text, beside };
}

function wholeText(rss: string | null, trans: TranslationBundle): string {
  return rss === null ? '' : trans.__('This kernel has %1.', rss);
}

/** The answer where no result is large. */
function ofTheRest(
  rss: string | null,
  retained: IFigure,
  tracebacks: IFigure | null,
  trans: TranslationBundle
): IAnswer {
  const small = frees(retained)
    ? trans.__('Small results have %1 together.', figureText(retained, trans))
    : null;
  if (tracebacks !== null) {
    return {
      figure: tracebacks,
      text:
        rss === null
          ? trans.__('is kept by tracebacks')
          : trans.__('of this kernel\u2019s %1 is kept by tracebacks', rss),
      beside: small
    };
  }
  const text = [wholeText(rss, trans), small ?? ''].join(' ').trim();
  return { figure: null, text, beside: null };
}

/**
 * The one answer: how much of the kernel is results that nobody uses, or what
 * tracebacks keep where no result is large.
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
  const { report, retained, least, trans } = props;
  const rss = report.rss_bytes === null ? null : formatBytes(report.rss_bytes);
  const isSmall = report.count === 0 || hasNoLarge(retained, least);
  const tracebacks = largeTracebacks(props, least);
  const { figure, text, beside } = (isSmall ? ofTheRest : ofResults)(
    rss,
    retained,
    tracebacks,
    trans
  );
  const shown = figure ?? retained;
  return (
    <div className="jp-Memguard-answer" data-calm={figure === null}>
      <span
        className="jp-Memguard-total"
        data-bytes={likelyBytes(shown)}
        data-exact={shown.exact}
        data-final={report.final}
        title={figureTitle(shown, trans)}
      >
        {figure === null
          ? trans.__('Nothing to free')
          : figureText(figure, trans)}
      </span>
      <span className="jp-Memguard-answerText">{text}</span>
      {beside !== null && <p className="jp-Memguard-answerText">{beside}</p>}
    </div>
  );
}

/** Says so if one variable, or the last cell's value, is most of the kernel. */
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
  const size = figureText(sizeOf(largest), trans);
  return (
    <p className="jp-Memguard-largest">
      {largest.name === ''
        ? trans.__(
            'Most of it is the value of the last cell, %1: IPython holds it until the next cell has run.',
            size
          )
        : trans.__(
            'Most of it is in use: your variable `%1` is %2.',
            largest.name,
            size
          )}
    </p>
  );
}
