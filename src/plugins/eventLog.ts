import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { tellFreed } from '../memory/freedEvents';
import { IMemoryReadings } from '../memory/readings';
import { IMemguard } from '../tokens';

/** The entries for the server's event log. */
export const eventLogPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-memguard:event-log',
  description: "Reports releases to the server's event log.",
  autoStart: true,
  requires: [IMemguard, IMemoryReadings],
  activate: (
    _app: JupyterFrontEnd,
    memguard: IMemguard,
    readings: IMemoryReadings
  ) => {
    tellFreed(memguard, readings.rest);
  }
};
