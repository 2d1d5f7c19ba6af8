import { UseSignal } from '@jupyterlab/ui-components';
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import * as React from 'react';
import type { CellFate } from '../../ui/cellLink';
import { figureText, formatCount } from '../../ui/format';
import type { IReport, IRow } from '../../wire/protocol';
import type { IWatched } from '../../tokens';
import { RowDetail } from './detail';
import { FilterBar } from './filterBar';
import { KeysHelp } from './keysHelp';
import {
  DEFAULT_SORT,
  filterRows,
  nextSort,
  sortRows,
  type IFilter,
  type ISort
} from './rows';
import { RowView, type IRowActions } from './rowView';
import { SelectionBar } from './selectionBar';
import { fateText } from '../sentences';
import { panelState, StateView } from '../states';
import { canRelease } from '../summary/summary';
import { Head } from './tableHead';
import { sharedSets, useTogether } from './useJointSizes';
import { useChosen } from './useSelection';
import type { IRowAsk, ViewModel } from '../viewModel';

/** Goes to the cell that made a row; tells what became of the cell. */
export type GoTo = (watched: IWatched, row: IRow) => Promise<CellFate>;

const ROW_HEIGHT = 46;

const NO_ROWS: readonly IRow[] = [];

/** Whether the rows are in the kernel's own order, and all of them. */
function isUsual(sort: ISort, filter: IFilter): boolean {
  return (
    sort.column === DEFAULT_SORT.column &&
    sort.descending === DEFAULT_SORT.descending &&
    filter.text.trim() === '' &&
    filter.minBytes === 0
  );
}

/** How much of the report is here. */
function share(report: IReport): string {
  return `${formatCount(report.results.length)} / ${formatCount(report.count)}`;
}

/** The time in epoch seconds, anew with each report and half minute. */
function useNow(report: IReport): number {
  const [tick, setTick] = React.useState(0);
  React.useEffect(() => {
    const timer = setInterval(() => setTick(last => last + 1), 30_000);
    return () => clearInterval(timer);
  }, []);
  return React.useMemo(() => Date.now() / 1000, [report, tick]);
}

/** Loads the rows that come next when they are needed. */
function useMore(watched: IWatched, report: IReport, needed: boolean): void {
  const stuck = React.useRef<IReport | null>(null);
  const { model, agent } = watched;
  const may =
    needed &&
    report.results.length < report.count &&
    report !== stuck.current &&
    model.activity.kind === 'idle' &&
    model.failure === null &&
    !agent.cellRunning;
  React.useEffect(() => {
    if (!may) {
      return;
    }
    const before = report.results.length;
    void model.loadMore().then(() => {
      // Nothing more came: it is asked for again after the next refresh.
      if (model.report !== null && model.report.results.length <= before) {
        stuck.current = model.report;
      }
    });
  }, [model, report, may]);
}

