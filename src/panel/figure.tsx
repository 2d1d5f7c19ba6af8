import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { IFigure } from '../tokens';
import { figureText } from '../ui/format';
import { figureTitle } from './sentences';

/** A figure in words; if it is not exact, a tooltip tells why. */
export function Figure(props: {
  part: IFigure;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { part, trans } = props;
  return (
    <span title={figureTitle(part, trans)}>{figureText(part, trans)}</span>
  );
}
