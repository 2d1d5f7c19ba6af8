import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownEmptyIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { canRelease } from '../../model/activity';
import type { IRetainedModel } from '../../tokens';
import {
  freeLabel,
  giveBackLabel,
  type NamedRelease
} from '../../ui/freeLabels';
import { openMenu, type IMenuItem } from '../../ui/menu';
import { ActionButton, LinkButton, unless } from '../buttons';
import { hasNoLarge, largeTracebacks } from './large';

/** Why nothing can be released now, as a sentence; null if it can be. */
function whyNot(
  { activity }: IRetainedModel,
  trans: TranslationBundle
): string | null {
  switch (activity.kind) {
    case 'queued':
      return trans.__('Freeing waits until the cell has ended.');
    case 'freeing':
      return trans.__('Freeing is under way.');
    default:
      return null;
  }
}

/** The other ways to free memory. */
function freeMenu(
  model: IRetainedModel,
  trans: TranslationBundle
): readonly IMenuItem[] {
  const isEnabled = canRelease(model);
  const release = (kind: NamedRelease): IMenuItem => ({
    label: freeLabel(kind, trans),
    isEnabled,
    run: () => void model.release({ kind })
  });
  return [release('all'), release('shown'), release('tracebacks')];
}

/**
 * *Free memory*, or *Free tracebacks* where these alone keep much, and a menu
 * with the other ways.
 *
 * @param props - The model; `least` has the least bytes of a large result.
 */
export function FreeButtons(props: {
  model: IRetainedModel;
  least: number;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { model, least, trans } = props;
  const more = trans.__('More ways to free');
  const { retained } = model;
  const isSmall = retained !== null && hasNoLarge(retained, least);
  const isTracebacks = isSmall && largeTracebacks(model, least) !== null;
  const kind = isTracebacks ? 'tracebacks' : 'large';
  const isMinor = isSmall && !isTracebacks;
  return (
    <div className="jp-Memguard-split">
      <ActionButton
        large
        minor={isMinor}
        className="jp-Memguard-free"
        {...unless(whyNot(model, trans), () => void model.release({ kind }))}
      >
        {isMinor ? giveBackLabel(trans) : freeLabel(kind, trans)}
      </ActionButton>
      <ActionButton
        large
        minor={isMinor}
        className="jp-Memguard-more"
        aria-haspopup="menu"
        aria-label={more}
        title={more}
        onClick={event => openMenu(event.currentTarget, freeMenu(model, trans))}
      >
        <caretDownEmptyIcon.react tag="span" width="14px" height="14px" />
      </ActionButton>
    </div>
  );
}

/** Releases what was shown, or tracebacks, if there are any. */
export function ReleaseKept(props: {
  kind: 'shown' | 'tracebacks';
  model: IRetainedModel;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { kind, model, trans } = props;
  const kept = model.report?.[kind];
  const isThere = kept !== undefined && (kept.count > 0 || kept.bytes > 0);
  if (!isThere) {
    return null;
  }
  return (
    <LinkButton
      aria-label={
        kind === 'shown'
          ? trans.__('Free output history')
          : trans.__('Free tracebacks')
      }
      {...unless(whyNot(model, trans), () => void model.release({ kind }))}
    >
      {trans.__('Free')}
    </LinkButton>
  );
}
