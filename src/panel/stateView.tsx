import type { TranslationBundle } from '@jupyterlab/translation';
import { errorIcon, kernelIcon, type LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { NO_COMM } from '../kernel/kernelFree';
import { guardIcon } from '../ui/icons';
import { failureText } from '../ui/releaseWords';
import { ActionButton } from './buttons';
import type { PanelState } from './panelState';

/** What is said in the place of the rows. */
interface IWords {
  readonly icon: LabIcon;
  readonly title: string;
  readonly hint: string;
  /** The state will pass by itself. */
  readonly busy?: boolean;
}

/** A state of the panel by its name. */
type StateOf<K extends PanelState['kind']> = Extract<PanelState, { kind: K }>;

/** Why a kernel cannot be asked, as a sentence. */
function failedText(detail: string, trans: TranslationBundle): string {
  switch (detail) {
    case 'install':
      return trans.__('This extension could not be put into it.');
    case 'aborted':
      return trans.__('A failed cell cancelled what was waiting behind it.');
    case 'comm_close':
      return trans.__('It closed the connection to this extension.');
    default:
      return failureText(detail, trans);
  }
}

function noKernelWords(inFront: boolean, trans: TranslationBundle): IWords {
  return inFront
    ? {
        icon: kernelIcon,
        title: trans.__('No kernel'),
        hint: trans.__('Start a kernel to see what it keeps.')
      }
    : {
        icon: guardIcon,
        title: trans.__('No notebook in front'),
        hint: trans.__(
          'Open a notebook or a console to see what its kernel keeps.'
        )
      };
}

function notPythonWords(
  { language, implementation }: StateOf<'not-python'>,
  trans: TranslationBundle
): IWords {
  if (implementation !== undefined) {
    return {
      icon: kernelIcon,
      title: trans.__('Not an IPython kernel'),
      hint:
        implementation === ''
          ? trans.__(
              'Its kernelspec says Python, but it does not tell what it is, and may pass code on to another place. Nothing was sent to it.'
            )
          : trans.__(
              'Its kernelspec says Python, but it calls itself %1, which may pass code on to another place. Nothing was sent to it. If it runs code in an IPython shell of its own, add its name to the setting \u201cKernels with an IPython shell\u201d.',
              implementation
            )
    };
  }
  return {
    icon: kernelIcon,
    title: trans.__('Not a Python kernel'),
    hint:
      language === null
        ? trans.__(
            'What a kernel keeps can be seen for Python, and it is not known what this one runs. Nothing was sent to it; its memory and its limit are in the status bar.'
          )
        : trans.__(
            'What a kernel keeps can be seen for Python; this one runs %1, and does not tell. Nothing was sent to it; its memory and its limit are in the status bar.',
            language
          )
  };
}

function deadWords(
  { atStart }: StateOf<'dead'>,
  trans: TranslationBundle
): IWords {
  return {
    icon: errorIcon,
    title: trans.__('The kernel has died'),
    hint: atStart
      ? trans.__(
          'It ended at its start. The log of the server may say why; another kernel may work.'
        )
      : trans.__(
          'Its memory went back to the system. Restart the kernel to go on.'
        )
  };
}

function failedWords(
  { detail }: StateOf<'failed'>,
  trans: TranslationBundle
): IWords {
  return detail === NO_COMM
    ? {
        icon: kernelIcon,
        title: trans.__('This kernel cannot be asked'),
        hint: trans.__(
          'It runs IPython, but without comms, by which extensions talk with a kernel (xeus-python is such a kernel). A guard that you choose takes effect when the kernel starts again.'
        )
      }
    : {
        icon: errorIcon,
        title: trans.__('The kernel cannot be looked into'),
        hint: trans.__(
          '%1 Try again; if it stays so, restart the kernel.',
          failedText(detail, trans)
        )
      };
}

/** The states in which the kernel will answer sooner or later. */
type Pending = StateOf<
  'installing' | 'ready' | 'waiting' | 'restarting' | 'disconnected'
>;

function pendingWords({ kind }: Pending, trans: TranslationBundle): IWords {
  switch (kind) {
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
          'It is starting or busy. What it keeps is shown when it answers.'
        ),
        busy: true
      };
    case 'restarting':
      return {
        icon: kernelIcon,
        title: trans.__('The kernel is restarting'),
        hint: trans.__('What it kept is gone with it.'),
        busy: true
      };
    case 'disconnected':
      return {
        icon: errorIcon,
        title: trans.__('No connection to the kernel'),
        hint: trans.__('Figures come back with the connection.'),
        busy: true
      };
  }
}

function words(
  state: PanelState,
  inFront: boolean,
  trans: TranslationBundle
): IWords {
  switch (state.kind) {
    case 'no-kernel':
      return noKernelWords(inFront, trans);
    case 'not-python':
      return notPythonWords(state, trans);
    case 'no-shell':
      return {
        icon: kernelIcon,
        title: trans.__('No IPython in this kernel'),
        hint: trans.__(
          'It runs Python, but without the IPython shell that keeps results.'
        )
      };
    case 'dead':
      return deadWords(state, trans);
    case 'version':
      return {
        icon: errorIcon,
        title: trans.__('Another version is in this kernel'),
        hint: trans.__('Reload the page, then restart the kernel.')
      };
    case 'failed':
      return failedWords(state, trans);
    case 'empty':
      return {
        icon: guardIcon,
        title: trans.__('No results are kept'),
        hint: trans.__(
          'What a cell shows as its last value appears here when the kernel keeps it.'
        )
      };
    case 'rows':
      return { icon: guardIcon, title: '', hint: '' };
    default:
      return pendingWords(state, trans);
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
  onRetry: () => void;
}): React.JSX.Element {
  const { state, trans, inFront, onRetry } = props;
  const { icon, title, hint, busy = false } = words(state, inFront, trans);
  return (
    <div className="jp-Memguard-state" aria-busy={busy}>
      <icon.react
        tag="span"
        className="jp-Memguard-stateIcon"
        width="32px"
        height="32px"
        aria-hidden="true"
      />
      <p className="jp-Memguard-stateTitle">{title}</p>
      <p className="jp-Memguard-stateHint">{hint}</p>
      {busy && <div className="jp-Memguard-progress" aria-hidden="true" />}
      {state.kind === 'failed' && (
        <ActionButton onClick={onRetry}>{trans.__('Try again')}</ActionButton>
      )}
    </div>
  );
}
