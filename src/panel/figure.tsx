import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { IFigure } from '../model/figures';
import { figureText } from '../ui/format';
import { figureTitle } from './sentences';

/** A figure in words; if it is not exact, a tooltip tells why. */
export function Figure(props: {
  part: IFigure;
  /** What the figure leaves out, as the kernel's codes. */
  notes?: readonly string[];
  trans: TranslationBundle;
}): React.JSX.Element {
  const { part, notes = [], trans } = props;
  return (
    <span title={figureTitle(part, notes, trans)}>
      {figureText(part, trans)}
    </span>
  );
}
