import { caretRightIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { IconButton } from '../buttons';
import type { Share, TableModel } from './tableModel';

/** Opens and selects a row, or a group. */
export function SelectCell(props: {
  /** The key of what it is about. */
  of: string;
  /** What opens it, or closes it when it is open. */
  twistName: string;
  /** What selects it. */
  selectName: string;
  selected: Share;
  table: TableModel;
}): React.JSX.Element {
  const { of: key, twistName, selectName, selected, table } = props;
  const box = React.useRef<HTMLInputElement>(null);
  React.useEffect(() => {
    if (box.current !== null) {
      box.current.indeterminate = selected === 'some';
    }
  }, [selected]);
  return (
    <span role="gridcell" className="jp-Memguard-cellSelect">
      <IconButton
        icon={caretRightIcon}
        name={twistName}
        className="jp-Memguard-twist"
        tabIndex={-1}
        onClick={() => table.expand(key)}
      />
      <input
        ref={box}
        type="checkbox"
        tabIndex={-1}
        checked={selected === 'all'}
        aria-label={selectName}
        onChange={() => table.toggleSelected(key)}
      />
    </span>
  );
}
