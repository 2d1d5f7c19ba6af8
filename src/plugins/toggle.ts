import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import { IConsoleTracker } from '@jupyterlab/console';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { Widget } from '@lumino/widgets';
import { GuardToggle } from '../ui/toggle';
import { IMemguard } from '../tokens';

/** The toolbar item's name in schema/plugin.json. */
const TOOLBAR_ITEM = 'memguard-toggle';

/** The guard's toggle in the toolbars of notebooks and code consoles. */
export const togglePlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-memguard:toggle',
  description: "Adds the memory guard's toggle to toolbars.",
  autoStart: true,
  requires: [IMemguard, IToolbarWidgetRegistry],
  optional: [INotebookTracker, IConsoleTracker, ITranslator],
  activate: (
    app,
    memguard: IMemguard,
    toolbars: IToolbarWidgetRegistry,
    notebooks: INotebookTracker | null,
    consoles: IConsoleTracker | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyter_memguard');
    const { commands } = app;
    const unwatched = new Map<Widget, GuardToggle>();
    const onAdded = (_: unknown, widget: Widget): void => {
      const watched = memguard.find(widget);
      if (watched !== null) {
        unwatched.get(widget)?.watch(watched);
        unwatched.delete(widget);
      }
    };
    notebooks?.widgetAdded.connect(onAdded);
    consoles?.widgetAdded.connect(onAdded);
    for (const factory of ['Notebook', 'ConsolePanel']) {
      toolbars.addFactory(factory, TOOLBAR_ITEM, (widget: Widget) => {
        const toggle = new GuardToggle({ memguard, commands, trans });
        unwatched.set(widget, toggle);
        widget.disposed.connect(() => unwatched.delete(widget));
        onAdded(null, widget);
        return toggle;
      });
    }
  }
};