function Grid(props: {
  watched: IWatched;
  report: IReport;
  view: ViewModel;
  goTo: GoTo;
}): React.JSX.Element {
  const { watched, report, view, goTo } = props;
  const { model, agent } = watched;
  const { trans } = view;
  const { sort, filter } = view.state;
  const now = useNow(report);
  const scroller = React.useRef<HTMLDivElement>(null);
  const rows = React.useMemo(
    () => sortRows(filterRows(report.results, filter), sort),
    [report.results, filter, sort]
  );
  const byKey = React.useMemo(
    () => new Map(report.results.map(row => [row.key, row])),
    [report.results]
  );
  const usual = isUsual(sort, filter);
  const count = usual ? report.count : rows.length;
  // The row with the focus stays drawn wherever the table is scrolled to.
  const kept = React.useRef(-1);
  const virtual = useVirtualizer({
    // Rows that are still to come have their place already.
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: index => rows[index]?.key ?? index,
    overscan: 8,
    rangeExtractor: range => {
      const indices = defaultRangeExtractor(range);
      const extra = kept.current;
      return extra < 0 || extra >= count || indices.includes(extra)
        ? indices
        : [...indices, extra].sort((a, b) => a - b);
    }
  });
  const chosen = useChosen(rows, byKey, scroller, index =>
    virtual.scrollToIndex(index, { align: 'auto' })
  );
  kept.current = chosen.focusedIndex;
  const [cellTexts, setCellTexts] = React.useState(
    new Map<string, string | null>()
  );
  const items = virtual.getVirtualItems();
  const last = virtual.range?.endIndex ?? 0;
  const [loadAll, setLoadAll] = React.useState(false);
  // Each further part costs the kernel a look at all results: another order
  // or a filter is over what is here, unless the person wants all.
  const hasAll = report.results.length >= report.count;
  React.useEffect(() => {
    if (usual || hasAll) {
      setLoadAll(false);
    }
  }, [usual, hasAll]);
  useMore(watched, report, loadAll || (usual && last > rows.length - 100));

  const releasable = canRelease(model);
  const release = (keys: string[]): void => {
    if (releasable && keys.length > 0) {
      void model.release({ kind: 'keys', keys });
    }
  };
  const visit = async (row: IRow): Promise<void> => {
    const fate = await goTo(watched, row).catch(() => 'unknown' as const);
    const text = fateText(fate, trans);
    setCellTexts(texts => new Map(texts).set(row.key, text));
    if (text !== null) {
      chosen.expand(row, true);
    }
  };
  const selected = React.useMemo(
    () => rows.filter(row => chosen.selected.has(row.key)),
    [rows, chosen.selected]
  );
  const latest = React.useRef({ release, visit, selected });
  latest.current = { release, visit, selected };
  const [assign, setAssign] = React.useState({ key: '', times: 0 });
  React.useEffect(() => {
    const onAsked = (_: ViewModel, { what, key }: IRowAsk): void => {
      const row = byKey.get(key);
      if (row === undefined) {
        return;
      }
      const { selected } = latest.current;
      if (what === 'release-selected' && selected.length > 0) {
        latest.current.release(selected.map(each => each.key));
      } else if (what === 'release' || what === 'release-selected') {
        latest.current.release([key]);
      } else if (what === 'visit') {
        void latest.current.visit(row);
      } else {
        chosen.expand(row, true);
        setAssign(({ times }) => ({ key, times: times + 1 }));
      }
    };
    view.asked.connect(onAsked);
    return () => {
      view.asked.disconnect(onAsked);
    };
  }, [view, byKey, chosen.expand]);
  const actions: IRowActions = React.useMemo(
    () => ({
      toggle: row => chosen.expand(row),
      select: row => chosen.select(row),
      focus: row => chosen.focus(row),
      release: row => latest.current.release([row.key]),
      goTo: row => void latest.current.visit(row)
    }),
    [chosen.expand, chosen.select, chosen.focus]
  );
  const partnersOf = (row: IRow): readonly IRow[] =>
    row.shared_with.length === 0
      ? NO_ROWS
      : row.shared_with
          .map(key => byKey.get(key))
          .filter((partner): partner is IRow => partner !== undefined);
  const drawn = items
    .map(item => rows[item.index])
    .filter((row): row is IRow => row !== undefined);
  const isOpen = (row: IRow): boolean => chosen.expanded.has(row.key);
  const togetherOf = useTogether(view, watched, report, [
    selected,
    ...sharedSets(
      [...drawn.filter(isOpen), ...drawn.filter(row => !isOpen(row))],
      byKey
    )
  ]);
  const sumOf = (row: IRow, partners: readonly IRow[]): string | undefined => {
    const known = partners.length > 0 ? togetherOf([row, ...partners]) : null;
    return known === null ? undefined : figureText(known, trans);
  };
  const [keys, setKeys] = React.useState(false);
  const keysId = React.useId();

  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (
      (event.target as HTMLElement).closest('input[type=text], form, button')
    ) {
      return;
    }
    if (event.key === '?') {
      setKeys(shown => !shown);
      event.preventDefault();
      return;
    }
    if (chosen.onKey(event, items.length)) {
      event.preventDefault();
      event.stopPropagation();
    }
  };

  return (
    <>
      <FilterBar
        view={view}
        shown={rows.length}
        loaded={report.results.length}
        count={report.count}
        keysId={keysId}
        keysShown={keys}
        onKeys={() => setKeys(!keys)}
      />
      {keys && <KeysHelp id={keysId} trans={trans} />}
      {!usual && report.results.length < report.count && (
        <p className="jp-Memguard-partial">
          <span>
            {loadAll
              ? trans.__('Loading\u2026 %1', share(report))
              : trans.__('Among the results that free most: %1', share(report))}
          </span>
          {!loadAll && (
            <button
              className="jp-Memguard-linkButton"
              onClick={() => setLoadAll(true)}
            >
              {trans.__('Load all')}
            </button>
          )}
        </p>
      )}
      {selected.length > 0 && (
        <SelectionBar
          rows={selected}
          known={togetherOf(selected)}
          releasable={releasable}
          view={view}
          onRelease={() => release(selected.map(row => row.key))}
          onClear={() => chosen.clear()}
        />
      )}
      <div
        ref={scroller}
        className="jp-Memguard-scroll"
        role="treegrid"
        aria-label={trans.__('Retained results')}
        aria-multiselectable="true"
        aria-rowcount={count + 1}
        aria-busy={model.activity.kind === 'reading'}
        onKeyDown={onKeyDown}
      >
        <Head
          sort={sort}
          trans={trans}
          onSort={column => {
            view.state = { ...view.state, sort: nextSort(sort, column) };
            scroller.current?.scrollTo?.({ top: 0 });
          }}
        />
        <div
          role={items.length > 0 ? 'rowgroup' : 'none'}
          className="jp-Memguard-rows"
          style={{ height: virtual.getTotalSize() }}
        >
          {items.map(item => {
            const row = rows[item.index];
            if (row === undefined) {
              return (
                <div
                  key={item.key}
                  role="row"
                  aria-rowindex={item.index + 2}
                  className="jp-Memguard-item jp-Memguard-toCome"
                  style={{ transform: `translateY(${item.start}px)` }}
                >
                  <span role="gridcell">{'\u2026'}</span>
                </div>
              );
            }
            const expanded = isOpen(row);
            const partners = partnersOf(row);
            const sum = sumOf(row, partners);
            return (
              <div
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                role="none"
                className="jp-Memguard-item"
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <RowView
                  row={row}
                  line={item.index + 2}
                  partners={partners}
                  sum={sum}
                  now={now}
                  focused={chosen.focusedKey === row.key}
                  selected={chosen.selected.has(row.key)}
                  expanded={expanded}
                  releasable={releasable}
                  actions={actions}
                  trans={trans}
                />
                {expanded && (
                  <div role="row" aria-level={2}>
                    <div role="gridcell" aria-colspan={8}>
                      <RowDetail
                        row={row}
                        partners={partners}
                        model={model}
                        busy={agent.cellRunning}
                        isSeen={view.isSeen}
                        sum={sum}
                        assignAsked={assign.key === row.key ? assign.times : 0}
                        cellText={cellTexts.get(row.key) ?? null}
                        trans={trans}
                      />
                    </div>
                  </div>
                )}
              </div>
            );
          })}
        </div>
        {rows.length === 0 && (
          <p className="jp-Memguard-nothing">
            {trans.__('No result matches the filter.')}
          </p>
        )}
      </div>
    </>
  );
}

/**
 * The retained results of what is in front, or why there are none to show.
 *
 * @param props - What to look at, and the way to a row's cell.
 */
export function Results(props: {
  view: ViewModel;
  goTo: GoTo;
}): React.JSX.Element {
  const { view, goTo } = props;
  return (
    <UseSignal signal={view.changed}>
      {() => {
        const { watched, trans } = view;
        const state = panelState(view);
        const report = watched?.model.report ?? null;
        const hasRows =
          watched !== null && report !== null && state.kind === 'rows';
        return (
          <>
            {/* Always there: a screen reader tells what comes into it. */}
            <div role="status">
              {!hasRows && (
                <StateView
                  state={state}
                  inFront={watched !== null}
                  trans={trans}
                  onRetry={() => void watched?.model.refresh()}
                />
              )}
            </div>
            {hasRows && (
              <Grid
                key={watched.widget.id}
                watched={watched}
                report={report}
                view={view}
                goTo={goTo}
              />
            )}
          </>
        );
      }}
    </UseSignal>
  );
}
