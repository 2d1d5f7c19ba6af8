import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { IKernelUser } from '../memory/kernels/kernelRows';
import { LazySection } from '../memory/lazySection';
import { IMemoryReadings } from '../memory/readings';
import { IMemguardPanel } from '../panel/panel';
import { IMemguard } from '../tokens';

const RANK = 300;

/** The panel's section with all kernels of the server. */
export const kernelsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-memguard:kernels',
  description: "Lists all kernels' memory in the panel.",
  autoStart: true,
  requires: [IMemguard, IMemoryReadings, IMemguardPanel],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    memguard: IMemguard,
    readings: IMemoryReadings,
    panel: IMemguardPanel,
    translator: ITranslator | null
  ) => {
    const { list } = readings;
    const trans = (translator ?? nullTranslator).load('jupyter_memguard');
    const open = async ({ path, watched }: IKernelUser): Promise<void> => {
      if (watched) {
        app.shell.activateById(watched.widget.id);
        return;
      }
      try {
        await app.commands.execute('docmanager:open', { path });
      } catch {
        Notification.error(trans.__('%1 cannot be opened.', path));
      }
    };
    const load = async () => {
      const { KernelsSection } = await import(
        /* webpackChunkName: "kernels" */ '../memory/kernels/kernelsSection'
      );
      return new KernelsSection(list, { memguard, open, trans });
    };
    const section = new LazySection(trans.__('All kernels'), load, trans);
    section.addClass('jp-Memguard-kernels');
    panel.addSection(section, RANK);
  }
};
