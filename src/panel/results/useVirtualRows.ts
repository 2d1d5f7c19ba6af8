import {
  defaultRangeExtractor,
  useVirtualizer,
  type Virtualizer
} from '@tanstack/react-virtual';
import type * as React from 'react';
import type { TableModel } from './tableModel';

/** The rows that are drawn: those in view, and a few more. */
export type VirtualRows = Virtualizer<HTMLElement, Element>;

const ROW_HEIGHT = 46;

/**
 * Draw only the rows that are in view.
 *
 * @param table - The table.
 * @param scroller - The element that scrolls.
 */
export function useVirtualRows(
  table: TableModel,
  scroller: React.RefObject<HTMLElement>
): VirtualRows {
  const { lines, count } = table.list;
  const { index: focusedIndex } = table.focus;
  return useVirtualizer<HTMLElement, Element>({
    // Rows that are still to come have their place already.
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: index => lines[index]?.key ?? index,
    overscan: 8,
    rangeExtractor: range => {
      const indices = defaultRangeExtractor(range);
      // The row with the focus stays drawn, so that the focus is not lost.
      return focusedIndex < 0 ||
        focusedIndex >= count ||
        indices.includes(focusedIndex)
        ? indices
        : [...indices, focusedIndex].sort((a, b) => a - b);
    }
  });
}
