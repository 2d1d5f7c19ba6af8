import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { figureKind, likelyBytes } from '../../model/figures';
import { figureText, formatCount } from '../../ui/format';
import { ActionButton, LinkButton } from '../buttons';
import { figureTitle } from '../sentences';
import type { TableModel } from './tableModel';

/** What the selected rows free together, and what can be done with them. */
export function SelectionBar(props: {
  table: TableModel;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { table, trans } = props;
  const { length } = table.selectedKeys;
  if (length === 0) {
    return null;
  }
  const figure = table.selectedFigure;
  return (
    <div
      className="jp-Memguard-selection"
      data-count={length}
      data-bytes={likelyBytes(figure)}
      data-exact={figure.exact}
    >
      <span title={figureTitle(figure, trans)}>
        {figureKind(figure) === 'unknown'
          ? trans.__('%1 selected: size unknown', formatCount(length))
          : trans._n(
              '%1 selected: frees %2',
              '%1 selected: free %2 together',
              length,
              figureText(figure, trans)
            )}
      </span>
      <ActionButton
        disabled={!table.canRelease}
        onClick={() => table.releaseSelected()}
      >
        {trans.__('Free selected')}
      </ActionButton>
      <LinkButton onClick={() => void table.clearSelection()}>
        {trans.__('Clear')}
      </LinkButton>
    </div>
  );
}
