import type { TranslationBundle } from '@jupyterlab/translation';
import { Button } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { Column, ISort } from './rows';

interface IHeadProps {
  sort: ISort;
  onSort: (column: Column) => void;
  trans: TranslationBundle;
}

/** The state of a column as `aria-sort` names it. */
function sortOf(
  column: Column,
  sort: ISort
): 'none' | 'ascending' | 'descending' {
  if (sort.column !== column) {
    return 'none';
  }
  return sort.descending ? 'descending' : 'ascending';
}

const ARROWS = { none: '', ascending: '\u25b4', descending: '\u25be' };

/** The head of a column by which the rows can be sorted. */
function SortHead(
  props: IHeadProps & { column: Column; area: string; text: string }
): React.JSX.Element {
  const { sort, onSort, column, area, text } = props;
  const sorted = sortOf(column, sort);
  return (
    <span
      role="columnheader"
      className={`jp-Memguard-cell${area}`}
      aria-sort={sorted}
    >
      <Button minimal small onClick={() => onSort(column)}>
        {text}
        <span className="jp-Memguard-arrow" aria-hidden="true">
          {ARROWS[sorted]}
        </span>
      </Button>
    </span>
  );
}

/** The head of a column that needs no text for those who see it. */
function SilentHead(props: { area: string; text: string }): React.JSX.Element {
  return (
    <span role="columnheader" className={`jp-Memguard-cell${props.area}`}>
      <span className="jp-Memguard-visuallyHidden">{props.text}</span>
    </span>
  );
}

/**
 * The heads of the columns, which sort.
 *
 * @param props - The order, and what changes it.
 */
export function Head(props: IHeadProps): React.JSX.Element {
  const { trans } = props;
  return (
    <div role="row" className="jp-Memguard-head" aria-rowindex={1}>
      <SilentHead area="Select" text={trans.__('Selected')} />
      <SortHead
        {...props}
        column="result"
        area="Result"
        text={trans.__('Result')}
      />
      <SortHead {...props} column="type" area="Type" text={trans.__('Type')} />
      <SortHead
        {...props}
        column="frees"
        area="Frees"
        text={trans.__('Frees')}
      />
      <SilentHead area="Release" text={trans.__('Free')} />
      <SortHead
        {...props}
        column="cell"
        area="Source"
        text={trans.__('Cell')}
      />
      <SortHead {...props} column="age" area="Age" text={trans.__('Age')} />
      <SilentHead area="Note" text={trans.__('Note')} />
    </div>
  );
}
