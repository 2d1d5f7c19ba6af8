import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

/**
 * What the keys do in the table, over its rows.
 *
 * @param props - The words, and the element's id.
 */
export function KeysHelp(props: {
  id: string;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { id, trans } = props;
  const keys: [string[], string][] = [
    [['\u2191', '\u2193', 'Home', 'End'], trans.__('to another row')],
    [
      ['Enter', '\u2192', '\u2190'],
      trans.__('show and hide details, or the results of a group')
    ],
    [[trans.__('Space')], trans.__('select')],
    [['Ctrl A'], trans.__('select all')],
    [['Delete'], trans.__('free the row, or all that are selected')],
    [['G'], trans.__('go to the cell')],
    [['V'], trans.__('assign to a variable')],
    [['Esc'], trans.__('hide this list, or select none')],
    [['Shift F10'], trans.__('the menu of the row')],
    [['?'], trans.__('show and hide this list')]
  ];
  return (
    <div className="jp-Memguard-keysPlace">
      <dl
        id={id}
        className="jp-Memguard-keys"
        aria-label={trans.__('Keys in the table')}
      >
        {keys.map(([names, text]) => (
          <React.Fragment key={text}>
            <dt>
              {names.map(name => (
                <kbd key={name}>{name}</kbd>
              ))}
            </dt>
            <dd>{text}</dd>
          </React.Fragment>
        ))}
      </dl>
    </div>
  );
}
