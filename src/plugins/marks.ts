import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { IMemguard, type IWatched } from '../tokens';
import { IMemguardPanel } from '../widgets/panel';

/** Marks at the cells whose results are retained and large. */
export const marksPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-memguard:marks',
  description: 'Marks the cells whose results are retained and large.',
  autoStart: true,
  requires: [IMemguard],
  optional: [ITranslator, IMemguardPanel],
  activate: (
    app: JupyterFrontEnd,
    memguard: IMemguard,
    translator: ITranslator | null,
    panel: IMemguardPanel | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyter_memguard');
    const showPanel =
      panel === null ? null : () => app.shell.activateById(panel.id);
    // Marks go by themselves when their document goes.
    const marks = new WeakMap<IWatched, IDisposable>();
    const markAll = async (): Promise<void> => {
      const { CellMarks } = await import('../marks');
      for (const watched of memguard.watched) {
        if (!marks.has(watched)) {
          marks.set(
            watched,
            new CellMarks(watched, { memguard, trans, showPanel })
          );
        }
      }
    };
    memguard.currentChanged.connect(() => void markAll());
    void markAll();
  }
};
