import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { attachToEach } from '../ui/attach';
import { IMemguard } from '../tokens';
import { IMemguardPanel } from '../panel/panel';

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
    const markAll = async (): Promise<void> => {
      const { CellMarks } = await import('../ui/marks');
      attachToEach(
        memguard,
        watched => new CellMarks(watched, { memguard, trans, showPanel })
      );
    };
    markAll().catch((error: unknown) => {
      console.error('The marks of jupyter-memguard cannot be loaded.', error);
    });
  }
};
