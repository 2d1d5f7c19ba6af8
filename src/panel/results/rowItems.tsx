import type { VirtualItem } from '@tanstack/react-virtual';
import * as React from 'react';
import type { IReport, IRow } from '../../wire/protocol';
import { figureText } from '../../ui/format';
import type { ViewModel } from '../viewModel';
import { RowDetail } from './detail';
import { RowView } from './rowView';
import type { TableModel } from './tableModel';
import type { VirtualRows } from './useVirtualRows';

/** The time in epoch seconds; a new one with each report and half minute. */
function useNow(report: IReport): number {
  const [tick, setTick] = React.useState(0);
  React.useEffect(() => {
    const timer = setInterval(() => setTick(last => last + 1), 30_000);
    return () => clearInterval(timer);
  }, []);
  return React.useMemo(() => Date.now() / 1000, [report, tick]);
}

/** All rows that are drawn now. */
export function Rows(props: {
  view: ViewModel;
  table: TableModel;
  report: IReport;
  virtual: VirtualRows;
}): React.JSX.Element {
  const { view, table, report, virtual } = props;
  const now = useNow(report);
  const items = virtual.getVirtualItems();
  return (
    <div
      role={items.length > 0 ? 'rowgroup' : 'none'}
      className="jp-Memguard-rows"
      style={{ height: virtual.getTotalSize() }}
    >
      {items.map(item => {
        const row = table.list.rows[item.index];
        return row === undefined ? (
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
            <Row
              view={view}
              table={table}
              row={row}
              line={item.index + 2}
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

/** A row and, if it is open, its details. */
function Row(props: {
  view: ViewModel;
  table: TableModel;
  row: IRow;
  line: number;
  now: number;
}): React.JSX.Element {
  const { view, table, row } = props;
  const { trans } = view;
  const isExpanded = table.isExpanded(row.key);
  const partners = table.partnersOf(row);
  const joint =
    partners.length > 0
      ? table.jointSize([row.key, ...partners.map(({ key }) => key)])
      : null;
  const sum = joint === null ? undefined : figureText(joint, trans);
  return (
    <>
      <RowView
        row={row}
        line={props.line}
        partners={partners}
        sum={sum}
        now={props.now}
        isFocused={table.focus.key === row.key}
        isSelected={table.isSelected(row.key)}
        isExpanded={isExpanded}
        canRelease={table.canRelease}
        table={table}
        trans={trans}
      />
      {isExpanded && (
        <div role="row" aria-level={2}>
          <div role="gridcell" aria-colspan={8}>
            <RowDetail
              row={row}
              partners={partners}
              sum={sum}
              view={view}
              table={table}
            />
          </div>
        </div>
      )}
    </>
  );
}
