import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';
import { freedBy, likelyBytes, sizeOf } from '../../model/figures';
import { formatBytes } from '../../ui/format';
import type { IOverview, IVariable } from '../../wire/protocol';
import { Figure } from '../figure';
import { shortType } from '../results/rows';
import { panelState } from '../panelState';
import type { ViewModel } from '../viewModel';

/** The least that is worth a line, in bytes. */
const LEAST = 1024;

/** From here on it is said that all variables together hold something. */
const MUCH = 1024 * 1024;

/** So many names are listed of those with which a variable shares memory. */
const MOST_NAMES = 3;

/** Whether a variable is the user's own, and large enough for a line. */
function isWorthALine(variable: IVariable): boolean {
  const { name, type, size_bytes: size } = variable;
  // IPython and Python have names such as `__session__` and `__builtins__`.
  const isTheirs = /^__.*__$/.test(name);
  return (
    !isTheirs &&
    type !== 'module' &&
    Math.max(size, likelyBytes(freedBy(variable))) >= LEAST
  );
}

/** With what a variable shares memory. */
function sharedText(
  { shared_with: partners, results }: IVariable,
  trans: TranslationBundle
): string | null {
  const names = [...partners.map(partner => `\`${partner}\``), ...results];
  if (names.length === 0) {
    return null;
  }
  const first = names.slice(0, MOST_NAMES).join(', ');
  const more = names.length - MOST_NAMES;
  return more > 0
    ? trans.__('shared with %1 and %2 more', first, more)
    : trans.__('shared with %1', first);
}

/** One of the variables. */
function VariableRow(props: {
  variable: IVariable;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { variable, trans } = props;
  const { name, size_bytes: size } = variable;
  const what = `${shortType(variable.type)} ${variable.summary}`;
  const shared = sharedText(variable, trans);
  const freed = freedBy(variable);
  return (
    <tr data-name={name} data-bytes={likelyBytes(freed)} data-size={size}>
      <th scope="row">
        <code>{name}</code>
      </th>
      <td>
        <span title={what}>{what}</span>
        {shared !== null && (
          <span className="jp-Memguard-sentence" title={shared}>
            {shared}
          </span>
        )}
      </td>
      <td>
        <Figure part={sizeOf(variable)} trans={trans} />
      </td>
      <td>
        <Figure part={freed} trans={trans} />
      </td>
    </tr>
  );
}

/** The variables: what each keeps alive, and what deleting it would free. */
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
          <th
            scope="col"
            title={trans.__('All that it keeps alive, with what others share')}
          >
            {trans.__('Size')}
          </th>
          <th scope="col" title={trans.__('What deleting it alone would free')}>
            {trans.__('Frees')}
          </th>
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

/** What is said where no single variable is worth a line. */
function noneText(
  { variables, shared }: IOverview,
  trans: TranslationBundle
): string {
  const bytes = variables.bytes + shared.bytes;
  return bytes > MUCH
    ? trans.__(
        'No variable holds much by itself; together they hold about %1.',
        formatBytes(bytes)
      )
    : trans.__('No variable holds much.');
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
              ? trans.__('The variables of this kernel have not been measured.')
              : noneText(overview, trans)}
          </p>
        );
      }}
    </UseSignal>
  );
}
