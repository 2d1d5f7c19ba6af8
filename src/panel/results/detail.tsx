import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { codeOf } from '../../wire/request';
import type { IEntry } from '../../model/entries';
import { figureKind, freedBy, sizeOf } from '../../model/figures';
import { figureText, formatBytes } from '../../ui/format';
import type { IExplained, IRow } from '../../wire/protocol';
import type { IRetainedModel } from '../../tokens';
import { failureText } from '../../ui/releaseWords';
import { Figure } from '../figure';
import { fateText, isHidden, keptByText, noteText } from '../sentences';
import type { ViewModel } from '../viewModel';
import { AssignForm } from './assignForm';
import { ReferencePaths } from './referencePaths';
import { rowLabel } from './rows';
import type { TableModel } from './tableModel';

/** What the kernel says of a row's references, or why it says nothing. */
interface IExplanation {
  explained: IExplained | null;
  failure: string | null;
}

/** Ask the kernel about a row when its details are shown, and not before. */
function useExplanation(
  model: IRetainedModel,
  row: IRow,
  mayAsk: boolean
): IExplanation {
  const [explained, setExplained] = React.useState<IExplained | null>(null);
  const [failure, setFailure] = React.useState<string | null>(null);
  React.useEffect(() => {
    if (!mayAsk) {
      return;
    }
    let gone = false;
    setFailure(null);
    model.explain(row).then(
      answer => {
        if (!gone) {
          setExplained(answer);
        }
      },
      reason => {
        if (!gone) {
          setFailure(codeOf(reason));
        }
      }
    );
    return () => {
      gone = true;
    };
    // Each report has new row objects: ask again only if what the row frees,
    // or who uses it, has changed.
  }, [model, row.key, row.freed_bytes, row.variables.join(), mayAsk]);
  return { explained, failure };
}

/** A term of the details with what there is to say about it. */
function Field(props: {
  name: string;
  children: React.ReactNode;
}): React.JSX.Element {
  return (
    <>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </>
  );
}

function Chips({ names }: { names: readonly string[] }): React.JSX.Element {
  return (
    <>
      {names.map(name => (
        <code key={name} className="jp-Memguard-chip">
          {name}
        </code>
      ))}
    </>
  );
}

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

/** By which references a row is kept besides its holders. */
function References(
  props: IExplanation & { isBusy: boolean; trans: TranslationBundle }
): React.JSX.Element {
  const { explained, failure, isBusy, trans } = props;
  if (explained === null) {
    if (failure !== null) {
      return <>{failureText(failure, trans)}</>;
    }
    return isBusy ? (
      <>{trans.__('Asked for when the cell has ended.')}</>
    ) : (
      <>{trans.__('Looking\u2026')}</>
    );
  }
  return (
    <>
      {explained.paths.length === 0 ? (
        trans.__('None was found.')
      ) : (
        <ReferencePaths paths={explained.paths} trans={trans} />
      )}
      {explained.cut && (
        <p className="jp-Memguard-quiet">
          {trans.__('There may be more: the search was cut short.')}
        </p>
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
  const explanation = useExplanation(model, row, !isBusy && view.isSeen);
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
