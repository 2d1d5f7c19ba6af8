import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { formatBound } from '../ui/format';
import type { IPart } from '../wire/protocol';
import { boundText } from './sentences';

/** A figure; if it is a bound, a tooltip tells what its sign means. */
export function Figure(props: {
  part: IPart;
  /** What the figure leaves out, as the kernel's codes. */
  notes?: readonly string[];
  trans: TranslationBundle;
}): React.JSX.Element {
  const { part, notes = [], trans } = props;
  const { bytes, exact } = part;
  return (
    <span title={exact ? undefined : boundText(notes, trans)}>
      {formatBound(bytes, exact)}
    </span>
  );
}
