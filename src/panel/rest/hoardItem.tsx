import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { freedBy } from '../../model/figures';
import type { IWatched } from '../../tokens';
import type { IHoard } from '../../wire/protocol';
import { LinkButton, unless } from '../buttons';
import type { OfferCode } from '../codeOffer';
import { Figure } from '../figure';
import { confirmRemedy } from './confirmRemedy';
import { hoardTitle, sharersOf, whereText } from './hoardWords';

/** Why no code can run now, as a sentence; null if it can. */
export function whyNotNow(
  { agent, model }: IWatched,
  trans: TranslationBundle
): string | null {
  if (agent.cellRunning) {
    return trans.__('A cell is running.');
  }
  if (agent.state.kind !== 'ready') {
    return trans.__('The kernel is not ready.');
  }
  const { kind } = model.rest;
  return kind === 'asking' || kind === 'running'
    ? trans.__('The kernel is being asked.')
    : null;
}

interface IRemedyProps {
  code: string;
  watched: IWatched;
  offerCode: OfferCode;
  trans: TranslationBundle;
}

/** The code that lets a hoard go, and what a person can do with it. */
function Remedy(props: IRemedyProps): React.JSX.Element {
  const { code, watched, offerCode, trans } = props;
  const [isCopied, setIsCopied] = React.useState(false);
  const run = async (): Promise<void> => {
    if (await confirmRemedy(code, trans)) {
      await watched.model.runRemedy(code);
    }
  };
  return (
    <div className="jp-Memguard-remedy">
      <code>{code}</code>
      <span className="jp-Memguard-remedyActions">
        <LinkButton
          aria-label={trans.__('Run `%1`', code)}
          {...unless(whyNotNow(watched, trans), () => void run())}
        >
          {trans.__('Run\u2026')}
        </LinkButton>
        <LinkButton
          aria-label={trans.__('Put `%1` into a new cell', code)}
          title={trans.__('Below the active cell; it is not run')}
          onClick={() => void offerCode(watched, code)}
        >
          {trans.__('To a new cell')}
        </LinkButton>
        <LinkButton
          aria-label={trans.__('Copy `%1`', code)}
          onClick={() => {
            Clipboard.copyToSystem(code);
            setIsCopied(true);
          }}
        >
          {trans.__('Copy')}
        </LinkButton>
        <span role="status">{isCopied && trans.__('Copied.')}</span>
      </span>
    </div>
  );
}

/** What a hoard is, and its name or whose memory it is. */
function Name(props: {
  hoard: IHoard;
  watched: IWatched;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { hoard, watched, trans } = props;
  const { rest } = watched.model;
  const title = hoardTitle(hoard, trans);
  const others = rest.kind === 'told' ? rest.rest.hoards : [];
  const sharers = sharersOf(hoard, others, trans);
  if (sharers === null) {
    return (
      <>
        {title} {hoard.name !== '' && <code>{hoard.name}</code>}
      </>
    );
  }
  return (
    <span>
      {title}
      {sharers.map(({ text, isCode }, index) => (
        <React.Fragment key={index}>
          {index === 0 ? ': ' : ', '}
          {isCode ? <code>{text}</code> : text}
        </React.Fragment>
      ))}
    </span>
  );
}

/**
 * One hoard: what it is, how large, and its remedy.
 *
 * @param props - The hoard, its document, and what takes its code.
 */
export function HoardItem(props: {
  hoard: IHoard;
  watched: IWatched;
  offerCode: OfferCode;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { hoard, watched, offerCode, trans } = props;
  const { count, part, remedy } = hoard;
  return (
    <li
      className="jp-Memguard-hoard"
      data-kind={hoard.kind}
      data-bytes={hoard.bytes}
    >
      <div className="jp-Memguard-hoardLine">
        <span className="jp-Memguard-hoardName">
          <Name hoard={hoard} watched={watched} trans={trans} />
          {count !== null && (
            <span className="jp-Memguard-quiet">
              {trans._n('%1 object', '%1 objects', count)}
            </span>
          )}
          {part !== 'rest' && (
            <span className="jp-Memguard-quiet">{whereText(part, trans)}</span>
          )}
        </span>
        <Figure part={freedBy(hoard)} trans={trans} />
      </div>
      {remedy !== null && (
        <Remedy
          code={remedy}
          watched={watched}
          offerCode={offerCode}
          trans={trans}
        />
      )}
    </li>
  );
}
