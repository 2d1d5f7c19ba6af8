import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { IReport } from '../../wire/protocol';
import type { IFigure, IWatched } from '../../tokens';
import type { OfferCode } from '../codeOffer';
import { useRest } from '../rest/rest';
import { barParts, MemoryBar, reportedParts } from './bar';
import { ReleaseKept } from './freeButtons';

/**
 * Where the memory is, with what can be released besides the results. All
 * figures are of one reading: a share of another moment's whole means nothing.
 */
export function Where(props: {
  watched: IWatched;
  report: IReport;
  retained: IFigure;
  offerCode: OfferCode;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { watched, report, retained, offerCode, trans } = props;
  const { model } = watched;
  const rest = useRest({ watched, offerCode, trans });
  const { overview } = model;
  return (
    <MemoryBar
      parts={
        overview === null ? reportedParts(report, retained) : barParts(overview)
      }
      wholeBytes={(overview ?? report).rss_bytes}
      trans={trans}
      unfolding={{ rest }}
      actions={{
        shown: <ReleaseKept kind="shown" model={model} trans={trans} />,
        tracebacks: (
          <ReleaseKept kind="tracebacks" model={model} trans={trans} />
        )
      }}
    />
  );
}
