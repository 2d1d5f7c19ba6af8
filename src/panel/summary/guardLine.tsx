import type { TranslationBundle } from '@jupyterlab/translation';
import { HTMLSelect } from '@jupyterlab/ui-components';
import * as React from 'react';
import { MODES } from '../../ui/commandIds';
import { holdingGuard, type IHolding } from '../../model/guard';
import { othersOnKernel } from '../../model/sharing';
import type { GuardMode, IGuardState } from '../../wire/protocol';
import type { IWatched } from '../../tokens';
import { isMode } from '../../wire/protocol';
import { modeText, newestKept, withheldSentence } from '../../ui/guardWords';
import { LinkButton } from '../buttons';
import { listed } from '../sentences';
import type { ViewModel } from '../viewModel';

/** Chooses a document's mode as a person does; null follows the settings. */
export type ChooseMode = (watched: IWatched, mode: GuardMode | null) => void;

/** Where the mode comes from, and for whom it holds: a kernel has one guard. */
function originText(
  holding: IHolding,
  { kind }: IWatched,
  others: readonly IWatched[],
  trans: TranslationBundle
): string {
  if (holding.mode !== 'off' && !holding.isConfirmed) {
    return trans.__('The kernel has not confirmed it.');
  }
  if (holding.isAsked) {
    return trans.__('It takes effect as soon as the kernel is free.');
  }
  switch (holding.origin) {
    case 'document': {
      const chosen =
        kind === 'notebook'
          ? trans.__('This mode was chosen in this notebook.')
          : trans.__('This mode was chosen in this console.');
      const names = others.map(({ widget }) => widget.title.label);
      return names.length === 0
        ? chosen
        : chosen +
            ' ' +
            trans.__(
              'It holds for %1, too: one kernel has one guard.',
              listed(names, trans)
            );
    }
    case 'settings':
      return trans.__('This mode comes from the settings.');
    case 'kernel': {
      const chooser = others.find(
        ({ guardStore }) => guardStore.own?.guard === holding.mode
      );
      return chooser === undefined
        ? trans.__('This mode was set for this kernel elsewhere.')
        : trans.__(
            'This mode was chosen in %1, which uses the same kernel.',
            chooser.widget.title.label
          );
    }
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
  const { memguard, trans } = view;
  const { guard, lateSince } = watched.agent;
  const holding = holdingGuard(watched, memguard.settings);
  const others = othersOnKernel(watched, memguard);
  const facts = guardFacts(guard, lateSince, trans);
  const keepLast = newestKept(guard, memguard.settings);
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
        <span>{originText(holding, watched, others, trans)}</span>
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
