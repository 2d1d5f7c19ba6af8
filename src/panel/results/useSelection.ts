import * as React from 'react';
import type { IRow } from '../../wire/protocol';

/** Which rows are selected, open, and have the focus. */
export interface IChosen {
  readonly selected: ReadonlySet<string>;
  readonly expanded: ReadonlySet<string>;
  readonly focusedKey: string | null;
  /** Its place among the rows; -1 without rows. */
  readonly focusedIndex: number;
  /** Open or close a row's details. */
  expand(row: IRow, open?: boolean): void;
  select(row: IRow): void;
  focus(row: IRow): void;
  clear(): void;
  /** @returns whether the key means something here. */
  onKey(event: React.KeyboardEvent, page: number): boolean;
}

/** A set with one thing in or out. */
function toggled(
  set: ReadonlySet<string>,
  key: string,
  into = !set.has(key)
): ReadonlySet<string> {
  const next = new Set(set);
  if (into) {
    next.add(key);
  } else {
    next.delete(key);
  }
  return next;
}

const NOTHING: ReadonlySet<string> = new Set();

/**
 * Selection, open rows and the roving focus of a grid of rows.
 *
 * @param rows - The rows in their order.
 * @param known - All rows there are, shown or not.
 * @param scroller - The element that has the rows.
 * @param reveal - Scrolls a row, by its index, into view.
 */
export function useChosen(
  rows: readonly IRow[],
  known: ReadonlyMap<string, IRow>,
  scroller: React.RefObject<HTMLElement>,
  reveal: (index: number) => void
): IChosen {
  const [selectedKeys, setSelected] = React.useState(NOTHING);
  const [expanded, setExpanded] = React.useState(NOTHING);
  const [wanted, setWanted] = React.useState<string | null>(null);
  const lastIndex = React.useRef(0);
  // A key moved the focus to a row that may not be drawn yet.
  const moving = React.useRef(false);

  const selected = React.useMemo(
    () => new Set([...selectedKeys].filter(key => known.has(key))),
    [selectedKeys, known]
  );
  const found = rows.findIndex(row => row.key === wanted);
  const index =
    found >= 0 ? found : Math.min(lastIndex.current, rows.length - 1);
  lastIndex.current = Math.max(0, index);
  const focusedKey = rows[index]?.key ?? null;

  React.useEffect(() => {
    const element =
      focusedKey === null
        ? null
        : scroller.current?.querySelector<HTMLElement>(
            `[role=row][data-key="${CSS.escape(focusedKey)}"]`
          );
    if (element && moving.current && found >= 0) {
      moving.current = false;
      element.focus({ preventScroll: true });
    }
  });

  const move = (to: number): void => {
    const next = Math.max(0, Math.min(rows.length - 1, to));
    moving.current = true;
    setWanted(rows[next].key);
    reveal(next);
  };

  const expand = React.useCallback((row: IRow, open?: boolean) => {
    setExpanded(set => toggled(set, row.key, open));
  }, []);
  const select = React.useCallback((row: IRow) => {
    setSelected(set => toggled(set, row.key));
  }, []);
  const focus = React.useCallback((row: IRow) => setWanted(row.key), []);

  return {
    selected,
    expanded,
    focusedKey,
    focusedIndex: index,
    expand,
    select,
    focus,
    clear: () => setSelected(NOTHING),
    onKey: (event, page) => {
      const row = rows[index];
      if (row === undefined) {
        return false;
      }
      switch (event.key) {
        case 'ArrowDown':
          move(index + 1);
          return true;
        case 'ArrowUp':
          move(index - 1);
          return true;
        case 'PageDown':
          move(index + Math.max(1, page - 1));
          return true;
        case 'PageUp':
          move(index - Math.max(1, page - 1));
          return true;
        case 'Home':
          move(0);
          return true;
        case 'End':
          move(rows.length - 1);
          return true;
        case 'ArrowRight':
          expand(row, true);
          return true;
        case 'ArrowLeft':
          expand(row, false);
          return true;
        case 'Enter':
          expand(row);
          return true;
        case ' ':
          select(row);
          return true;
        case 'Escape':
          setSelected(NOTHING);
          return selected.size > 0;
        case 'a':
          if (event.ctrlKey || event.metaKey) {
            setSelected(new Set(rows.map(({ key }) => key)));
            return true;
          }
          return false;
        default:
          return false;
      }
    }
  };
}
