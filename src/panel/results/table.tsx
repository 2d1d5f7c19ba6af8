import * as React from 'react';
import type { IReport } from '../../wire/protocol';
import type { ViewModel } from '../viewModel';
import { FilterBar } from './filterBar';
import { KeysHelp } from './keysHelp';
import { PartialNote } from './partialNote';
import { nextSort } from './rows';
import { Rows } from './rowItems';
import { SelectionBar } from './selectionBar';
import { Head } from './tableHead';
import { pressKey } from './tableKeys';
import type { TableModel } from './tableModel';
import { useVirtualRows, type VirtualRows } from './useVirtualRows';

/** Move the focus to the row that a key has chosen, once it is drawn. */
function useFocusMoves(
  table: TableModel,
  scroller: React.RefObject<HTMLElement>
): void {
  React.useEffect(() => {
    const { key, isMoving } = table.focus;
    if (!isMoving || key === null) {
      return;
    }
    const row = scroller.current?.querySelector<HTMLElement>(
      `[role=row][data-key="${CSS.escape(key)}"]`
    );
    if (row) {
      table.focus.moved();
      row.focus({ preventScroll: true });
    }
  });
}

/** Load the rows that come next when the last ones are nearly in view. */
function useMoreRows(table: TableModel, virtual: VirtualRows): void {
  const last = virtual.range?.endIndex ?? 0;
  React.useEffect(() => table.list.loadMore(last));
}

/** Name the set whose joint size is looked at: the selection. */
function useWantedSets(view: ViewModel, table: TableModel): void {
  const { model } = table.watched;
  React.useEffect(() =>
    model.wantJointSizes(view.isSeen ? [table.selectedKeys] : [])
  );
  React.useEffect(() => () => model.wantJointSizes([]), [model]);
}

/** Whether a key is pressed in something that uses keys itself. */
function hasOwnKeys(target: EventTarget): boolean {
  return (
    (target as HTMLElement).closest(
      'input[type=text], form, button, summary'
    ) !== null
  );
}

function onKeyDown(
  event: React.KeyboardEvent,
  table: TableModel,
  virtual: VirtualRows
): void {
  const page = virtual.getVirtualItems().length;
  if (hasOwnKeys(event.target) || !pressKey(table, event, page)) {
    return;
  }
  if (table.focus.isMoving) {
    virtual.scrollToIndex(table.focus.index, { align: 'auto' });
  }
  event.preventDefault();
  event.stopPropagation();
}

/** The table with its filter, its head and what stands between them. */
export function Table(props: {
  view: ViewModel;
  table: TableModel;
  report: IReport;
}): React.JSX.Element {
  const { view, table, report } = props;
  const { trans } = view;
  const { list } = table;
  const scroller = React.useRef<HTMLDivElement>(null);
  const virtual = useVirtualRows(table, scroller);
  useFocusMoves(table, scroller);
  useMoreRows(table, virtual);
  useWantedSets(view, table);
  const keysId = React.useId();
  return (
    <>
      <FilterBar view={view} table={table} keysId={keysId} />
      {table.areKeysShown && <KeysHelp id={keysId} trans={trans} />}
      <PartialNote table={table} trans={trans} />
      <SelectionBar table={table} trans={trans} />
      <div
        ref={scroller}
        className="jp-Memguard-scroll"
        role="treegrid"
        aria-label={trans.__('Kept results')}
        aria-multiselectable="true"
        aria-rowcount={list.count + 1}
        aria-busy={table.watched.model.activity.kind === 'reading'}
        onKeyDown={event => onKeyDown(event, table, virtual)}
      >
        <Head
          sort={view.state.sort}
          trans={trans}
          onSort={column => {
            const sort = nextSort(view.state.sort, column);
            view.state = { ...view.state, sort };
            scroller.current?.scrollTo?.({ top: 0 });
          }}
        />
        <Rows view={view} table={table} report={report} virtual={virtual} />
        {list.lines.length === 0 && (
          <p className="jp-Memguard-nothing">
            {trans.__('No result matches the filter.')}
          </p>
        )}
      </div>
    </>
  );
}
