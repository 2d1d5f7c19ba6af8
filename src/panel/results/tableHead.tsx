import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { Column, ISort } from './rows';

/**
 * The heads of the columns, which sort.
 *
 * @param props - The order, and what changes it.
 */
export function Head(props: {
  sort: ISort;
  onSort: (column: Column) => void;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { sort, onSort, trans } = props;
  const columns: [Column, string, string][] = [
    ['result', 'Result', trans.__('Result')],
    ['type', 'Type', trans.__('Type')],
    ['frees', 'Frees', trans.__('Frees')],
    ['cell', 'Source', trans.__('Cell')],
    ['age', 'Age', trans.__('Age')]
  ];
  const head = ([column, area, text]: (typeof columns)[number]) => (
    <span
      key={column}
      role="columnheader"
      className={`jp-Memguard-cell${area}`}
      aria-sort={
        sort.column !== column
          ? 'none'
          : sort.descending
            ? 'descending'
            : 'ascending'
      }
    >
      <button onClick={() => onSort(column)}>
        {text}
        <span className="jp-Memguard-arrow" aria-hidden="true">
          {sort.column === column
            ? sort.descending
              ? '\u25be'
              : '\u25b4'
            : ''}
        </span>
      </button>
    </span>
  );
  const silent = (area: string, text: string) => (
    <span role="columnheader" className={`jp-Memguard-cell${area}`}>
      <span className="jp-Memguard-visuallyHidden">{text}</span>
    </span>
  );
  return (
    <div role="row" className="jp-Memguard-head" aria-rowindex={1}>
      {silent('Select', trans.__('Selected'))}
      {columns.slice(0, 3).map(head)}
      {silent('Release', trans.__('Release'))}
      {columns.slice(3).map(head)}
      {silent('Note', trans.__('Note'))}
    </div>
  );
}
