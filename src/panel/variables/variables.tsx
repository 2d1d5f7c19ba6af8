import type { TranslationBundle } from '@jupyterlab/translation';
import {
  Button,
  caretRightIcon,
  InputGroup,
  UseSignal
} from '@jupyterlab/ui-components';
import * as React from 'react';
import { freedBy, likelyBytes, sizeOf } from '../../model/figures';
import type { IWatched } from '../../tokens';
import { formatBytes } from '../../ui/format';
import type { IOverview, IVariable } from '../../wire/protocol';
import type { OfferCode } from '../codeOffer';
import { Figure } from '../figure';
import { shortType } from '../results/rows';
import { panelState } from '../panelState';
import type { ViewModel } from '../viewModel';
import { VariableDetail } from './variableDetail';
import { quotedName, shownName } from './variableWords';

/** The least that is worth a line, in bytes. */
const LEAST = 1024;

/** From here on it is said that all variables together hold something. */
const MUCH = 1024 * 1024;

/** So many names are listed of those with which a variable shares memory. */
const MOST_NAMES = 3;

/**
 * Whether a variable is the user's own, and large enough for a line, or of a
 * library that hides how large it is.
 */
function isWorthALine(variable: IVariable): boolean {
  const { name, type, size_bytes: size, hidden } = variable;
  // IPython and Python have names such as `__session__` and `__builtins__`.
  const isTheirs = /^__.*__$/.test(name);
  return (
    !isTheirs &&
    type !== 'module' &&
    (hidden || Math.max(size, likelyBytes(freedBy(variable))) >= LEAST)
  );
}

/** With what a variable shares memory. */
function sharedText(
  { shared_with: partners, results }: IVariable,
  trans: TranslationBundle
): string | null {
  const names = [
    ...partners.map(partner => quotedName(partner, trans)),
    ...results
  ];
  if (names.length === 0) {
    return null;
  }
  const first = names.slice(0, MOST_NAMES).join(', ');
  const more = names.length - MOST_NAMES;
  return more > 0
    ? trans.__('shared with %1 and %2 more', first, more)
    : trans.__('shared with %1', first);
}

interface ITableProps {
  view: ViewModel;
  watched: IWatched;
  variables: readonly IVariable[];
  offerCode: OfferCode;
}

