import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IConsoleTracker } from '@jupyterlab/console';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator } from '@jupyterlab/translation';
import { setLanguage } from '../ui/format';
import { followSettings } from '../model/guard';
import { DEFAULTS, PLUGIN_ID, readSettings } from '../model/settings';
import { IMemguard } from '../tokens';
import { LateTracker } from '../model/lateTracker';

/** The service that all other plugins use. */
export const servicePlugin: JupyterFrontEndPlugin<IMemguard> = {
  id: PLUGIN_ID,
  description: 'Puts the kernel code into kernels and talks with it.',
  autoStart: true,
  provides: IMemguard,
  optional: [INotebookTracker, IConsoleTracker, ISettingRegistry, ITranslator],
  activate: async (
    app,
    notebooks: INotebookTracker | null,
    consoles: IConsoleTracker | null,
    registry: ISettingRegistry | null,
    translator: ITranslator | null
  ) => {
    if (translator !== null) {
      setLanguage(translator.languageCode);
    }
    // The first kernel gets its guard with the install message, so that the
    // settings have to be known before.
    const settings = await registry?.load(PLUGIN_ID).catch(error => {
      console.error('The settings of jupyter-memguard cannot be read.', error);
      return undefined;
    });
    const tracker = new LateTracker(
      { notebooks, consoles, front: app.shell },
      settings ? readSettings(settings) : DEFAULTS
    );
    settings?.changed.connect(() => {
      const before = tracker.settings;
      tracker.settings = readSettings(settings);
      followSettings(tracker.watched, before, tracker.settings);
    });
    return tracker;
  }
};
