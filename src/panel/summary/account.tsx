import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { formatBytes } from '../../ui/format';
import type { IStillAlive } from '../../wire/protocol';
import type { IRetainedModel, Outcome } from '../../tokens';
import { failureText, givenBack, releaseText } from '../../ui/releaseWords';
import { IconButton } from '../buttons';
import { holderText } from '../sentences';

/** What a release could not free, and who holds it. */
function StillAlive(props: {
  still: readonly IStillAlive[];
  trans: TranslationBundle;
}): React.JSX.Element {
  const { still, trans } = props;
  const first = still.slice(0, 5);
  return (
    <div className="jp-Memguard-still">
      <p>
        {trans._n(
          '%1 object is still used and stays:',
          '%1 objects are still used and stay:',
          still.length
        )}
      </p>
      <ul role="list">
        {first.map(({ key, type, freed_bytes: bytes, held_by: by }) => (
          <li key={key}>
            <code>{type}</code>
            {bytes > 0 ? ` (${formatBytes(bytes)})` : ''}
            {': '}
            {by.length > 0
              ? trans.__(
                  'held by %1',
                  by.map(holder => holderText(holder, trans)).join(', ')
                )
              : trans.__('it is not known by what')}
          </li>
        ))}
      </ul>
      {still.length > first.length && (
        <p>{trans.__('and %1 more', still.length - first.length)}</p>
      )}
    </div>
  );
}

/** What came of a release: the sentence, the memory, what stays. */
function AccountText(props: {
  outcome: Outcome;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { outcome, trans } = props;
  if (outcome.kind === 'failed') {
    return <p>{failureText(outcome.code, trans)}</p>;
  }
  const { result } = outcome;
  const { before_rss_bytes: before, after_rss_bytes: after } = result;
  return (
    <>
      <p className="jp-Memguard-accountHead">{releaseText(outcome, trans)}</p>
      {(result.released > 0 || givenBack(result) > 0) &&
        before !== null &&
        after !== null && (
          <p className="jp-Memguard-quiet">
            {trans.__(
              'The kernel had %1 before and %2 after.',
              formatBytes(before),
              formatBytes(after)
            )}
          </p>
        )}
      {result.still_alive.length > 0 && (
        <StillAlive still={result.still_alive} trans={trans} />
      )}
    </>
  );
}

/**
 * What the last release did. The region with its text is always there, so that
 * a screen reader reads what comes into it, and has nothing else: only another
 * text is read, and of it what is new.
 *
 * @param props - The model, whose outcome is told.
 */
export function Account(props: {
  model: IRetainedModel | null;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { model, trans } = props;
  const outcome = model?.outcome ?? null;
  const result = outcome?.kind === 'released' ? outcome.result : null;
  return (
    <div
      className={outcome === null ? undefined : 'jp-Memguard-account'}
      data-before-bytes={result?.before_rss_bytes ?? undefined}
      data-after-bytes={result?.after_rss_bytes ?? undefined}
      data-let-go-bytes={result?.let_go_bytes ?? undefined}
      data-released={result?.released}
      data-failed={outcome?.kind === 'failed' ? outcome.code : undefined}
    >
      <div
        role="status"
        aria-atomic="false"
        className="jp-Memguard-accountText"
      >
        {outcome !== null && <AccountText outcome={outcome} trans={trans} />}
      </div>
      {outcome !== null && (
        <IconButton
          icon={closeIcon}
          name={trans.__('Dismiss')}
          onClick={() => model?.dismissOutcome()}
        />
      )}
    </div>
  );
}
