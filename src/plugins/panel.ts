import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Debouncer } from '@lumino/polling';
import { codeOffer } from '../ui/codeOffer';
import { CommandIDs } from '../ui/commandIds';
import { addRowCommands } from '../panel/results/rowCommands';
import { IMemguard } from '../tokens';
import { IMemguardPanel, MemguardPanel } from '../panel/panel';

const STATE_KEY = 'jupyter-memguard:panel';

/** The sidebar panel: what the kernel in front retains. */
export const panelPlugin: JupyterFrontEndPlugin<IMemguardPanel> = {
  id: 'jupyter-memguard:panel',
  description: 'The sidebar panel that shows what a kernel retains.',
  autoStart: true,
  requires: [IMemguard],
  optional: [ITranslator, ILayoutRestorer, IStateDB],
  provides: IMemguardPanel,
  activate: (
    app: JupyterFrontEnd,
    memguard: IMemguard,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    stateDB: IStateDB | null
  ): IMemguardPanel => {
    const words = translator ?? nullTranslator;
    const trans = words.load('jupyter_memguard');
    const panel = new MemguardPanel(memguard, {
      translator: words,
      chooseMode: ({ widget }, mode) => {
        const widgetId = widget.id;
        void (mode === null
          ? app.commands.execute(CommandIDs.useDefaultGuard, { widgetId })
          : app.commands.execute(CommandIDs.setGuardMode, { widgetId, mode }));
      },
      offerCode: codeOffer(app.shell, trans),
      goTo: async (watched, row) => {
        const { showCell } = await import('../ui/cellLink');
        return showCell(row, watched, memguard, app.shell);
      }
    });
    app.shell.add(panel, 'right', { rank: 700, type: 'Memory' });
    restorer?.add(panel, panel.id);
    addRowCommands(app, panel, trans);
    if (stateDB !== null) {
      void keepState(stateDB, panel);
    }
    return panel;
  }
};

/** Bring back the order, the filter and the sections, and keep them. */
async function keepState(
  stateDB: IStateDB,
  panel: MemguardPanel
): Promise<void> {
  try {
    panel.restore(await stateDB.fetch(STATE_KEY));
  } catch (error) {
    // It is kept from now on all the same.
    console.error('The state of jupyter-memguard cannot be read.', error);
  }
  const save = new Debouncer(async () => {
    const { sort, filter, folded, sizes } = panel.state;
    await stateDB.save(STATE_KEY, {
      sort: { ...sort },
      filter: { ...filter },
      folded: [...folded],
      sizes: { ...sizes }
    });
  }, 500);
  panel.stateChanged.connect(() => {
    save.invoke().catch((error: unknown) => {
      console.error('The state of jupyter-memguard cannot be kept.', error);
    });
  });
  panel.disposed.connect(() => save.dispose());
}
