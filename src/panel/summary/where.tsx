import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { canRelease } from '../../model/activity';
import type { IOverview, IPart, IReport } from '../../wire/protocol';
import type { IRetainedModel } from '../../tokens';
import { LinkButton } from '../buttons';
import { barParts, isAtMost, MemoryBar, type IBarPart } from './bar';
import { isInexact, ReleaseKept } from './freeButtons';

/** The parts of the kernel's memory, as far as they are known. */
function knownParts(
  report: IReport,
  retained: IPart,
  overview: IOverview | null
): readonly IBarPart[] {
  return overview !== null
    ? barParts(overview, retained)
    : [
        { name: 'results', ...retained },
        { name: 'shown', ...report.shown },
        { name: 'tracebacks', ...report.tracebacks }
      ];
}

/** What the signs before figures mean, and a way to exact figures. */
function Bounds(props: {
  parts: readonly IBarPart[];
  model: IRetainedModel;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { parts, model, trans } = props;
  const variables = model.overview?.largest ?? [];
  const isSigned =
    isInexact(model) || [...parts, ...variables].some(({ exact }) => !exact);
  if (!isSigned) {
    return null;
  }
  return (
    <p className="jp-Memguard-bounds">
      <span>
        {parts.some(isAtMost)
          ? trans.__('\u2265 is at least, \u2264 is at most')
          : trans.__('\u2265 is at least')}
      </span>
      {isInexact(model) && canRelease(model) && (
        <LinkButton onClick={() => void model.measureExactly()}>
          {trans.__('Measure exactly')}
        </LinkButton>
      )}
    </p>
  );
}

/** Where the memory is, with what can be released besides the results. */
export function Where(props: {
  model: IRetainedModel;
  report: IReport;
  retained: IPart;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { model, report, retained, trans } = props;
  const parts = knownParts(report, retained, model.overview);
  return (
    <>
      <MemoryBar
        parts={parts}
        wholeBytes={(model.overview ?? report).rss_bytes}
        trans={trans}
        actions={{
          shown: <ReleaseKept kind="shown" model={model} trans={trans} />,
          tracebacks: (
            <ReleaseKept kind="tracebacks" model={model} trans={trans} />
          )
        }}
      />
      <Bounds parts={parts} model={model} trans={trans} />
    </>
  );
}
