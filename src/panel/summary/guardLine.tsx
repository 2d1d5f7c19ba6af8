import type { TranslationBundle } from '@jupyterlab/translation';
import { HTMLSelect } from '@jupyterlab/ui-components';
import * as React from 'react';
import { MODES } from '../../ui/commandIds';
import { holdingGuard, type IHolding } from '../../model/guard';
import type { GuardMode, IGuardState } from '../../wire/protocol';
import type { IWatched } from '../../tokens';
import { isMode } from '../../wire/protocol';
import { modeText, newestKept, withheldSentence } from '../../ui/guardWords';
import { LinkButton } from '../buttons';
import type { ViewModel } from '../viewModel';

/** Chooses a document's mode as a person does; null follows the settings. */
export type ChooseMode = (watched: IWatched, mode: GuardMode | null) => void;

/** Where the mode comes from, as a sentence. */
function originSentence(
  holding: IHolding,
  kind: IWatched['kind'],
  trans: TranslationBundle
): string {
  if (holding.mode !== 'off' && !holding.isConfirmed) {
    return trans.__('The kernel has not confirmed it.');
  }
  if (holding.isAsked) {
    return trans.__('It takes effect as soon as the kernel is free.');
  }
  switch (holding.origin) {
    case 'document':
      return kind === 'notebook'
        ? trans.__('This mode was chosen in this notebook.')
        : trans.__('This mode was chosen in this console.');
    case 'settings':
      return trans.__('This mode comes from the settings.');
    case 'kernel':
      return trans.__('This mode was set for this kernel elsewhere.');
  }
}

/** Whether the guard has its place in IPython, and what else is there. */
function placeFacts(
  { mode, on_top: onTop, other, since_execution: since }: IGuardState,
  trans: TranslationBundle
): string[] {
  const name = other ?? trans.__('Something');
  if (mode === 'off') {
    return onTop === 'other'
      ? [trans.__('%1 decides what IPython does with results.', name)]
      : [];
  }
  switch (onTop) {
    case 'us':
      return [
        ...(since === null
          ? []
          : [trans.__('It has been in effect since [%1].', since)]),
        ...(other === null
          ? []
          : [trans.__('%1 was there before and is kept.', other)])
      ];
    case 'other':
      return [
        trans.__(
          '%1 stands in front of the guard: results may be kept all the same.',
          name
        )
      ];
    case 'nobody':
      return [
        trans.__('Something took the guard out of its place in IPython.')
      ];
  }
}

/**
 * What there is to know of the guard besides its mode.
 *
 * @param state - The kernel's guard, if the kernel has told it.
 * @param lateSince - The first execution that was looked after, if cells ran
 * before it.
 * @param trans - The words.
 */
export function guardFacts(
  state: IGuardState | null,
  lateSince: number | null,
  trans: TranslationBundle
): string[] {
  const facts = state === null ? [] : placeFacts(state, trans);
  if (lateSince !== null) {
    facts.push(
      trans.__(
        'Cells that ran before cell %1 were not looked after.',
        lateSince
      )
    );
  }
  if (state !== null && state.withheld > 0) {
    facts.push(trans.__('%1.', withheldSentence(state, trans)));
  }
  return facts;
}

/**
 * The guard: its mode, which can be chosen, where the mode comes from, and
 * whether the guard does its work.
 *
 * @param props - Whose guard, and what a choice does.
 */
export function GuardLine(props: {
  watched: IWatched;
  view: ViewModel;
  choose: ChooseMode;
}): React.JSX.Element {
  const { watched, view, choose } = props;
  const { trans } = view;
  const { guard, lateSince } = watched.agent;
  const holding = holdingGuard(watched, view.memguard.settings);
  const facts = guardFacts(guard, lateSince, trans);
  const keepLast = newestKept(guard, view.memguard.settings);
  const id = React.useId();
  return (
    <div
      className="jp-Memguard-guard"
      data-guard-mode={holding.mode}
      data-guard-origin={holding.origin}
      data-guard-asked={holding.isAsked}
      data-on-top={guard?.on_top}
    >
      <p id={`${id}-facts`} className="jp-Memguard-quiet">
        <span className="jp-Memguard-guardTitle">{trans.__('Guard')}</span>{' '}
        <span>{originSentence(holding, watched.kind, trans)}</span>
        {facts.map(fact => (
          <span key={fact}> {fact}</span>
        ))}
        {watched.guardStore.own !== null && (
          <>
            {' '}
            <LinkButton onClick={() => choose(watched, null)}>
              {trans.__('Follow the settings')}
            </LinkButton>
          </>
        )}
      </p>
      <HTMLSelect
        aria-label={trans.__('Guard')}
        aria-describedby={`${id}-facts`}
        value={holding.mode}
        options={MODES.map(value => ({
          value,
          label: modeText(value, keepLast, trans)
        }))}
        onChange={({ target: { value } }) => {
          if (isMode(value)) {
            choose(watched, value);
          }
        }}
      />
    </div>
  );
}
