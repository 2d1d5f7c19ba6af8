import { caretDownEmptyIcon, UseSignal } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { figureText, formatBound, formatBytes } from '../../ui/format';
import type { IOverview, IPart, IReport } from '../../wire/protocol';
import type { Activity, IRetainedModel, IWatched } from '../../tokens';
import { Account } from './account';
import { barParts, isAtMost, MemoryBar, type IBarPart } from './bar';
import { GuardLine, type ChooseMode } from './guardLine';
import { freeLabel, type NamedRelease } from '../../ui/freeLabels';
import { openMenu, type IMenuItem } from '../../ui/menu';
import { boundText } from '../sentences';
import { panelState, type PanelState } from '../states';
import type { ViewModel } from '../viewModel';

/** Whether a release can be asked for now. */
export function canRelease(model: IRetainedModel): boolean {
  const { kind } = model.activity;
  return kind === 'idle' || kind === 'reading';
}

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

/** What stands under the figure. */
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
function Answer(props: {
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

/** If one variable is most of the kernel, that it is. */
function Elephant(props: {
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
    <p className="jp-Memguard-elephant">
      {trans.__(
        'Most of it is in use: your variable `%1` is %2.',
        largest.name,
        figureText({ bytes: largest.freed_bytes, exact: largest.exact }, trans)
      )}
    </p>
  );
}

function progressText(
  activity: Activity,
  trans: TranslationBundle
): string | null {
  switch (activity.kind) {
    case 'queued':
      return trans.__('Queued: runs when the cell has ended');
    case 'freeing':
      return trans.__('Freeing\u2026');
    case 'measuring':
      return trans.__('Measuring exactly\u2026');
    default:
      return null;
  }
}

/**
 * Long work: what goes on, and what ends it where it can be ended. The region
 * is always there, so that a screen reader tells what comes into it.
 */
function Progress(props: {
  model: IRetainedModel;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { model, trans } = props;
  const text = progressText(model.activity, trans);
  if (text === null) {
    return <div role="status" />;
  }
  return (
    <div
      role="status"
      className="jp-Memguard-working"
      data-activity={model.activity.kind}
    >
      <div
        className="jp-Memguard-progress"
        role="progressbar"
        aria-label={text}
      />
      <span>{text}</span>
      {model.activity.kind !== 'freeing' && (
        <button
          className="jp-Memguard-linkButton"
          onClick={() => model.cancel()}
        >
          {model.activity.kind === 'queued'
            ? trans.__('Take back')
            : trans.__('Stop')}
        </button>
      )}
    </div>
  );
}

/** The other ways to free memory. */
function freeMenu(
  model: IRetainedModel,
  trans: TranslationBundle
): readonly IMenuItem[] {
  const isEnabled = canRelease(model);
  const releases = (kind: NamedRelease) => ({
    label: freeLabel(kind, trans),
    isEnabled,
    run: () => void model.release({ kind })
  });
  return [
    releases('all'),
    releases('shown'),
    releases('tracebacks'),
    {
      label: trans.__('Measure exactly'),
      isEnabled: isEnabled && isInexact(model),
      separator: true,
      run: () => void model.measureExactly()
    }
  ];
}

/** Whether a longer look could tell more. */
function isInexact({ report }: IRetainedModel): boolean {
  return (
    report !== null &&
    (!report.exact_all || report.results.some(row => !row.exact))
  );
}

function FreeButtons(props: {
  model: IRetainedModel;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { model, trans } = props;
  const enabled = canRelease(model);
  return (
    <div className="jp-Memguard-split">
      <button
        className="jp-Memguard-button jp-mod-accept jp-Memguard-free"
        aria-disabled={!enabled}
        onClick={() => {
          // Not `disabled`, which would take the focus away from it.
          if (enabled) {
            void model.release({ kind: 'large' });
          }
        }}
      >
        {freeLabel('large', trans)}
      </button>
      <button
        className="jp-Memguard-button jp-mod-accept jp-Memguard-more"
        aria-haspopup="menu"
        aria-label={trans.__('More ways to release')}
        title={trans.__('More ways to release')}
        onClick={event => openMenu(event.currentTarget, freeMenu(model, trans))}
      >
        <caretDownEmptyIcon.react tag="span" width="14px" height="14px" />
      </button>
    </div>
  );
}

function releaseButton(
  kind: 'shown' | 'tracebacks',
  label: string,
  model: IRetainedModel,
  trans: TranslationBundle
): React.ReactNode {
  const kept = model.report?.[kind];
  const enabled =
    canRelease(model) &&
    kept !== undefined &&
    (kept.count > 0 || kept.bytes > 0);
  return (
    <button
      className="jp-Memguard-linkButton"
      aria-label={label}
      aria-disabled={!enabled}
      onClick={() => {
        // Not `disabled`, which would take the focus away from it.
        if (enabled) {
          void model.release({ kind });
        }
      }}
    >
      {trans.__('Release')}
    </button>
  );
}

/** The parts of the kernel's memory, as far as they are known. */
function parts(
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

/** The answer and what can be done about it. */
function Top(props: {
  watched: IWatched;
  report: IReport;
  retained: IPart;
  view: ViewModel;
}): React.JSX.Element {
  const { watched, report, retained, view } = props;
  const { model, agent } = watched;
  const { trans } = view;
  return (
    <>
      <Answer report={report} retained={retained} trans={trans} />
      {model.overview !== null && (
        <Elephant overview={model.overview} trans={trans} />
      )}
      <FreeButtons model={model} trans={trans} />
      <Progress model={model} trans={trans} />
      {agent.cellRunning && (
        <p
          className="jp-Memguard-asOf"
          data-execution={report.execution_count - 1}
        >
          {trans.__(
            'A cell is running. These figures are as of [%1].',
            report.execution_count - 1
          )}
        </p>
      )}
      {!agent.cellRunning && model.failure !== null && (
        <p className="jp-Memguard-asOf">
          {trans.__('The last refresh failed; these figures are older.')}
        </p>
      )}
    </>
  );
}

/** What the signs before figures mean, and what a longer look can tell. */
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
        <button
          className="jp-Memguard-linkButton"
          onClick={() => void model.measureExactly()}
        >
          {trans.__('Measure exactly')}
        </button>
      )}
    </p>
  );
}

/** Where the memory is, with what can be released besides the results. */
function Where(props: {
  watched: IWatched;
  report: IReport;
  retained: IPart;
  view: ViewModel;
}): React.JSX.Element {
  const { report, retained, view } = props;
  const { model } = props.watched;
  const { trans } = view;
  const known = parts(report, retained, model.overview);
  return (
    <>
      <MemoryBar
        parts={known}
        wholeBytes={(model.overview ?? report).rss_bytes}
        trans={trans}
        actions={{
          shown: releaseButton(
            'shown',
            trans.__('Release what was shown'),
            model,
            trans
          ),
          tracebacks: releaseButton(
            'tracebacks',
            trans.__('Release tracebacks'),
            model,
            trans
          )
        }}
      />
      <Bounds parts={known} model={model} trans={trans} />
    </>
  );
}

/** The states in which there is a guard to tell of. */
const GUARDED: readonly PanelState['kind'][] = [
  'rows',
  'empty',
  'ready',
  'waiting',
  'installing'
];

/**
 * The top of the panel: the answer, the buttons, what goes on, what the last
 * release did, the guard, and where the memory is.
 *
 * @param props - What to look at, and what choosing a mode does.
 */
export function Summary(props: {
  view: ViewModel;
  chooseMode: ChooseMode;
}): React.JSX.Element {
  const { view, chooseMode } = props;
  return (
    <UseSignal signal={view.changed}>
      {() => {
        const { watched, trans } = view;
        const { kind } = panelState(view);
        const model = watched?.model ?? null;
        const report =
          kind === 'rows' || kind === 'empty' ? (model?.report ?? null) : null;
        const retained = model?.retained ?? null;
        const known =
          watched !== null && report !== null && retained !== null
            ? { watched, report, retained, view }
            : null;
        return (
          <div className="jp-Memguard-summary">
            {known !== null && <Top {...known} />}
            <Account
              outcome={model?.outcome ?? null}
              trans={trans}
              onDismiss={() => model?.dismissOutcome()}
            />
            {known !== null && <Where {...known} />}
            {watched !== null && GUARDED.includes(kind) && (
              <GuardLine watched={watched} view={view} choose={chooseMode} />
            )}
          </div>
        );
      }}
    </UseSignal>
  );
}
