import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { IMemoryReadings } from '../memory/readings';
import { Warnings } from '../memory/warnings/warnings';
import { IMemguard } from '../tokens';

/** The warnings before a kernel runs out of memory. */
export const warningsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-memguard:warnings',
  description: 'Warns before a kernel runs out of memory.',
  autoStart: true,
  requires: [IMemguard, IMemoryReadings],
  optional: [ITranslator],
  activate: (
    _app: JupyterFrontEnd,
    memguard: IMemguard,
    readings: IMemoryReadings,
    translator: ITranslator | null
  ) => {
    const { poll, list, rest } = readings;
    const trans = (translator ?? nullTranslator).load('jupyter_memguard');
    new Warnings(memguard, rest, trans).watch(poll, list);
  }
};
