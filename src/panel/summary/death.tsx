import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { IDeath, IRetainedModel } from '../../tokens';
import { deathWords } from '../../ui/deathWords';
import { IconButton } from '../buttons';

/** That a process died, and that the figures are of another one. */
function deathSentence(
  death: IDeath,
  isDead: boolean,
  trans: TranslationBundle
): string {
  const words = deathWords(death, trans);
  const text = isDead
    ? trans.__('The kernel %1.', words)
    : trans.__(
        'The kernel %1, and was started anew: what it had is gone.',
        words
      );
  const why = trans.__('The system killed it because memory ran out.');
  return death.killed ? `${text} ${why}` : text;
}

/**
 * How the kernel's process ended by itself, until a person has read it.
 *
 * @param props - The model, if a document is in front.
 */
export function Death(props: {
  model: IRetainedModel | null;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { model, trans } = props;
  if (model === null || model.death === null) {
    return null;
  }
  const { death, agent } = model;
  return (
    <div
      role="alert"
      className="jp-Memguard-account"
      data-died-bytes={death.bytes ?? ''}
      data-killed={death.killed}
      data-failed="died"
    >
      <p className="jp-Memguard-accountText">
        {deathSentence(death, agent.state.kind === 'dead', trans)}
      </p>
      <IconButton
        icon={closeIcon}
        name={trans.__('Dismiss')}
        onClick={() => {
          model.death = null;
        }}
      />
    </div>
  );
}