/** Opens a variable, or closes it. */
function Toggle(props: {
  name: string;
  /** The id of its details; null while they are not shown. */
  details: string | null;
  onPress: () => void;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { name, details, onPress, trans } = props;
  const isOpen = details !== null;
  return (
    <Button
      minimal
      small
      className="jp-Memguard-variable"
      aria-expanded={isOpen}
      aria-controls={details ?? undefined}
      title={
        isOpen
          ? trans.__('Hide details of %1', name)
          : trans.__('Show details of %1', name)
      }
      onClick={onPress}
    >
      <caretRightIcon.react
        tag="span"
        width="14px"
        height="14px"
        aria-hidden="true"
      />
      <code>{name}</code>
    </Button>
  );
}

/** What stands in the place of a name for what has none. */
function LastValue(props: { trans: TranslationBundle }): React.JSX.Element {
  const { trans } = props;
  return <span className="jp-Memguard-lastValue">{shownName('', trans)}</span>;
}

/** The line of a variable: its head, what it is, and its figures. */
function Line(props: {
  variable: IVariable;
  children: React.ReactNode;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { variable, children, trans } = props;
  const { name, size_bytes: size } = variable;
  const what = `${shortType(variable.type)} ${variable.summary}`;
  const shared = sharedText(variable, trans);
  const freed = freedBy(variable);
  return (
    <tr
      role="row"
      data-name={name}
      data-bytes={likelyBytes(freed)}
      data-size={size}
    >
      <th role="rowheader" scope="row">
        {children}
      </th>
      <td role="cell">
        <span title={what}>{what}</span>
        {shared !== null && (
          <span className="jp-Memguard-sentence" title={shared}>
            {shared}
          </span>
        )}
        {name === '' && (
          <span className="jp-Memguard-sentence">
            {trans.__('IPython holds it until the next cell has run.')}
          </span>
        )}
      </td>
      <td role="cell">
        <Figure part={sizeOf(variable)} trans={trans} />
      </td>
      <td role="cell">
        <Figure part={freed} trans={trans} />
      </td>
    </tr>
  );
}

/** One of the variables and, if it is open, its details. */
function VariableRow(
  props: Omit<ITableProps, 'variables'> & { variable: IVariable }
): React.JSX.Element {
  const { variable, view } = props;
  const { trans } = view;
  const [isOpen, setIsOpen] = React.useState(false);
  const id = React.useId();
  const { name } = variable;
  return (
    <>
      <Line variable={variable} trans={trans}>
        {name === '' ? (
          <LastValue trans={trans} />
        ) : (
          <Toggle
            name={name}
            details={isOpen ? id : null}
            onPress={() => setIsOpen(!isOpen)}
            trans={trans}
          />
        )}
      </Line>
      {isOpen && (
        <tr id={id} role="row" className="jp-Memguard-variableDetail">
          <td role="cell" colSpan={4} aria-colspan={4}>
            <VariableDetail
              variable={variable}
              watched={props.watched}
              isSeen={view.isSeen}
              offerCode={props.offerCode}
              trans={trans}
            />
          </td>
        </tr>
      )}
    </>
  );
}

/** The head of a column; its title says what the figures below it are. */
function ColumnHead(props: {
  title?: string;
  children: string;
}): React.JSX.Element {
  return (
    <th role="columnheader" scope="col" title={props.title}>
      {props.children}
    </th>
  );
}

/** The heads of the columns. */
function Heads({ trans }: { trans: TranslationBundle }): React.JSX.Element {
  return (
    <thead role="rowgroup">
      <tr role="row">
        <ColumnHead>{trans.__('Variable')}</ColumnHead>
        <ColumnHead>{trans.__('Type')}</ColumnHead>
        <ColumnHead
          title={trans.__('All that it refers to, with what others share')}
        >
          {trans.__('Size')}
        </ColumnHead>
        <ColumnHead title={trans.__('What deleting it alone would free')}>
          {trans.__('Frees')}
        </ColumnHead>
      </tr>
    </thead>
  );
}

/**
 * The variables: what each keeps alive, and what deleting it would free. A
 * narrow panel lays the table out as a grid, which takes its meaning away in
 * some browsers: the roles give it back.
 */
function VariableTable(props: ITableProps): React.JSX.Element {
  const { variables, ...others } = props;
  const { trans } = props.view;
  const [filter, setFilter] = React.useState('');
  const word = filter.trim().toLowerCase();
  const shown = variables.filter(({ name }) =>
    shownName(name, trans).toLowerCase().includes(word)
  );
  return (
    <>
      <InputGroup
        type="search"
        className="jp-Memguard-variableFilter"
        placeholder={trans.__('Filter')}
        aria-label={trans.__('Filter the variables by name')}
        value={filter}
        onChange={event => setFilter(event.target.value)}
      />
      <table role="table" className="jp-Memguard-variables">
        <Heads trans={trans} />
        <tbody role="rowgroup">
          {shown.map(variable => (
            <VariableRow key={variable.name} {...others} variable={variable} />
          ))}
        </tbody>
      </table>
      <p role="status" className="jp-Memguard-nothing">
        {shown.length === 0 && trans.__('No variable matches the filter.')}
      </p>
    </>
  );
}

/** What is said where no single variable is worth a line. */
function noneText(
  { variables, shared }: IOverview,
  trans: TranslationBundle
): string {
  const bytes = variables.bytes + shared.bytes;
  return bytes > MUCH
    ? trans.__(
        'No variable holds much by itself; together they hold about %1.',
        formatBytes(bytes)
      )
    : trans.__('No variable holds much.');
}

/**
 * The user's largest variables. To delete them is the user's own affair: the
 * panel only offers the code.
 *
 * @param props - What to look at, and what puts code into a cell.
 */
export function Variables(props: {
  view: ViewModel;
  offerCode: OfferCode;
}): React.JSX.Element {
  const { view, offerCode } = props;
  return (
    <UseSignal signal={view.changed}>
      {() => {
        const { watched, trans } = view;
        const { kind } = panelState(view);
        const overview =
          kind === 'rows' || kind === 'empty'
            ? (watched?.model.overview ?? null)
            : null;
        const large = overview?.largest.filter(isWorthALine) ?? [];
        if (watched !== null && large.length > 0) {
          return (
            <VariableTable
              key={watched.widget.id}
              view={view}
              watched={watched}
              variables={large}
              offerCode={offerCode}
            />
          );
        }
        return (
          <p className="jp-Memguard-nothing">
            {overview === null
              ? trans.__('The variables of this kernel have not been measured.')
              : noneText(overview, trans)}
          </p>
        );
      }}
    </UseSignal>
  );
}
