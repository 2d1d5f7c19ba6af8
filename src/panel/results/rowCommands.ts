/** The commands that act on one row of the panel. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { MemguardPanel } from '../panel';
import type { IRowAsk } from '../viewModel';

/** The commands' names; the schema gives them their keys and their menu. */
export const RowCommandIDs = {
  release: 'memguard:release-result',
  releaseSelected: 'memguard:release-selected',
  goToCell: 'memguard:go-to-cell',
  assign: 'memguard:assign-result'
} as const;

/**
 * Register the commands of rows. Without a key among their arguments they
 * act on the row that has the focus, else on the one whose menu is open.
 *
 * @param app - Where to.
 * @param panel - The panel that has the rows.
 * @param trans - The words.
 */
export function addRowCommands(
  app: JupyterFrontEnd,
  panel: MemguardPanel,
  trans: TranslationBundle
): void {
  const keyOf = (args: ReadonlyPartialJSONObject): string => {
    if (typeof args.key === 'string') {
      return args.key;
    }
    const underMenu = app.contextMenuHitTest(
      node => node.dataset.key !== undefined && panel.node.contains(node)
    );
    return panel.focusedRow ?? underMenu?.dataset.key ?? '';
  };
  // Menus keep the focus to themselves until it is lost with them.
  let opener: HTMLElement | null = null;
  document.addEventListener(
    'contextmenu',
    ({ target }) => {
      opener =
        target instanceof Element && panel.node.contains(target)
          ? target.closest<HTMLElement>('[data-key]')
          : null;
    },
    true
  );
  app.contextMenu.menu.aboutToClose.connect(() => opener?.focus());
  const add = (
    id: string,
    what: IRowAsk['what'],
    label: string,
    caption: string
  ): void => {
    app.commands.addCommand(id, {
      label,
      caption,
      icon: what === 'release' ? closeIcon : undefined,
      describedBy: {
        args: {
          type: 'object',
          properties: {
            key: {
              type: 'string',
              description:
                "The result's key in the kernel's report; absent: the row in use."
            }
          }
        }
      },
      isEnabled: args => panel.canAsk({ what, key: keyOf(args) }),
      execute: args => panel.ask({ what, key: keyOf(args) })
    });
  };
  add(
    RowCommandIDs.release,
    'release',
    trans.__('Release'),
    trans.__('Let go of this result')
  );
  add(
    RowCommandIDs.releaseSelected,
    'release-selected',
    trans.__('Release Selected'),
    trans.__('Let go of the selected results, or of the row with the focus')
  );
  add(
    RowCommandIDs.goToCell,
    'visit',
    trans.__('Go to the Cell'),
    trans.__('Show the cell that made this result')
  );
  add(
    RowCommandIDs.assign,
    'assign',
    trans.__('Assign to a Variable\u2026'),
    trans.__('Keep this result under a name')
  );
}
