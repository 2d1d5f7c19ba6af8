import * as React from 'react';
import type { IRow } from '../../wire/protocol';
import { figureText } from '../../ui/format';
import { selectionBytes, type ITogether } from './useJointSizes';
import type { ViewModel } from '../viewModel';

/**
 * What is selected, what it frees at once, and what can be done with it.
 *
 * @param props - The rows; `known` is what the kernel says they free.
 */
export function SelectionBar(props: {
  rows: readonly IRow[];
  known: ITogether | null;
  releasable: boolean;
  view: ViewModel;
  onRelease: () => void;
  onClear: () => void;
}): React.JSX.Element {
  const { rows, known, releasable, view, onRelease, onClear } = props;
  const { trans } = view;
  const part = selectionBytes(rows, known);
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
      <button
        className="jp-Memguard-button"
        disabled={!releasable}
        onClick={onRelease}
      >
        {trans.__('Release selected')}
      </button>
      <button className="jp-Memguard-linkButton" onClick={onClear}>
        {trans.__('Clear')}
      </button>
    </div>
  );
}
