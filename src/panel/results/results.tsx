import { UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';
import { panelState } from '../panelState';
import { StateView } from '../stateView';
import type { ViewModel } from '../viewModel';
import { Table } from './table';

/**
 * The retained results of the document in front, or why there are none.
 *
 * @param props - What to look at.
 */
export function Results({ view }: { view: ViewModel }): React.JSX.Element {
  return (
    <UseSignal signal={view.changed}>
      {() => {
        const { watched, table, trans } = view;
        const state = panelState(view);
        const report = watched?.model.report ?? null;
        const hasRows =
          table !== null && report !== null && state.kind === 'rows';
        return (
          <>
            {/* Always there: a screen reader reads what comes into it. */}
            <div role="status">
              {!hasRows && (
                <StateView
                  state={state}
                  inFront={watched !== null}
                  trans={trans}
                  onRetry={() => void watched?.model.refresh()}
                />
              )}
            </div>
            {hasRows && (
              <UseSignal signal={view.tableChanged}>
                {() => (
                  <Table
                    key={table.watched.widget.id}
                    view={view}
                    table={table}
                    report={report}
                  />
                )}
              </UseSignal>
            )}
          </>
        );
      }}
    </UseSignal>
  );
}
