import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, closeIcon, infoIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import {
  figureKind,
  freedBy,
  frees,
  isOnlyPossible,
  likelyBytes,
  sizeOf
} from '../../model/figures';
import { figureText, formatAge, formatBytes } from '../../ui/format';
import type { IRow } from '../../wire/protocol';
import { IconButton } from '../buttons';
import { Figure } from '../figure';
import { figureTitle, rowSentence } from '../sentences';
import { rowLabel, rowNames, shortType } from './rows';
import { SelectCell } from './selectCell';
import type { TableModel } from './tableModel';

/** What a row shows; its figures and states are its own, to be compared. */
interface IRowViewProps {
  row: IRow;
  /** The line in the grid, from 1; the head is 1. */
  line: number;
  /** Whether it stands below the head of its group. */
  isMember: boolean;
  /** Epoch seconds, to tell ages by. */
  now: number;
  isFocused: boolean;
  isSelected: boolean;
  isExpanded: boolean;
  canRelease: boolean;
  /** What the row's buttons act on. */
  table: TableModel;
  trans: TranslationBundle;
}

/** One retained result: two lines, and a third if it frees nothing. */
export const RowView = React.memo(function RowView(
  props: IRowViewProps
): React.JSX.Element {
  const { row, table, trans } = props;
  const figure = freedBy(row);
  const label = rowLabel(row);
  return (
    <div
      role="row"
      className="jp-Memguard-row"
      aria-rowindex={props.line}
      aria-level={props.isMember ? 2 : 1}
      aria-expanded={props.isExpanded}
      aria-selected={props.isSelected}
      tabIndex={tabIndexOf(props)}
      data-key={row.key}
      data-bytes={likelyBytes(figure)}
      data-exact={row.exact}
      data-numbers={row.numbers.join(',')}
      data-free={frees(figure)}
      onFocus={() => table.takeFocus(row.key)}
    >
      <SelectCell
        of={row.key}
        twistName={
          props.isExpanded
            ? trans.__('Hide details of %1', label)
            : trans.__('Show details of %1', label)
        }
        selectName={trans.__('Select %1', label)}
        selected={props.isSelected ? 'all' : 'none'}
        table={table}
      />
      <span
        role="gridcell"
        className="jp-Memguard-cellResult"
        title={rowNames(row).join(', ')}
      >
        {label}
      </span>
      <span
        role="gridcell"
        className="jp-Memguard-cellType"
        title={`${row.type} ${row.summary}`}
      >
        <b>{shortType(row.type)}</b> {row.summary}
      </span>
      <FreesCell {...props} />
      <ReleaseCell {...props} />
      <SourceCell {...props} />
      <AgeCell {...props} />
      <NoteCell {...props} />
    </div>
  );
});

/** Tab reaches only the row with the focus, and the buttons in it. */
function tabIndexOf({ isFocused }: IRowViewProps): number {
  return isFocused ? 0 : -1;
}

/** A size that differs less from what is freed needs no words of its own. */
const LEAST_SHARED = 64 * 1024;

/** What the row frees alone and, if that is more, what it keeps alive. */
function FreesCell({ row, trans }: IRowViewProps): React.JSX.Element {
  const figure = freedBy(row);
  const { as_of: asOf, device_bytes: device } = row;
  const hasOwnSize =
    row.size_bytes - likelyBytes(figure) >= LEAST_SHARED &&
    !isOnlyPossible(figure);
  return (
    <span role="gridcell" className="jp-Memguard-cellFrees">
      {hasOwnSize && figureKind(figure) === 'unknown' ? (
        <span title={figureTitle(figure, trans)}>{trans.__('unknown')}</span>
      ) : (
        <Figure part={figure} trans={trans} />
      )}
      {hasOwnSize && (
        <span
          className="jp-Memguard-ownSize"
          title={trans.__('With what others share')}
        >
          {trans.__('size %1', figureText(sizeOf(row), trans))}
        </span>
      )}
      {asOf !== null && (
        <span
          className="jp-Memguard-estimate"
          title={trans.__('There was no time to measure it again since')}
        >
          {trans.__('as of cell %1', asOf)}
        </span>
      )}
      {device !== null && device > 0 && (
        <span className="jp-Memguard-estimate">
          {trans.__('on the device: %1', formatBytes(device))}
        </span>
      )}
    </span>
  );
}

function ReleaseCell(props: IRowViewProps): React.JSX.Element {
  const { row, table, trans } = props;
  return (
    <span role="gridcell" className="jp-Memguard-cellRelease">
      <IconButton
        icon={closeIcon}
        name={trans.__('Free %1', rowLabel(row))}
        size="16px"
        tabIndex={tabIndexOf(props)}
        aria-disabled={!props.canRelease}
        onClick={() => table.run('release', row.key)}
      />
    </span>
  );
}

function SourceCell(props: IRowViewProps): React.JSX.Element {
  const { row, table, trans } = props;
  return (
    <span role="gridcell" className="jp-Memguard-cellSource">
      {row.source !== null && (
        <Button
          minimal
          small
          className="jp-Memguard-source"
          tabIndex={tabIndexOf(props)}
          title={trans.__('Go to the cell')}
          aria-label={trans.__(
            'Go to the cell of %1: %2',
            rowLabel(row),
            row.source
          )}
          onClick={() => table.run('visit', row.key)}
        >
          {row.source}
        </Button>
      )}
    </span>
  );
}

/** How old a result is. */
export function AgeCell(props: {
  row: Pick<IRow, 'time'>;
  now: number;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { row, now, trans } = props;
  return (
    <span
      role="gridcell"
      className="jp-Memguard-cellAge"
      title={
        row.time === null
          ? trans.__('It was shown before this page was open')
          : undefined
      }
    >
      {row.time === null ? trans.__('earlier') : formatAge(now - row.time)}
    </span>
  );
}

function NoteCell(props: IRowViewProps): React.JSX.Element {
  const sentence = rowSentence(props.row, props.trans);
  return (
    <span role="gridcell" className="jp-Memguard-cellNote">
      {sentence !== null && (
        <>
          <infoIcon.react
            tag="span"
            className="jp-Memguard-noteIcon"
            width="12px"
            height="12px"
            aria-hidden="true"
          />
          <span className="jp-Memguard-sentence">{sentence}</span>
        </>
      )}
    </span>
  );
}
