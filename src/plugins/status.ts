import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { IMemoryReadings } from '../memory/readings';
import { StatusItem } from '../memory/status/statusItem';
import { StatusModel } from '../memory/status/statusModel';
import { IMemguard } from '../tokens';
import { CommandIDs } from '../ui/commandIds';

/** The toolbar item's name in schema/plugin.json. */
const TOOLBAR_ITEM = 'memguard-memory';

/** The kernel's memory in the status bar. */
export const statusPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-memguard:status',
  description: "Shows the kernel's memory in the status bar.",
  autoStart: true,
  requires: [IMemguard, IMemoryReadings],
  optional: [IStatusBar, IToolbarWidgetRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    memguard: IMemguard,
    readings: IMemoryReadings,
    statusBar: IStatusBar | null,
    toolbars: IToolbarWidgetRegistry | null,
    translator: ITranslator | null
  ) => {
    const { poll } = readings;
    const trans = (translator ?? nullTranslator).load('jupyter_memguard');
    const openPanel = () => {
      if (app.commands.hasCommand(CommandIDs.showPanel)) {
        void app.commands.execute(CommandIDs.showPanel);
      }
    };
    const statusItem = (isShort = false) =>
      new StatusItem(
        new StatusModel(memguard, poll),
        openPanel,
        trans,
        isShort
      );
    if (statusBar) {
      const item = statusItem();
      statusBar.registerStatusItem('jupyter-memguard:memory', {
        item,
        align: 'left',
        rank: 2,
        priority: 1,
        isActive: () => item.model.active,
        activeStateChanged: item.model.stateChanged
      });
    }
    // Notebook 7 has no status bar; JupyterLab needs nothing in the toolbar.
    toolbars?.addFactory<NotebookPanel>('Notebook', TOOLBAR_ITEM, () =>
      statusBar ? nothing() : statusItem(true)
    );
  }
};

function nothing(): Widget {
  const widget = new Widget();
  widget.hide();
  return widget;
}
