import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { attachMarks } from '../ui/attachMarks';
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
    attachMarks({ memguard, trans, showPanel });
  }
};
