import type { TranslationBundle } from '@jupyterlab/translation';
import { caretRightIcon, closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { IEntry } from '../../model/entries';
import { frees, likelyBytes } from '../../model/figures';
import { IconButton } from '../buttons';
import { Figure } from '../figure';
import { groupLabel, rowNames } from './rows';
import { AgeCell } from './rowView';
import type { Share, TableModel } from './tableModel';

/** What the head of a group shows; its states are its own, to be compared. */
interface IGroupViewProps {
  entry: IEntry;
  /** The line in the grid, from 1; the head is 1. */
  line: number;
  /** Epoch seconds, to tell ages by. */
  now: number;
  isFocused: boolean;
  selected: Share;
  isExpanded: boolean;
  canRelease: boolean;
  /** What its buttons act on. */
  table: TableModel;
  trans: TranslationBundle;
}

/** The head of results that share memory: what they free together. */
export const GroupView = React.memo(function GroupView(
  props: IGroupViewProps
): React.JSX.Element {
  const { entry, table, trans } = props;
  const { key, keys, rows, figure } = entry;
  const times = rows.flatMap(({ time }) => time ?? []);
  const newest = times.length > 0 ? Math.max(...times) : null;
  return (
    <div
      role="row"
      className="jp-Memguard-row jp-Memguard-group"
      aria-rowindex={props.line}
      aria-level={1}
      aria-expanded={props.isExpanded}
      aria-selected={props.selected === 'all'}
      tabIndex={props.isFocused ? 0 : -1}
      data-key={key}
      data-bytes={likelyBytes(figure)}
      data-exact={figure.exact}
      data-members={keys.length}
      data-free={frees(figure)}
      onFocus={() => table.takeFocus(key)}
    >
      <SelectCell {...props} />
      <span
        role="gridcell"
        className="jp-Memguard-cellResult"
        title={rows.flatMap(rowNames).join(', ')}
      >
        {groupLabel(entry)}
      </span>
      <span role="gridcell" className="jp-Memguard-cellType">
        {trans._n(
          '%1 result shares memory',
          '%1 results share memory',
          keys.length
        )}
      </span>
      <span role="gridcell" className="jp-Memguard-cellFrees">
        <Figure part={figure} trans={trans} />
      </span>
      <span role="gridcell" className="jp-Memguard-cellRelease">
        <IconButton
          icon={closeIcon}
          name={trans.__('Release all of %1', groupLabel(entry))}
          size="16px"
          tabIndex={props.isFocused ? 0 : -1}
          aria-disabled={!props.canRelease}
          onClick={() => table.run('release', key)}
        />
      </span>
      <span role="gridcell" className="jp-Memguard-cellSource" />
      <AgeCell row={{ time: newest }} now={props.now} trans={trans} />
      <span role="gridcell" className="jp-Memguard-cellNote" />
    </div>
  );
});

function SelectCell(props: IGroupViewProps): React.JSX.Element {
  const { entry, table, selected, trans } = props;
  const label = groupLabel(entry);
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
        name={
          props.isExpanded
            ? trans.__('Hide the results of %1', label)
            : trans.__('Show the results of %1', label)
        }
        className="jp-Memguard-twist"
        tabIndex={-1}
        onClick={() => table.expand(entry.key)}
      />
      <input
        ref={box}
        type="checkbox"
        tabIndex={-1}
        checked={selected === 'all'}
        aria-label={trans.__('Select all of %1', label)}
        onChange={() => table.toggleSelected(entry.key)}
      />
    </span>
  );
}
