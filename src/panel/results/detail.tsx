import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { IEntry } from '../../model/entries';
import { figureKind, freedBy, sizeOf } from '../../model/figures';
import { figureText, formatBytes } from '../../ui/format';
import type { IRow } from '../../wire/protocol';
import { Chips, Field, References, useExplanation } from '../explanation';
import { Figure } from '../figure';
import { fateText, isHidden, keptByText, noteText } from '../sentences';
import type { ViewModel } from '../viewModel';
import { AssignForm } from './assignForm';
import { rowLabel } from './rows';
import type { TableModel } from './tableModel';

/** What of IPython keeps a row: in words, and what it is called inside. */
function Holders(props: {
  holders: readonly string[];
  trans: TranslationBundle;
}): React.JSX.Element {
  const { holders, trans } = props;
  const hidden = holders.filter(isHidden);
  return (
    <>
      {keptByText(holders, trans)}
      {hidden.length > 0 && (
        <details className="jp-Memguard-internals">
          <summary>{trans.__('Details')}</summary>
          <Chips names={hidden} />
        </details>
      )}
    </>
  );
}

/** What a row shares memory with, and what all results of it free. */
function Sharers(props: {
  row: IRow;
  group: IEntry | null;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { row, group, trans } = props;
  const others = group?.rows.filter(({ key }) => key !== row.key) ?? [];
  return (
    <>
      <Chips names={row.shared_variables} />
      {others
        .slice(0, 10)
        .map(other => rowLabel(other))
        .join(', ')}
      {group !== null && (
        <p>
          {trans.__('Together they free %1.', figureText(group.figure, trans))}
        </p>
      )}
    </>
  );
}

/** What there is to say about a row's figure. */
function FigureFields(props: {
  row: IRow;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { row, trans } = props;
  const notes = row.notes.flatMap(code => noteText(code, trans) ?? []);
  return (
    <>
      {notes.length > 0 && (
        <Field name={trans.__('About the figure')}>{notes.join('; ')}</Field>
      )}
      {figureKind(freedBy(row)) === 'about' && (
        <Field name={trans.__('Certain')}>{formatBytes(row.freed_bytes)}</Field>
      )}
      <Field name={trans.__('Size')}>
        <Figure part={sizeOf(row)} trans={trans} />
      </Field>
    </>
  );
}

/** What came of going to a row's cell. */
function CellText(props: {
  table: TableModel;
  row: IRow;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const fate = props.table.fateOf(props.row.key);
  const text = fate === null ? null : fateText(fate, props.trans);
  return text === null ? null : (
    <p role="status" className="jp-Memguard-cellText">
      {text}
    </p>
  );
}

/**
 * All that is known of a row: its holders, its references, and what else it
 * shares memory with. Nothing is asked for a row that nobody looks at.
 *
 * @param props - The row, and what knows what is around it.
 */
export function RowDetail(props: {
  row: IRow;
  view: ViewModel;
  table: TableModel;
}): React.JSX.Element {
  const { row, view, table } = props;
  const { trans } = view;
  const { model, agent } = table.watched;
  const isBusy = agent.cellRunning;
  const group = table.groupOf(row);
  const explanation = useExplanation(
    () => model.explain(row),
    !isBusy && view.isSeen,
    // Each report has new row objects: ask again only if what the row frees,
    // or who uses it, has changed.
    [model, row.key, row.freed_bytes, row.variables.join()]
  );
  return (
    <div className="jp-Memguard-detail">
      <dl>
        <Field name={trans.__('What it is')}>
          <code>{row.type}</code> {row.summary}
        </Field>
        <Field name={trans.__('Kept by')}>
          <Holders
            holders={explanation.explained?.holders ?? row.holders}
            trans={trans}
          />
        </Field>
        {row.variables.length > 0 && (
          <Field name={trans.__('Your variables')}>
            <Chips names={row.variables} />
          </Field>
        )}
        {(group !== null || row.shared_variables.length > 0) && (
          <Field name={trans.__('Shares memory with')}>
            <Sharers row={row} group={group} trans={trans} />
          </Field>
        )}
        <Field name={trans.__('Other references')}>
          <References {...explanation} isBusy={isBusy} trans={trans} />
        </Field>
        <FigureFields row={row} trans={trans} />
        {row.source !== null && (
          <Field name={trans.__('Shown by')}>
            <code>{row.source}</code>
          </Field>
        )}
      </dl>
      <CellText table={table} row={row} trans={trans} />
      <AssignForm row={row} table={table} trans={trans} />
    </div>
  );
}
