import { UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { IVariable } from '../../wire/protocol';
import { Figure } from '../figure';
import { shortType } from '../results/rows';
import { panelState } from '../states';
import type { ViewModel } from '../viewModel';

/** The least that is worth a line, in bytes. */
const LEAST = 1024;

/** Whether a variable is the user's, and holds something. */
function isWorthALine({ name, type, freed_bytes: bytes }: IVariable): boolean {
  // IPython and Python have names such as `__session__` and `__builtins__`.
  const isTheirs = /^__.*__$/.test(name);
  return !isTheirs && type !== 'module' && bytes >= LEAST;
}

/**
 * The user's largest variables with what deleting each would free. Only to
 * look at: variables are the user's.
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
        if (large.length === 0) {
          return (
            <p className="jp-Memguard-nothing">
              {overview === null
                ? trans.__('No figures.')
                : trans.__('No variable holds much.')}
            </p>
          );
        }
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
              {large.map(variable => (
                <tr
                  key={variable.name}
                  data-name={variable.name}
                  data-bytes={variable.freed_bytes}
                >
                  <th scope="row">
                    <code>{variable.name}</code>
                  </th>
                  <td>
                    <span
                      title={`${shortType(variable.type)} ${variable.summary}`}
                    >
                      {`${shortType(variable.type)} ${variable.summary}`}
                    </span>
                    {variable.shared_with.length > 0 && (
                      <span className="jp-Memguard-sentence">
                        {trans.__(
                          'shared with %1',
                          variable.shared_with
                            .slice(0, 3)
                            .map(name => `\`${name}\``)
                            .join(', ')
                        )}
                      </span>
                    )}
                  </td>
                  <td>
                    <Figure
                      part={{
                        bytes: variable.freed_bytes,
                        exact: variable.exact
                      }}
                      trans={trans}
                    />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        );
      }}
    </UseSignal>
  );
}
