import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { IReport } from '../../wire/protocol';
import type { IFigure, IRetainedModel } from '../../tokens';
import { barParts, MemoryBar, reportedParts } from './bar';
import { ReleaseKept } from './freeButtons';

/**
 * Where the memory is, with what can be released besides the results. All
 * figures are of one reading: a share of another moment's whole means nothing.
 */
export function Where(props: {
  model: IRetainedModel;
  report: IReport;
  retained: IFigure;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { model, report, retained, trans } = props;
  const { overview } = model;
  return (
    <MemoryBar
      parts={
        overview === null ? reportedParts(report, retained) : barParts(overview)
      }
      wholeBytes={(overview ?? report).rss_bytes}
      trans={trans}
      actions={{
        shown: <ReleaseKept kind="shown" model={model} trans={trans} />,
        tracebacks: (
          <ReleaseKept kind="tracebacks" model={model} trans={trans} />
        )
      }}
    />
  );
}
