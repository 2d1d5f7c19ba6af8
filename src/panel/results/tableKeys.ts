/** What the keys do in the table. */

import type { TableModel } from './tableModel';

/** A pressed key, as far as the table reads it. */
type Press = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey'>;

/**
 * Do what a key is for.
 *
 * @param table - The table.
 * @param press - The key.
 * @param page - How many rows are in view.
 * @returns whether the key is for something in the table.
 */
export function pressKey(
  table: TableModel,
  press: Press,
  page: number
): boolean {
  if (press.key === '?' || (press.key === 'Escape' && table.areKeysShown)) {
    table.toggleKeys();
    return true;
  }
  if (table.focus.key === null) {
    return false;
  }
  return moveByKey(table, press.key, page) || actByKey(table, press);
}

function moveByKey(table: TableModel, key: string, page: number): boolean {
  const { index } = table.focus;
  const step = Math.max(1, page - 1);
  const targets: Readonly<Record<string, number | undefined>> = {
    ArrowDown: index + 1,
    ArrowUp: index - 1,
    PageDown: index + step,
    PageUp: index - step,
    Home: 0,
    End: table.list.lines.length - 1
  };
  const target = targets[key];
  if (target === undefined) {
    return false;
  }
  table.moveFocus(target);
  return true;
}

function actByKey(table: TableModel, press: Press): boolean {
  const row = table.focus.key ?? '';
  switch (press.key) {
    case 'ArrowRight':
      table.expand(row, true);
      return true;
    case 'ArrowLeft':
      table.close(row);
      return true;
    case 'Enter':
      table.expand(row);
      return true;
    case ' ':
      table.toggleSelected(row);
      return true;
    case 'Escape':
      return table.clearSelection();
    case 'a':
      if (press.ctrlKey || press.metaKey) {
        table.selectAll();
        return true;
      }
      return false;
    default:
      return false;
  }
}
