import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { Activity, IRetainedModel } from '../../tokens';
import { LinkButton } from '../buttons';

function progressText(
  activity: Activity,
  trans: TranslationBundle
): string | null {
  switch (activity.kind) {
    case 'queued':
      return trans.__('Queued: runs when the cell has ended');
    case 'freeing':
      return trans.__('Freeing\u2026');
    default:
      return null;
  }
}

/**
 * Long work, and a button that ends it if it can be ended. The region is
 * always there, so that a screen reader reads what comes into it.
 */
export function Progress(props: {
  model: IRetainedModel;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { model, trans } = props;
  const text = progressText(model.activity, trans);
  if (text === null) {
    return <div role="status" />;
  }
  return (
    <div
      role="status"
      className="jp-Memguard-working"
      data-activity={model.activity.kind}
    >
      <div
        className="jp-Memguard-progress"
        role="progressbar"
        aria-label={text}
      />
      <span>{text}</span>
      {model.activity.kind === 'queued' && (
        <LinkButton onClick={() => model.cancel()}>
          {trans.__('Take back')}
        </LinkButton>
      )}
    </div>
  );
}
