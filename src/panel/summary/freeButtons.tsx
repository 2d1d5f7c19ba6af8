import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownEmptyIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { canRelease } from '../../model/activity';
import type { IRetainedModel } from '../../tokens';
import { figureKind, likelyBytes } from '../../model/figures';
import {
  freeLabel,
  giveBackLabel,
  type NamedRelease
} from '../../ui/freeLabels';
import { openMenu, type IMenuItem } from '../../ui/menu';
import { ActionButton, LinkButton } from '../buttons';

/**
 * What keeps a button from acting. It is not `disabled`, which would take the
 * focus away from it.
 */
function unless(
  isDisabled: boolean,
  act: () => void
): { 'aria-disabled': boolean; onClick: () => void } {
  return {
    'aria-disabled': isDisabled,
    onClick: () => {
      if (!isDisabled) {
        act();
      }
    }
  };
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

/** Whether no result can be large enough for *Free memory*. */
function hasNoLarge({ retained }: IRetainedModel, least: number): boolean {
  if (retained === null) {
    return false;
  }
  // A bound says nothing of how large a result is not.
  const kind = figureKind(retained);
  const isKnown = kind === 'exact' || kind === 'about';
  return isKnown && likelyBytes(retained) < Math.max(least, 1);
}

/**
 * *Free memory*, and a menu with the other ways.
 *
 * @param props - The model; `least` has the least bytes of a large result.
 */
export function FreeButtons(props: {
  model: IRetainedModel;
  least: number;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { model, least, trans } = props;
  const more = trans.__('More ways to release');
  return (
    <div className="jp-Memguard-split">
      <ActionButton
        large
        className="jp-Memguard-free"
        {...unless(
          !canRelease(model),
          () => void model.release({ kind: 'large' })
        )}
      >
        {hasNoLarge(model, least)
          ? giveBackLabel(trans)
          : freeLabel('large', trans)}
      </ActionButton>
      <ActionButton
        large
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
}): React.JSX.Element {
  const { kind, model, trans } = props;
  const kept = model.report?.[kind];
  const isThere = kept !== undefined && (kept.count > 0 || kept.bytes > 0);
  return (
    <LinkButton
      aria-label={
        kind === 'shown'
          ? trans.__('Release what was shown')
          : trans.__('Release tracebacks')
      }
      {...unless(
        !canRelease(model) || !isThere,
        () => void model.release({ kind })
      )}
    >
      {trans.__('Release')}
    </LinkButton>
  );
}
