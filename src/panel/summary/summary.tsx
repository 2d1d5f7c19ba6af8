import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';
import { MIB } from '../../model/settings';
import type { IReport } from '../../wire/protocol';
import type { IFigure, IWatched } from '../../tokens';
import type { OfferCode } from '../codeOffer';
import { panelState, type PanelState } from '../panelState';
import type { ViewModel } from '../viewModel';
import { Account } from './account';
import { Answer, LargestVariable } from './answer';
import { Death } from './death';
import { FreeButtons } from './freeButtons';
import { GuardLine, type ChooseMode } from './guardLine';
import { Progress } from './progress';
import { Where } from './where';

/** The states in which the guard is shown. */
const GUARDED: readonly PanelState['kind'][] = [
  'rows',
  'empty',
  'ready',
  'waiting',
  'installing'
];

/** Says so if the figures are not of now. */
function AsOf(props: {
  watched: IWatched;
  report: IReport;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { report, trans } = props;
  const { agent, model } = props.watched;
  if (agent.cellRunning) {
    const last = report.execution_count - 1;
    return (
      <p className="jp-Memguard-asOf" data-execution={last}>
        {trans.__('A cell is running. These figures are as of cell %1.', last)}
      </p>
    );
  }
  return model.failure === null ? null : (
    <p className="jp-Memguard-asOf">
      {trans.__('The last refresh failed; these figures are older.')}
    </p>
  );
}

/** The answer, and what can be done about it. */
function Top(props: {
  watched: IWatched;
  report: IReport;
  retained: IFigure;
  /** The least bytes of a large result. */
  least: number;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { watched, report, retained, least, trans } = props;
  const { model } = watched;
  return (
    <>
      <Answer
        report={report}
        retained={retained}
        overview={model.overview}
        least={least}
        trans={trans}
      />
      {model.overview !== null && (
        <LargestVariable overview={model.overview} trans={trans} />
      )}
      <FreeButtons model={model} least={least} trans={trans} />
      <Progress model={model} trans={trans} />
      <AsOf watched={watched} report={report} trans={trans} />
    </>
  );
}

/**
 * The top of the panel: the answer, the buttons, what goes on, what the last
 * release did, where the memory is, and the guard.
 *
 * @param props - What to look at, what choosing a mode does, and what puts
 * code into a cell.
 */
export function Summary(props: {
  view: ViewModel;
  chooseMode: ChooseMode;
  offerCode: OfferCode;
}): React.JSX.Element {
  const { view, chooseMode, offerCode } = props;
  return (
    <UseSignal signal={view.changed}>
      {() => {
        const { watched, trans } = view;
        const { kind } = panelState(view);
        const least = view.memguard.settings.freeMinimumMiB * MIB;
        const model = watched?.model ?? null;
        const report =
          kind === 'rows' || kind === 'empty' ? (model?.report ?? null) : null;
        const retained = model?.retained ?? null;
        const known =
          watched !== null && report !== null && retained !== null
            ? { report, retained, trans, watched }
            : null;
        return (
          <div className="jp-Memguard-summary">
            <Death model={model} trans={trans} />
            {known !== null && <Top {...known} least={least} />}
            <Account model={model} trans={trans} />
            {known !== null && (
              <Where
                key={known.watched.widget.id}
                {...known}
                offerCode={offerCode}
              />
            )}
            {watched !== null && GUARDED.includes(kind) && (
              <GuardLine watched={watched} view={view} choose={chooseMode} />
            )}
          </div>
        );
      }}
    </UseSignal>
  );
}
