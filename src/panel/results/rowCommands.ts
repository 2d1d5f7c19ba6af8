/** The commands that act on one row of the panel. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon, type LabIcon } from '@jupyterlab/ui-components';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { RowAction, TableModel } from './tableModel';

/** The commands' names; the schema gives them their keys and their menu. */
export const RowCommandIDs = {
  release: 'memguard:release-result',
  releaseSelected: 'memguard:release-selected',
  goToCell: 'memguard:go-to-cell',
  assign: 'memguard:assign-result'
} as const;

/** The panel, as far as the commands need it. */
interface IRowPanel {
  readonly node: HTMLElement;
  /** The key of the row that has the focus, if one has. */
  readonly focusedRow: string | null;
  /** The table in the panel; null while there is none. */
  readonly table: TableModel | null;
}

/** A command of rows. */
interface IRowCommand {
  readonly id: string;
  readonly action: RowAction;
  readonly label: string;
  readonly caption: string;
  readonly icon?: LabIcon;
}

const ARGUMENTS = {
  type: 'object',
  properties: {
    key: {
      type: 'string',
      description:
        "The result's key in the kernel's report; absent: the row in use."
    }
  }
};

/**
 * Register the commands of rows. Without a key among their arguments they
 * act on the row that has the focus, else on the row whose menu is open.
 *
 * @param app - Where to.
 * @param panel - The panel that has the rows.
 * @param trans - The words.
 */
export function addRowCommands(
  app: JupyterFrontEnd,
  panel: IRowPanel,
  trans: TranslationBundle
): void {
  keepFocusOverMenus(app, panel);
  const keyOf = (args: ReadonlyPartialJSONObject): string => {
    if (typeof args.key === 'string') {
      return args.key;
    }
    const underMenu = app.contextMenuHitTest(
      node => node.dataset.key !== undefined && panel.node.contains(node)
    );
    return panel.focusedRow ?? underMenu?.dataset.key ?? '';
  };
  for (const { id, action, ...texts } of rowCommands(trans)) {
    app.commands.addCommand(id, {
      ...texts,
      describedBy: { args: ARGUMENTS },
      isEnabled: args => panel.table?.can(action, keyOf(args)) === true,
      execute: args => {
        const key = keyOf(args);
        // A palette or a menu has taken the focus: if the row goes, the row
        // that takes its place gets it.
        rowOf(panel, key)?.focus();
        panel.table?.run(action, key);
      }
    });
  }
}

function rowCommands(trans: TranslationBundle): readonly IRowCommand[] {
  return [
    {
      id: RowCommandIDs.release,
      action: 'release',
      label: trans.__('Free'),
      caption: trans.__('Free this result'),
      icon: closeIcon
    },
    {
      id: RowCommandIDs.releaseSelected,
      action: 'release-selected',
      label: trans.__('Free selected'),
      caption: trans.__('Free the selected results, or the row with the focus')
    },
    {
      id: RowCommandIDs.goToCell,
      action: 'visit',
      label: trans.__('Go to the cell'),
      caption: trans.__('Show the cell that made this result')
    },
    {
      id: RowCommandIDs.assign,
      action: 'assign',
      label: trans.__('Assign to a Variable\u2026'),
      caption: trans.__('Keep this result under a name')
    }
  ];
}

function rowOf(panel: IRowPanel, key: string): HTMLElement | null {
  return panel.node.querySelector<HTMLElement>(
    `[data-key="${CSS.escape(key)}"]`
  );
}

/** Give the focus back to the row whose menu closes. */
function keepFocusOverMenus(app: JupyterFrontEnd, panel: IRowPanel): void {
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
}
