import type { VirtualItem } from '@tanstack/react-virtual';
import * as React from 'react';
import type { IReport, IRow } from '../../wire/protocol';
import type { ViewModel } from '../viewModel';
import { RowDetail } from './detail';
import { GroupView } from './groupView';
import type { ILine } from './rowList';
import { RowView } from './rowView';
import { SMALL_KEY } from './smallResults';
import type { TableModel } from './tableModel';
import type { VirtualRows } from './useVirtualRows';

/** Ages are told in minutes: so often, in milliseconds, they are looked at. */
const AGES_MS = 30_000;

/**
 * The time in epoch seconds: a new one with each report and, while a person
 * can see it, each half minute.
 */
function useNow(report: IReport, isSeen: boolean): number {
  const [tick, setTick] = React.useState(0);
  React.useEffect(() => {
    if (!isSeen) {
      return undefined;
    }
    const timer = setInterval(() => setTick(last => last + 1), AGES_MS);
    return () => clearInterval(timer);
  }, [isSeen]);
  return React.useMemo(() => Date.now() / 1000, [report, isSeen, tick]);
}

/** All rows that are drawn now. */
export function Rows(props: {
  view: ViewModel;
  table: TableModel;
  report: IReport;
  virtual: VirtualRows;
}): React.JSX.Element {
  const { view, table, report, virtual } = props;
  const now = useNow(report, view.isSeen);
  const items = virtual.getVirtualItems();
  return (
    <div
      role={items.length > 0 ? 'rowgroup' : 'none'}
      className="jp-Memguard-rows"
      style={{ height: virtual.getTotalSize() }}
    >
      {items.map(item => {
        const line = table.list.lines[item.index];
        return line === undefined ? (
          <RowToCome key={item.key} item={item} />
        ) : (
          <div
            key={item.key}
            ref={virtual.measureElement}
            data-index={item.index}
            role="none"
            className="jp-Memguard-item"
            style={placeOf(item)}
          >
            <Line
              view={view}
              table={table}
              line={line}
              index={item.index + 2}
              now={now}
            />
          </div>
        );
      })}
    </div>
  );
}

function placeOf({ start }: VirtualItem): React.CSSProperties {
  return { transform: `translateY(${start}px)` };
}

/** The place of a row that is not loaded yet. */
function RowToCome({ item }: { item: VirtualItem }): React.JSX.Element {
  return (
    <div
      role="row"
      aria-rowindex={item.index + 2}
      className="jp-Memguard-item jp-Memguard-toCome"
      style={placeOf(item)}
    >
      <span role="gridcell">{'\u2026'}</span>
    </div>
  );
}

interface ILineProps {
  view: ViewModel;
  table: TableModel;
  line: ILine;
  /** Its place in the grid, from 1; the head is 1. */
  index: number;
  now: number;
}

/** The head of several results, or a row. */
function Line(props: ILineProps): React.JSX.Element {
  const { view, table, line, index, now } = props;
  const { key, row, entry } = line;
  return row !== null ? (
    <Row {...props} row={row} />
  ) : (
    <GroupView
      entry={entry}
      count={
        key === SMALL_KEY ? table.list.smallCount(entry) : entry.keys.length
      }
      line={index}
      now={now}
      isFocused={table.focus.key === key}
      selected={table.selectedOf(entry)}
      isExpanded={table.isExpanded(key)}
      canRelease={table.canRelease}
      table={table}
      trans={view.trans}
    />
  );
}

/** A row and, if it is open, its details. */
function Row(props: ILineProps & { row: IRow }): React.JSX.Element {
  const { view, table, row } = props;
  const isExpanded = table.isExpanded(row.key);
  const isMember = props.line.entry.group !== null;
  return (
    <>
      <RowView
        row={row}
        line={props.index}
        isMember={isMember}
        now={props.now}
        isFocused={table.focus.key === row.key}
        isSelected={table.isSelected(row.key)}
        isExpanded={isExpanded}
        canRelease={table.canRelease}
        table={table}
        trans={view.trans}
      />
      {isExpanded && (
        <div role="row" aria-level={isMember ? 3 : 2}>
          <div role="gridcell" aria-colspan={8}>
            <RowDetail row={row} view={view} table={table} />
          </div>
        </div>
      )}
    </>
  );
}
