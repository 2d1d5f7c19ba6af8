import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { commandsPlugin } from './plugins/commands';
import { memoryPlugin } from './plugins/memory';
import { marksPlugin } from './plugins/marks';
import { panelPlugin } from './plugins/panel';
import { servicePlugin } from './plugins/service';
import { togglePlugin } from './plugins/toggle';

export { IMemguard } from './tokens';

/** Every plugin of this extension. */
const plugins: JupyterFrontEndPlugin<unknown>[] = [
  servicePlugin,
  commandsPlugin,
  togglePlugin,
  panelPlugin,
  marksPlugin,
  memoryPlugin
];

export default plugins;
