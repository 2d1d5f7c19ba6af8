import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { addCommands, PALETTE } from '../ui/commands';
import { CommandIDs } from '../ui/commandIds';
import { tellReleases } from '../ui/releaseNotices';
import { IMemguard } from '../tokens';
import { IMemguardPanel } from '../panel/panel';

/** The commands, also in the palette. */
export const commandsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-memguard:commands',
  description: 'Adds the commands of the memory guard.',
  autoStart: true,
  requires: [IMemguard],
  optional: [ICommandPalette, ITranslator, IMemguardPanel],
  activate: (
    app,
    memguard: IMemguard,
    palette: ICommandPalette | null,
    translator: ITranslator | null,
    panel: IMemguardPanel | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyter_memguard');
    addCommands(app, memguard, trans);
    tellReleases({
      memguard,
      trans,
      isShown: watched =>
        panel?.isVisible === true && watched === memguard.current
    });
    for (const item of PALETTE) {
      palette?.addItem({ ...item, category: trans.__('Memory') });
    }
    const changed = (): void => {
      for (const id of Object.values(CommandIDs)) {
        app.commands.notifyCommandChanged(id);
      }
    };
    memguard.settingsChanged.connect(changed);
    memguard.currentChanged.connect((_, current) => {
      // Connecting the same slot twice connects it once.
      current?.agent.stateChanged.connect(changed);
      current?.agent.guardChanged.connect(changed);
      current?.guardStore.changed.connect(changed);
      changed();
    });
  }
};
