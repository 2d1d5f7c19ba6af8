/** Who refers to an object: asking the kernel, and what it says. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { failureText } from '../ui/releaseWords';
import type { IExplained } from '../wire/protocol';
import { codeOf } from '../wire/request';
import { ReferencePaths } from './referencePaths';

/** What the kernel says of an object's references, or why it says nothing. */
export interface IExplanation {
  explained: IExplained | null;
  failure: string | null;
}

/**
 * Ask the kernel about an object when its details are shown, and not before.
 *
 * @param ask - Asks the kernel.
 * @param mayAsk - Whether the kernel can be asked, and somebody looks.
 * @param of - What the answer depends on: it is asked for again if one of
 * these is another one.
 */
export function useExplanation(
  ask: () => Promise<IExplained>,
  mayAsk: boolean,
  of: readonly unknown[]
): IExplanation {
  const [explained, setExplained] = React.useState<IExplained | null>(null);
  const [failure, setFailure] = React.useState<string | null>(null);
  React.useEffect(() => {
    if (!mayAsk) {
      return;
    }
    let gone = false;
    setFailure(null);
    ask().then(
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
  }, [mayAsk, ...of]);
  return { explained, failure };
}

/** A term of the details with what there is to say about it. */
export function Field(props: {
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

/** Names as they stand in code. */
export function Chips(props: { names: readonly string[] }): React.JSX.Element {
  return (
    <>
      {props.names.map(name => (
        <code key={name} className="jp-Memguard-chip">
          {name}
        </code>
      ))}
    </>
  );
}

/** By which references an object is kept besides its holders. */
export function References(
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
