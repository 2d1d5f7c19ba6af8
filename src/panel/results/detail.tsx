import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { codeOf } from '../../wire/channel';
import { formatBytes } from '../../ui/format';
import type { IExplained, IRow } from '../../wire/protocol';
import type { IRetainedModel } from '../../tokens';
import { isVariableName } from './pythonName';
import { hasEstimate, rowLabel, rowNames } from './rows';
import { failureText } from '../../ui/releaseWords';
import { noteText } from '../sentences';

/** What the kernel says of a row, asked for once the row is looked at. */
function useExplained(
  model: IRetainedModel,
  row: IRow,
  wait: boolean
): { explained: IExplained | null; failure: string | null } {
  const [explained, setExplained] = React.useState<IExplained | null>(null);
  const [failure, setFailure] = React.useState<string | null>(null);
  React.useEffect(() => {
    if (wait) {
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
    // Another report brings other row objects; who holds a row is asked for
    // again when what it frees is another.
  }, [model, row.key, row.freed_bytes, row.variables.join(), wait]);
  return { explained, failure };
}

/** The form that binds the row's object to a new variable. */
function Rescue(props: {
  row: IRow;
  model: IRetainedModel;
  disabled: boolean;
  /** Grows whenever the form is asked for from elsewhere. */
  asked: number;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { row, model, disabled, asked, trans } = props;
  const [open, setOpen] = React.useState(false);
  const [name, setName] = React.useState('');
  const [failure, setFailure] = React.useState<string | null>(null);
  const id = React.useId();
  React.useEffect(() => {
    if (asked > 0) {
      setOpen(true);
    }
  }, [asked]);
  if (!open) {
    return (
      <button
        className="jp-Memguard-linkButton"
        disabled={disabled}
        onClick={() => setOpen(true)}
      >
        {trans.__('Assign to a variable\u2026')}
      </button>
    );
  }
  const wrong = name !== '' && !isVariableName(name);
  const submit = async (event: React.FormEvent): Promise<void> => {
    event.preventDefault();
    if (wrong || name === '') {
      return;
    }
    try {
      await model.rescue(row, name);
      setOpen(false);
      setName('');
    } catch (reason) {
      setFailure(codeOf(reason));
    }
  };
  const error = wrong
    ? trans.__('A name is letters, digits and _; no digit or _ comes first.')
    : failure !== null
      ? failureText(failure, trans)
      : null;
  return (
    <form
      className="jp-Memguard-rescue"
      onSubmit={event => void submit(event)}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          setOpen(false);
        }
      }}
    >
      <label htmlFor={id}>{trans.__('Name of the variable')}</label>
      <span className="jp-Memguard-rescueLine">
        <input
          id={id}
          className="jp-Memguard-input"
          value={name}
          autoFocus
          autoComplete="off"
          spellCheck={false}
          aria-invalid={error !== null}
          aria-describedby={error !== null ? `${id}-error` : undefined}
          onChange={event => {
            setName(event.target.value);
            setFailure(null);
          }}
        />
        <code aria-hidden="true">{`= ${rowNames(row)[0] ?? row.type}`}</code>
        <button
          className="jp-Memguard-button"
          type="submit"
          disabled={disabled || wrong || name === ''}
        >
          {trans.__('Assign')}
        </button>
      </span>
      {error !== null && (
        <p id={`${id}-error`} role="alert" className="jp-Memguard-error">
          {error}
        </p>
      )}
    </form>
  );
}

/** A path of references, the name at its end first. */
function Path({ steps }: { steps: readonly string[] }): React.JSX.Element {
  return (
    <li className="jp-Memguard-path">
      {[...steps].reverse().map((step, index) => (
        <React.Fragment key={index}>
          {index > 0 && <span aria-hidden="true">{' \u2192 '}</span>}
          <code>{step}</code>
        </React.Fragment>
      ))}
    </li>
  );
}

/**
 * All that is known of a row: who holds it, by which references, and what
 * else it shares memory with. Who holds it is asked of the kernel when this
 * is shown, and never for a row that nobody looks at.
 *
 * @param props - The row; `busy` while a cell runs, `isSeen` while a person
 * can see it, `sum` what it frees with its partners.
 */
export function RowDetail(props: {
  row: IRow;
  partners: readonly IRow[];
  model: IRetainedModel;
  busy: boolean;
  /** What came of going to the cell, if that was tried. */
  cellText: string | null;
  isSeen: boolean;
  sum?: string;
  /** Grows whenever the form for a variable is asked for from a menu. */
  assignAsked: number;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { row, partners, model, busy, trans } = props;
  const { explained, failure } = useExplained(
    model,
    row,
    busy || !props.isSeen
  );
  const holders = explained?.holders ?? row.holders;
  const notes = row.notes
    .map(code => noteText(code, trans))
    .filter((text): text is string => text !== null);
  return (
    <div className="jp-Memguard-detail">
      <dl>
        <dt>{trans.__('What it is')}</dt>
        <dd>
          <code>{row.type}</code> {row.summary}
        </dd>
        <dt>{trans.__('Kept by')}</dt>
        <dd>
          {holders.map(holder => (
            <code key={holder} className="jp-Memguard-chip">
              {holder}
            </code>
          ))}
        </dd>
        {row.variables.length > 0 && (
          <>
            <dt>{trans.__('Your variables')}</dt>
            <dd>
              {row.variables.map(name => (
                <code key={name} className="jp-Memguard-chip">
                  {name}
                </code>
              ))}
            </dd>
          </>
        )}
        {partners.length > 0 && (
          <>
            <dt>{trans.__('Shares memory with')}</dt>
            <dd>
              {partners
                .slice(0, 10)
                .map(partner => rowLabel(partner))
                .join(', ')}
              {props.sum !== undefined && (
                <p>{trans.__('Released together they free %1.', props.sum)}</p>
              )}
            </dd>
          </>
        )}
        <dt>{trans.__('Other references')}</dt>
        <dd>
          {explained === null ? (
            failure !== null ? (
              failureText(failure, trans)
            ) : busy ? (
              trans.__('Asked for when the cell has ended.')
            ) : (
              trans.__('Looking\u2026')
            )
          ) : explained.paths.length === 0 ? (
            trans.__('None was found.')
          ) : (
            <ul className="jp-Memguard-paths">
              {explained.paths.map((steps, index) => (
                <Path key={index} steps={steps} />
              ))}
            </ul>
          )}
          {explained?.cut === true && (
            <p className="jp-Memguard-quiet">
              {trans.__('There may be more: the search was cut short.')}
            </p>
          )}
        </dd>
        {notes.length > 0 && (
          <>
            <dt>{trans.__('About the figure')}</dt>
            <dd>{notes.join('; ')}</dd>
          </>
        )}
        {hasEstimate(row) && (
          <>
            <dt>{trans.__('Estimate')}</dt>
            <dd>{formatBytes(row.estimate_bytes)}</dd>
          </>
        )}
        {row.source !== null && (
          <>
            <dt>{trans.__('First line of the cell')}</dt>
            <dd>
              <code className="jp-Memguard-sourceLine">{row.source}</code>
            </dd>
          </>
        )}
      </dl>
      {props.cellText !== null && (
        <p role="status" className="jp-Memguard-cellText">
          {props.cellText}
        </p>
      )}
      <Rescue
        row={row}
        model={model}
        disabled={busy}
        asked={props.assignAsked}
        trans={trans}
      />
    </div>
  );
}
