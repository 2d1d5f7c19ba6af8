import type { TranslationBundle } from '@jupyterlab/translation';
import { caretRightIcon, closeIcon, infoIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { formatAge, formatBound, formatBytes } from '../../ui/format';
import type { IRow } from '../../wire/protocol';
import { hasEstimate, isFree, rowLabel, rowNames, shortType } from './rows';
import { boundText, rowSentence } from '../sentences';

/** What can be done with a row. */
export interface IRowActions {
  toggle(row: IRow): void;
  select(row: IRow): void;
  release(row: IRow): void;
  goTo(row: IRow): void;
  focus(row: IRow): void;
}

interface IRowViewProps {
  row: IRow;
  /** The line in the grid, from 1; the head is 1. */
  line: number;
  partners: readonly IRow[];
  /** What it frees with its partners, as a text, if that is known. */
  sum?: string;
  /** Epoch seconds, to tell ages by. */
  now: number;
  focused: boolean;
  selected: boolean;
  expanded: boolean;
  releasable: boolean;
  actions: IRowActions;
  trans: TranslationBundle;
}

/** One retained result: two lines, and a third where it frees nothing. */
export const RowView = React.memo(function RowView(
  props: IRowViewProps
): React.JSX.Element {
  const { row, trans, actions, expanded, selected } = props;
  const label = rowLabel(row);
  const sentence = rowSentence(row, props.partners, trans, props.sum);
  // Only the row that has the focus lets Tab in among its buttons.
  const tabIndex = props.focused ? 0 : -1;
  return (
    <div
      role="row"
      className="jp-Memguard-row"
      aria-rowindex={props.line}
      aria-level={1}
      aria-expanded={expanded}
      aria-selected={selected}
      tabIndex={tabIndex}
      data-key={row.key}
      data-bytes={row.freed_bytes}
      data-exact={row.exact}
      data-numbers={row.numbers.join(',')}
      data-free={isFree(row)}
      onFocus={() => actions.focus(row)}
    >
      <span role="gridcell" className="jp-Memguard-cellSelect">
        <button
          className="jp-Memguard-iconButton jp-Memguard-twist"
          tabIndex={-1}
          aria-label={
            expanded
              ? trans.__('Hide details of %1', label)
              : trans.__('Show details of %1', label)
          }
          onClick={() => actions.toggle(row)}
        >
          <caretRightIcon.react tag="span" width="14px" height="14px" />
        </button>
        <input
          type="checkbox"
          tabIndex={-1}
          checked={selected}
          aria-label={trans.__('Select %1', label)}
          onChange={() => actions.select(row)}
        />
      </span>
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
      <span
        role="gridcell"
        className="jp-Memguard-cellFrees"
        title={row.exact ? undefined : boundText(row.notes, trans)}
      >
        {formatBound(row.freed_bytes, row.exact)}
        {hasEstimate(row) && (
          <span
            className="jp-Memguard-estimate"
            title={trans.__('An estimate from samples')}
          >
            {trans.__('about %1', formatBytes(row.estimate_bytes))}
          </span>
        )}
        {row.device_bytes !== null && row.device_bytes > 0 && (
          <span className="jp-Memguard-estimate">
            {trans.__('on the device: %1', formatBytes(row.device_bytes))}
          </span>
        )}
      </span>
      <span role="gridcell" className="jp-Memguard-cellRelease">
        <button
          className="jp-Memguard-iconButton"
          tabIndex={tabIndex}
          aria-disabled={!props.releasable}
          aria-label={trans.__('Release %1', label)}
          title={trans.__('Release %1', label)}
          onClick={() => actions.release(row)}
        >
          <closeIcon.react tag="span" width="16px" height="16px" />
        </button>
      </span>
      <span role="gridcell" className="jp-Memguard-cellSource">
        {row.source !== null && (
          <button
            className="jp-Memguard-source"
            tabIndex={tabIndex}
            title={trans.__('Go to the cell')}
            aria-label={trans.__('Go to the cell of %1: %2', label, row.source)}
            onClick={() => actions.goTo(row)}
          >
            {row.source}
          </button>
        )}
      </span>
      <span
        role="gridcell"
        className="jp-Memguard-cellAge"
        title={
          row.time === null
            ? trans.__('It was shown before this page was open')
            : undefined
        }
      >
        {row.time === null
          ? trans.__('earlier')
          : formatAge(props.now - row.time)}
      </span>
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
    </div>
  );
});
