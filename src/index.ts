import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { chartPlugin } from './plugins/chart';
import { commandsPlugin } from './plugins/commands';
import { eventLogPlugin } from './plugins/eventLog';
import { kernelsPlugin } from './plugins/kernels';
import { marksPlugin } from './plugins/marks';
import { memoryPlugin } from './plugins/memory';
import { panelPlugin } from './plugins/panel';
import { servicePlugin } from './plugins/service';
import { statusPlugin } from './plugins/status';
import { togglePlugin } from './plugins/toggle';
import { warningsPlugin } from './plugins/warnings';

export { IMemguard } from './tokens';
export type {
  Activity,
  AgentState,
  IDeath,
  IFigure,
  IKernelAgent,
  IOwnGuard,
  IRetainedModel,
  ISettings,
  IWatched,
  Outcome,
  Selection
} from './tokens';
export type {
  GuardMode,
  IGuard,
  IGuardState,
  IReleased,
  IReport,
  IRow
} from './wire/protocol';

/** Every plugin of this extension. */
const plugins: JupyterFrontEndPlugin<unknown>[] = [
  servicePlugin,
  commandsPlugin,
  togglePlugin,
  panelPlugin,
  marksPlugin,
  memoryPlugin,
  statusPlugin,
  kernelsPlugin,
  chartPlugin,
  warningsPlugin,
  eventLogPlugin
];

export default plugins;
