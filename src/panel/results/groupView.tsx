import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { IEntry } from '../../model/entries';
import { frees, likelyBytes } from '../../model/figures';
import type { IRow } from '../../wire/protocol';
import { IconButton } from '../buttons';
import { Figure } from '../figure';
import { groupLabel, groupNames } from './rows';
import { AgeCell } from './rowView';
import { SelectCell } from './selectCell';
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
  const label = groupLabel(entry);
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
      <SelectCell
        of={key}
        twistName={
          props.isExpanded
            ? trans.__('Hide the results of %1', label)
            : trans.__('Show the results of %1', label)
        }
        selectName={trans.__('Select all of %1', label)}
        selected={props.selected}
        table={table}
      />
      <span
        role="gridcell"
        className="jp-Memguard-cellResult"
        title={groupNames(entry)}
      >
        {label}
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
      <ReleaseCell {...props} label={label} />
      <span role="gridcell" className="jp-Memguard-cellSource" />
      <AgeCell row={{ time: newestTime(rows) }} now={props.now} trans={trans} />
      <span role="gridcell" className="jp-Memguard-cellNote" />
    </div>
  );
});

/** When the newest of some results was shown; null if no time is known. */
function newestTime(rows: readonly IRow[]): number | null {
  return rows.reduce<number | null>(
    (last, { time }) => (time === null ? last : Math.max(last ?? time, time)),
    null
  );
}

function ReleaseCell(
  props: IGroupViewProps & { label: string }
): React.JSX.Element {
  const { entry, table, label, trans } = props;
  return (
    <span role="gridcell" className="jp-Memguard-cellRelease">
      <IconButton
        icon={closeIcon}
        name={trans.__('Free all of %1', label)}
        size="16px"
        tabIndex={props.isFocused ? 0 : -1}
        aria-disabled={!props.canRelease}
        onClick={() => table.run('release', entry.key)}
      />
    </span>
  );
}
