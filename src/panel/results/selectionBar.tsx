import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { figureText } from '../../ui/format';
import type { IFigure } from '../../model/figures';
import type { IRow } from '../../wire/protocol';
import { ActionButton, LinkButton } from '../buttons';
import { together } from './rows';
import type { TableModel } from './tableModel';

/**
 * The figure for a selection.
 *
 * @param rows - The selected rows.
 * @param joint - What they free together, if the kernel has told it; until
 * then the figure is their sum, which may be too little.
 */
function selectionPart(rows: readonly IRow[], joint: IFigure | null): IFigure {
  const sum = together(rows);
  return rows.length <= 1 ? sum : (joint ?? { ...sum, exact: false });
}

/** What the selected rows free together, and what can be done with them. */
export function SelectionBar(props: {
  table: TableModel;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { table, trans } = props;
  const rows = table.selected;
  if (rows.length === 0) {
    return null;
  }
  const part = selectionPart(rows, table.jointSize(table.selectedKeys));
  return (
    <div
      className="jp-Memguard-selection"
      data-count={rows.length}
      data-bytes={part.bytes}
      data-exact={part.exact}
    >
      <span>
        {trans._n(
          '%1 selected: frees %2',
          '%1 selected: free %2 together',
          rows.length,
          figureText(part, trans)
        )}
      </span>
      <ActionButton
        disabled={!table.canRelease}
        onClick={() => table.releaseSelected()}
      >
        {trans.__('Release selected')}
      </ActionButton>
      <LinkButton onClick={() => void table.clearSelection()}>
        {trans.__('Clear')}
      </LinkButton>
    </div>
  );
}
