import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { RunRecorders } from '../memory/chart/recorders';
import type { GoToRun } from '../memory/chart/chartSection';
import { LazySection } from '../memory/lazySection';
import { IMemoryReadings } from '../memory/readings';
import { IMemguardPanel } from '../panel/panel';
import { IMemguard } from '../tokens';

const RANK = 400;

/** The panel's section with what each run of a cell did to the memory. */
export const chartPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-memguard:chart',
  description: 'Draws what each cell did to the memory in the panel.',
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
    const { poll, rest } = readings;
    const trans = (translator ?? nullTranslator).load('jupyter_memguard');
    const recorders = new RunRecorders(memguard, poll, rest);
    const load = async () => {
      const [{ ChartSection }, { showCell }, recorderOf] = await Promise.all([
        import(/* webpackChunkName: "chart" */ '../memory/chart/chartSection'),
        import('../ui/cellLink'),
        recorders.load()
      ]);
      const goTo: GoToRun = (watched, run) => {
        const ref = {
          cell_id: run.cellId,
          execution: run.count,
          source: null
        };
        return showCell(ref, watched, memguard, app.shell);
      };
      return new ChartSection(memguard, { recorderOf, goTo, trans });
    };
    const section = new LazySection(trans.__('Memory by cell'), load, trans);
    section.addClass('jp-Memguard-chartSection');
    panel.addSection(section, RANK);
  }
};
