import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { IEntry } from '../../model/entries';
import { frees, likelyBytes } from '../../model/figures';
import { formatBytes, formatCount } from '../../ui/format';
import type { IRow } from '../../wire/protocol';
import { IconButton } from '../buttons';
import { Figure } from '../figure';
import { groupLabel, groupNames } from './rows';
import { SMALL_BYTES, SMALL_KEY } from './smallResults';
import { AgeCell } from './rowView';
import { SelectCell } from './selectCell';
import type { Share, TableModel } from './tableModel';

/** What the head shows; its states are its own, to be compared. */
interface IGroupViewProps {
  entry: IEntry;
  /** How many results it stands for. */
  count: number;
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

/** The texts of a head. */
interface IWords {
  /** What the results are called. */
  label: string;
  /** What they have in common. */
  what: string;
  show: string;
  hide: string;
  select: string;
  release: string;
}

function sharersWords(entry: IEntry, trans: TranslationBundle): IWords {
  const label = groupLabel(entry);
  return {
    label,
    what: trans._n(
      '%1 result shares memory',
      '%1 results share memory',
      entry.keys.length
    ),
    show: trans.__('Show the results of %1', label),
    hide: trans.__('Hide the results of %1', label),
    select: trans.__('Select all of %1', label),
    release: trans.__('Free all of %1', label)
  };
}

function smallWords(
  { keys }: IEntry,
  count: number,
  trans: TranslationBundle
): IWords {
  const all = formatCount(count);
  // Those that are not loaded are neither selected nor released.
  const loaded = formatCount(keys.length);
  return {
    label: trans.__('%1 small results', all),
    what: trans.__('under %1 each', formatBytes(SMALL_BYTES)),
    show: trans.__('Show the %1 small results', all),
    hide: trans.__('Hide the %1 small results', all),
    select: trans.__('Select %1 small results', loaded),
    release: trans.__('Free %1 small results', loaded)
  };
}

/**
 * The head of results that share memory, or are small: what they free
 * together.
 */
export const GroupView = React.memo(function GroupView(
  props: IGroupViewProps
): React.JSX.Element {
  const { entry, count, table, trans } = props;
  const { key, keys, rows, figure } = entry;
  const isSmall = key === SMALL_KEY;
  const words = isSmall
    ? smallWords(entry, count, trans)
    : sharersWords(entry, trans);
  return (
    <div
      role="row"
      className={
        isSmall
          ? 'jp-Memguard-row jp-Memguard-small'
          : 'jp-Memguard-row jp-Memguard-group'
      }
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
        twistName={props.isExpanded ? words.hide : words.show}
        selectName={words.select}
        selected={props.selected}
        table={table}
      />
      <span
        role="gridcell"
        className="jp-Memguard-cellResult"
        title={groupNames(entry)}
      >
        {words.label}
      </span>
      <span role="gridcell" className="jp-Memguard-cellType">
        {words.what}
      </span>
      <span role="gridcell" className="jp-Memguard-cellFrees">
        <Figure part={figure} trans={trans} />
      </span>
      <ReleaseCell {...props} name={words.release} />
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
  props: IGroupViewProps & { name: string }
): React.JSX.Element {
  const { entry, table, name } = props;
  return (
    <span role="gridcell" className="jp-Memguard-cellRelease">
      <IconButton
        icon={closeIcon}
        name={name}
        size="16px"
        tabIndex={props.isFocused ? 0 : -1}
        aria-disabled={!props.canRelease}
        onClick={() => table.run('release', entry.key)}
      />
    </span>
  );
}
