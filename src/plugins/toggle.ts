import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { Widget } from '@lumino/widgets';
import { GuardToggle } from '../ui/toggle';
import { IMemguard, type IWatched } from '../tokens';

/** The toolbar item's name in schema/plugin.json. */
const TOOLBAR_ITEM = 'memguard-toggle';

/** The guard's toggle in the toolbars of notebooks and code consoles. */
export const togglePlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-memguard:toggle',
  description: "Adds the memory guard's toggle to toolbars.",
  autoStart: true,
  requires: [IMemguard, IToolbarWidgetRegistry],
  optional: [ITranslator],
  activate: (
    app,
    memguard: IMemguard,
    toolbars: IToolbarWidgetRegistry,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyter_memguard');
    const { commands } = app;
    /** The toggles of documents that are not watched yet. */
    const waiting = new Map<Widget, GuardToggle>();
    const watch = (watched: IWatched): void => {
      waiting.get(watched.widget)?.watch(watched);
      waiting.delete(watched.widget);
    };
    memguard.added.connect((_, watched) => watch(watched));
    for (const factory of ['Notebook', 'ConsolePanel']) {
      toolbars.addFactory(factory, TOOLBAR_ITEM, (widget: Widget) => {
        const toggle = new GuardToggle({ memguard, commands, trans });
        waiting.set(widget, toggle);
        widget.disposed.connect(() => waiting.delete(widget));
        const watched = memguard.find(widget);
        if (watched !== null) {
          watch(watched);
        }
        return toggle;
      });
    }
  }
};
