import type { TranslationBundle } from '@jupyterlab/translation';
import { InputGroup } from '@jupyterlab/ui-components';
import * as React from 'react';
import { codeOf } from '../../wire/request';
import type { IRow } from '../../wire/protocol';
import { failureText } from '../../ui/releaseWords';
import { ActionButton, LinkButton } from '../buttons';
import { isVariableName } from './pythonName';
import { rowNames } from './rows';
import type { TableModel } from './tableModel';

interface IAssignProps {
  row: IRow;
  table: TableModel;
  trans: TranslationBundle;
}

/** The form that binds a row's object to a new variable, or what opens it. */
export function AssignForm(props: IAssignProps): React.JSX.Element {
  const { row, table, trans } = props;
  // A form that was left open would take the focus when its row, which scrolls
  // and folds, is drawn again.
  React.useEffect(() => () => table.assign(row.key, false), [table, row.key]);
  return table.isAssigning(row.key) ? (
    <NameForm {...props} />
  ) : (
    <LinkButton
      disabled={table.watched.agent.cellRunning}
      onClick={() => table.assign(row.key, true)}
    >
      {trans.__('Assign to a variable\u2026')}
    </LinkButton>
  );
}

/** Why a name cannot be taken, as a sentence; null if it can. */
function nameError(
  name: string,
  failure: string | null,
  trans: TranslationBundle
): string | null {
  if (name !== '' && !isVariableName(name)) {
    return trans.__(
      'A name is letters, digits and _; no digit or _ comes first.'
    );
  }
  return failure === null ? null : failureText(failure, trans);
}

function NameForm({ row, table, trans }: IAssignProps): React.JSX.Element {
  const [name, setName] = React.useState('');
  const [failure, setFailure] = React.useState<string | null>(null);
  const id = React.useId();
  const error = nameError(name, failure, trans);
  const close = (): void => table.assign(row.key, false);
  const submit = async (event: React.FormEvent): Promise<void> => {
    event.preventDefault();
    if (!isVariableName(name)) {
      return;
    }
    try {
      await table.watched.model.rescue(row, name);
      close();
    } catch (reason) {
      setFailure(codeOf(reason));
    }
  };
  return (
    <form
      className="jp-Memguard-rescue"
      onSubmit={event => void submit(event)}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          close();
        }
      }}
    >
      <label htmlFor={id}>{trans.__('Name of the variable')}</label>
      <span className="jp-Memguard-rescueLine">
        <InputGroup
          id={id}
          value={name}
          autoFocus
          autoComplete="off"
          spellCheck={false}
          aria-invalid={error !== null}
          aria-describedby={error !== null ? `${id}-error` : undefined}
          onChange={event => {
            setName(event.target.value);
            setFailure(null);
          }}
        />
        <code aria-hidden="true">{`= ${rowNames(row)[0] ?? row.type}`}</code>
        <ActionButton
          type="submit"
          disabled={table.watched.agent.cellRunning || !isVariableName(name)}
        >
          {trans.__('Assign')}
        </ActionButton>
      </span>
      {error !== null && (
        <p id={`${id}-error`} role="alert" className="jp-Memguard-error">
          {error}
        </p>
      )}
    </form>
  );
}
