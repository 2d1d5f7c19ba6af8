/** The rest of the memory: who holds it, and what lets it go. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, caretRightIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { IRemedyOutcome, IWatched } from '../../tokens';
import { formatBytes } from '../../ui/format';
import { failureText } from '../../ui/releaseWords';
import type { IHoard, IRest } from '../../wire/protocol';
import { LinkButton, unless } from '../buttons';
import type { OfferCode } from '../codeOffer';
import { partName } from '../partWords';
import type { IUnfolding } from '../summary/bar';
import { HoardItem, whyNotNow } from './hoardItem';
import { hoardKind } from './hoardWords';

interface IRestProps {
  watched: IWatched;
  offerCode: OfferCode;
  trans: TranslationBundle;
}

/**
 * The entry of the rest, which opens. Nothing is asked before.
 *
 * @param props - The document, and what takes code.
 */
export function useRest(props: IRestProps): IUnfolding {
  const { watched, trans } = props;
  const [isOpen, setIsOpen] = React.useState(false);
  const id = React.useId();
  const open = (): void => {
    setIsOpen(!isOpen);
    if (!isOpen && watched.model.rest.kind === 'unasked') {
      void watched.model.askRest();
    }
  };
  return {
    toggle: (
      <Button
        minimal
        small
        className="jp-Memguard-variable jp-Memguard-restToggle"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        title={trans.__('Who holds it, and what lets it go')}
        onClick={open}
      >
        <caretRightIcon.react
          tag="span"
          width="14px"
          height="14px"
          aria-hidden="true"
        />
        {partName('rest', trans)}
      </Button>
    ),
    content: isOpen ? (
      <div id={id} className="jp-Memguard-rest">
        <Remedied outcome={watched.model.remedy} trans={trans} />
        <Content {...props} />
      </div>
    ) : null
  };
}

/** What the last remedy came to. */
function Remedied(props: {
  outcome: IRemedyOutcome | null;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { outcome, trans } = props;
  return (
    <p role="status" className="jp-Memguard-remedied">
      {outcome !== null && remedyText(outcome, trans)}
    </p>
  );
}

function remedyText(
  { code, exception, failure, beforeBytes, afterBytes }: IRemedyOutcome,
  trans: TranslationBundle
): string {
  if (exception !== null) {
    return trans.__('`%1` raised an error: %2', code, exception);
  }
  if (failure !== null) {
    return failureText(failure, trans);
  }
  if (beforeBytes === null || afterBytes === null) {
    return trans.__('`%1` has run.', code);
  }
  return beforeBytes > afterBytes
    ? trans.__(
        '`%1` has run: %2 came back.',
        code,
        formatBytes(beforeBytes - afterBytes)
      )
    : trans.__('`%1` has run; the process did not become smaller.', code);
}

/** What was not looked at: for want of time, or because it failed. */
function leftOutTexts(rest: IRest, trans: TranslationBundle): string[] {
  const isLate = ({ error }: { error: string }): boolean =>
    error === 'TimeoutError';
  const late = rest.left_out
    .filter(isLate)
    .map(({ kind }) => hoardKind(kind, trans) ?? kind);
  const failed = rest.left_out
    .filter(each => !isLate(each))
    .map(({ kind, error }) => `${kind} (${error})`);
  return [
    ...(late.length === 0
      ? []
      : [trans.__('There was no time to look at: %1', late.join(', '))]),
    ...(failed.length === 0
      ? []
      : [trans.__('Could not be looked at: %1', failed.join(', '))])
  ];
}

/** Who holds the rest, or why that is not told. */
function Content(props: IRestProps): React.JSX.Element {
  const { watched, trans } = props;
  const { rest } = watched.model;
  switch (rest.kind) {
    case 'unasked':
      return (
        <p>
          {watched.agent.cellRunning
            ? trans.__('Who holds it can be asked when the cell has ended.')
            : trans.__('What has run since may have changed it.')}{' '}
          <Look {...props} label={trans.__('Look')} />
        </p>
      );
    case 'asking':
      return (
        <p role="status">
          {trans.__('Looking for who holds it. This takes a moment.')}
        </p>
      );
    case 'running':
      return <p role="status">{trans.__('Running `%1`\u2026', rest.code)}</p>;
    case 'failed':
      return rest.code === 'unknown_method' ? (
        <p>{trans.__('This kernel does not tell who holds it.')}</p>
      ) : (
        <p>
          {failureText(rest.code, trans)}{' '}
          <Look {...props} label={trans.__('Try again')} />
        </p>
      );
    case 'told':
      return <Told {...props} rest={rest.rest} />;
  }
}

/** Asks the kernel. */
function Look(props: IRestProps & { label: string }): React.JSX.Element {
  const { watched, label, trans } = props;
  return (
    <LinkButton
      {...unless(whyNotNow(watched, trans), () => void watched.model.askRest())}
    >
      {label}
    </LinkButton>
  );
}

/** The hoards, what nobody in particular holds, and what was not found out. */
function Told(props: IRestProps & { rest: IRest }): React.JSX.Element {
  const { rest, ...others } = props;
  const { trans } = props;
  const isRest = ({ part }: IHoard): boolean => part === 'rest';
  const elsewhere = rest.hoards.filter(hoard => !isRest(hoard));
  return (
    <>
      <Hoards
        label={trans.__('Who holds what is neither a result nor a variable')}
        hoards={rest.hoards.filter(isRest)}
        {...others}
      >
        {rest.remainder_bytes !== null && (
          <li
            className="jp-Memguard-hoard"
            data-kind="remainder"
            data-bytes={rest.remainder_bytes}
          >
            <div className="jp-Memguard-hoardLine">
              <span className="jp-Memguard-hoardName">
                {trans.__('Interpreter, and code and data of libraries')}
              </span>
              <span>
                {trans.__('about %1', formatBytes(rest.remainder_bytes))}
              </span>
            </div>
          </li>
        )}
      </Hoards>
      {elsewhere.length > 0 && (
        <>
          <p>{trans.__('Counted in other parts:')}</p>
          <Hoards
            label={trans.__('What other parts of the memory consist of')}
            hoards={elsewhere}
            {...others}
          />
        </>
      )}
      <Gaps rest={rest} trans={trans} />
    </>
  );
}

function Hoards(
  props: IRestProps & {
    label: string;
    hoards: readonly IHoard[];
    children?: React.ReactNode;
  }
): React.JSX.Element {
  const { label, hoards, children, ...others } = props;
  const bySize = [...hoards].sort((one, other) => other.bytes - one.bytes);
  return (
    <ul role="list" className="jp-Memguard-hoards" aria-label={label}>
      {bySize.map((hoard, index) => (
        // Two hoards may have the same name.
        <HoardItem
          key={`${hoard.kind} ${hoard.name} ${index}`}
          hoard={hoard}
          {...others}
        />
      ))}
      {children}
    </ul>
  );
}

/** What could not be found out. */
function Gaps(props: {
  rest: IRest;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { rest, trans } = props;
  return (
    <>
      {!rest.final && (
        <p className="jp-Memguard-quiet">
          {trans.__(
            'Measuring stopped at its time limit: some of this may be more.'
          )}
        </p>
      )}
      {leftOutTexts(rest, trans).map(text => (
        <p key={text} className="jp-Memguard-quiet">
          {text}
        </p>
      ))}
    </>
  );
}
