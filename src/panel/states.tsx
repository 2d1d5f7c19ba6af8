import type { TranslationBundle } from '@jupyterlab/translation';
import { errorIcon, kernelIcon, type LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { AgentState } from '../tokens';
import { NO_COMM } from '../kernel/kernelFree';
import { failureText } from '../ui/releaseWords';
import type { ViewModel } from './viewModel';
import { guardIcon } from '../ui/icons';

/** What the panel as a whole shows: figures, or why there are none. */
export type PanelState =
  | Exclude<AgentState, { kind: 'ready' }>
  /** Figures come when the running cell has ended. */
  | { kind: 'waiting' }
  /** The kernel was asked and has not answered yet. */
  | { kind: 'ready' }
  /** The kernel answered: it retains nothing. */
  | { kind: 'empty' }
  | { kind: 'rows' };

/**
 * What the panel shows for a document.
 *
 * @param view - What is in front.
 * @returns its kernel's state, and once that is ready the report's.
 */
export function panelState(view: ViewModel): PanelState {
  const { watched, isSlow } = view;
  if (watched === null) {
    return { kind: 'no-kernel' };
  }
  const { agent, model } = watched;
  const isBusy = agent.cellRunning || isSlow;
  if (agent.state.kind === 'installing' && model.processEnded) {
    return { kind: 'dead', atStart: true };
  }
  if (agent.state.kind === 'installing' && isBusy) {
    return { kind: 'waiting' };
  }
  if (agent.state.kind !== 'ready') {
    return agent.state;
  }
  if (model.report !== null) {
    return { kind: model.report.count > 0 ? 'rows' : 'empty' };
  }
  if (agent.cellRunning) {
    return { kind: 'waiting' };
  }
  return model.failure !== null
    ? { kind: 'failed', detail: model.failure }
    : { kind: 'ready' };
}

/** Why nothing can be asked of a kernel, as a sentence. */
function failedText(detail: string, trans: TranslationBundle): string {
  switch (detail) {
    case 'install':
      return trans.__('This extension could not be put into it.');
    case 'aborted':
      return trans.__('Failing cells took along what was sent to it.');
    case 'comm_close':
      return trans.__('It ended the conversation.');
    default:
      return failureText(detail, trans);
  }
}

interface IWords {
  icon: LabIcon;
  title: string;
  hint: string;
  busy?: boolean;
}

function words(
  state: PanelState,
  trans: TranslationBundle,
  inFront: boolean
): IWords {
  switch (state.kind) {
    case 'no-kernel':
      return inFront
        ? {
            icon: kernelIcon,
            title: trans.__('No kernel'),
            hint: trans.__('Start a kernel to see what it retains.')
          }
        : {
            icon: guardIcon,
            title: trans.__('No notebook in front'),
            hint: trans.__(
              'Open a notebook or a console to see what its kernel retains.'
            )
          };
    case 'not-python':
      return {
        icon: kernelIcon,
        title: trans.__('Not a Python kernel'),
        hint:
          state.language === null
            ? trans.__(
                'What a kernel retains can be seen for Python only, and it is not known what this one runs. Nothing was sent to it.'
              )
            : trans.__(
                'What a kernel retains can be seen for Python only; this one runs %1. Nothing was sent to it.',
                state.language
              )
      };
    case 'no-shell':
      return {
        icon: kernelIcon,
        title: trans.__('No IPython in this kernel'),
        hint: trans.__(
          'It runs Python, but without the IPython shell that retains results.'
        )
      };
    case 'installing':
    case 'ready':
      return {
        icon: guardIcon,
        title: trans.__('Looking into the kernel\u2026'),
        hint: trans.__('The first figures are on their way.'),
        busy: true
      };
    case 'waiting':
      return {
        icon: guardIcon,
        title: trans.__('Waiting for the kernel'),
        hint: trans.__(
          'It is starting or busy. What it retains is shown when it answers.'
        ),
        busy: true
      };
    case 'restarting':
      return {
        icon: kernelIcon,
        title: trans.__('The kernel is restarting'),
        hint: trans.__('What it retained is gone with it.'),
        busy: true
      };
    case 'dead':
      return {
        icon: errorIcon,
        title: trans.__('The kernel has died'),
        hint: state.atStart
          ? trans.__(
              'It ended at its start. The log of the server may say why; another kernel may work.'
            )
          : trans.__(
              'Its memory went back to the system. Restart the kernel to go on.'
            )
      };
    case 'disconnected':
      return {
        icon: errorIcon,
        title: trans.__('No connection to the kernel'),
        hint: trans.__('Figures come back with the connection.'),
        busy: true
      };
    case 'version':
      return {
        icon: errorIcon,
        title: trans.__('Another version is in this kernel'),
        hint: trans.__('Reload the page, then restart the kernel.')
      };
    case 'failed':
      if (state.detail === NO_COMM) {
        return {
          icon: kernelIcon,
          title: trans.__('This kernel cannot be asked'),
          hint: trans.__(
            'It runs IPython, but takes no messages of extensions (comms), as xeus-python. A guard that you choose holds from its next start.'
          )
        };
      }
      return {
        icon: errorIcon,
        title: trans.__('The kernel cannot be looked into'),
        hint: trans.__(
          '%1 Try again; if it stays so, restart the kernel.',
          failedText(state.detail, trans)
        )
      };
    case 'empty':
      return {
        icon: guardIcon,
        title: trans.__('No results are retained'),
        hint: trans.__(
          'What a cell shows as its last value appears here when the kernel keeps it.'
        )
      };
    case 'rows':
      return { icon: guardIcon, title: '', hint: '' };
  }
}

/**
 * Why there are no rows, in the place of the rows.
 *
 * @param props - The state, and whether a document is in front at all.
 */
export function StateView(props: {
  state: PanelState;
  inFront: boolean;
  trans: TranslationBundle;
  onRetry?: () => void;
}): React.JSX.Element {
  const { state, trans, inFront, onRetry } = props;
  const { icon, title, hint, busy } = words(state, trans, inFront);
  return (
    <div className="jp-Memguard-state" aria-busy={busy === true}>
      <icon.react
        tag="span"
        className="jp-Memguard-stateIcon"
        width="32px"
        height="32px"
        aria-hidden="true"
      />
      <p className="jp-Memguard-stateTitle">{title}</p>
      <p className="jp-Memguard-stateHint">{hint}</p>
      {busy === true && (
        <div className="jp-Memguard-progress" aria-hidden="true" />
      )}
      {state.kind === 'failed' && onRetry !== undefined && (
        <button className="jp-Memguard-button" onClick={onRetry}>
          {trans.__('Try again')}
        </button>
      )}
    </div>
  );
}
