/** The panel's buttons: the toolkit's, in the three forms that occur here. */

import { Button, type LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

type Attributes = React.ButtonHTMLAttributes<HTMLButtonElement>;

/**
 * The action that a part of the panel is there for. A minor one has not the
 * colour that asks to be pressed.
 */
export function ActionButton(
  props: Attributes & { large?: boolean; minor?: boolean }
): React.JSX.Element {
  const { large = false, minor = false, className = '', ...attributes } = props;
  const kind = minor ? 'jp-Memguard-minor' : 'jp-mod-accept';
  return (
    <Button
      {...attributes}
      small={!large}
      className={`jp-mod-styled ${kind} ${className}`}
    />
  );
}

/** A lesser action, which looks like a link in a text. */
export function LinkButton(props: Attributes): React.JSX.Element {
  return <Button {...props} minimal small className="jp-Memguard-link" />;
}

/** A button with a picture; a screen reader and a tooltip say its name. */
export function IconButton(
  props: Attributes & { icon: LabIcon; name: string; size?: string }
): React.JSX.Element {
  const { icon, name, size = '14px', className = '', ...attributes } = props;
  return (
    <Button
      {...attributes}
      minimal
      small
      className={`jp-Memguard-icon ${className}`}
      aria-label={name}
      title={name}
    >
      <icon.react tag="span" width={size} height={size} />
    </Button>
  );
}

/**
 * What keeps a button from acting, and says why. It is not `disabled`, which
 * would take the focus away from it.
 */
export function unless(
  reason: string | null,
  act: () => void
): { 'aria-disabled': boolean; title?: string; onClick: () => void } {
  return {
    'aria-disabled': reason !== null,
    title: reason ?? undefined,
    onClick: () => {
      if (reason === null) {
        act();
      }
    }
  };
}
