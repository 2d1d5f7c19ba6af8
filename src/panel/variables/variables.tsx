import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { IVariable } from '../../wire/protocol';
import { Figure } from '../figure';
import { shortType } from '../results/rows';
import { panelState } from '../panelState';
import type { ViewModel } from '../viewModel';

/** The least that is worth a line, in bytes. */
const LEAST = 1024;

/** Whether a variable is the user's own, and large enough for a line. */
function isWorthALine({ name, type, freed_bytes: bytes }: IVariable): boolean {
  // IPython and Python have names such as `__session__` and `__builtins__`.
  const isTheirs = /^__.*__$/.test(name);
  return !isTheirs && type !== 'module' && bytes >= LEAST;
}

/** One of the variables. */
function VariableRow(props: {
  variable: IVariable;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { variable, trans } = props;
  const { name, freed_bytes: bytes, exact, shared_with: partners } = variable;
  const what = `${shortType(variable.type)} ${variable.summary}`;
  return (
    <tr data-name={name} data-bytes={bytes}>
      <th scope="row">
        <code>{name}</code>
      </th>
      <td>
        <span title={what}>{what}</span>
        {partners.length > 0 && (
          <span className="jp-Memguard-sentence">
            {trans.__(
              'shared with %1',
              partners
                .slice(0, 3)
                .map(partner => `\`${partner}\``)
                .join(', ')
            )}
          </span>
        )}
      </td>
      <td>
        <Figure part={{ bytes, exact }} trans={trans} />
      </td>
    </tr>
  );
}

/** The variables with what deleting each would free. */
function VariableTable(props: {
  variables: readonly IVariable[];
  trans: TranslationBundle;
}): React.JSX.Element {
  const { variables, trans } = props;
  return (
    <table className="jp-Memguard-variables">
      <thead>
        <tr>
          <th scope="col">{trans.__('Variable')}</th>
          <th scope="col">{trans.__('Type')}</th>
          <th scope="col">{trans.__('Would free')}</th>
        </tr>
      </thead>
      <tbody>
        {variables.map(variable => (
          <VariableRow key={variable.name} variable={variable} trans={trans} />
        ))}
      </tbody>
    </table>
  );
}

/**
 * The user's largest variables. They can only be looked at: to delete them is
 * the user's own affair.
 *
 * @param props - What to look at.
 */
export function Variables({ view }: { view: ViewModel }): React.JSX.Element {
  return (
    <UseSignal signal={view.changed}>
      {() => {
        const { watched, trans } = view;
        const { kind } = panelState(view);
        const overview =
          kind === 'rows' || kind === 'empty'
            ? (watched?.model.overview ?? null)
            : null;
        const large = overview?.largest.filter(isWorthALine) ?? [];
        if (large.length > 0) {
          return <VariableTable variables={large} trans={trans} />;
        }
        return (
          <p className="jp-Memguard-nothing">
            {overview === null
              ? trans.__('No figures.')
              : trans.__('No variable holds much.')}
          </p>
        );
      }}
    </UseSignal>
  );
}
