import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IToolbarWidgetRegistry, Notification } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { IStatusBar } from '@jupyterlab/statusbar';
import {
  ITranslator,
  nullTranslator,
  type TranslationBundle
} from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { goToCell } from '../ui/cellLink';
import { attachToEach } from '../ui/attach';
import { ChartSection } from '../memory/chart/chart';
import { tellFreed } from '../memory/warnings/freedEvents';
import { KernelList } from '../memory/kernels/kernelList';
import { IKernelRow, KernelsSection } from '../memory/kernels/kernels';
import { MemoryPoll } from '../memory/poll';
import { watchedWith } from '../memory/retained';
import { RunRecorder } from '../memory/chart/runs';
import { MemorySource, type Reading } from '../memory/source';
import { StatusItem, StatusModel } from '../memory/status/statusItem';
import { UsageRequests } from '../memory/usageRequest';
import { Warnings } from '../memory/warnings/warnings';
import { Rest } from '../wire/rest';
import { IMemguard, IWatched } from '../tokens';
import { IMemguardPanel } from '../panel/panel';

/** The toolbar item's name in schema/plugin.json. */
const TOOLBAR_ITEM = 'memguard-memory';

/** A figure older than this is not shown as live, in milliseconds. */
const LIVE_MS = 3000;

/** The memory of kernels: status item, list of all, chart, warnings. */
export const memoryPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-memguard:memory',
  description: "Shows kernels' memory and warns before one dies of it.",
  autoStart: true,
  requires: [IMemguard],
  optional: [IStatusBar, IToolbarWidgetRegistry, IMemguardPanel, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    memguard: IMemguard,
    statusBar: IStatusBar | null,
    toolbars: IToolbarWidgetRegistry | null,
    panel: IMemguardPanel | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyter_memguard');
    const { serverSettings, sessions } = app.serviceManager;
    const rest = new Rest(serverSettings);
    const source = new MemorySource(
      new Rest(serverSettings, LIVE_MS),
      new UsageRequests()
    );
    const poll = new MemoryPoll(memguard, source);
    const list = new KernelList(
      memguard,
      rest,
      source,
      sessions.runningChanged
    );
    let isGone = false;
    poll.changed.connect((_, reading) => {
      const wasGone = isGone;
      isGone = reading.kind === 'none' && reading.reason === 'unreachable';
      if (wasGone && !isGone) {
        // It asks seldom by now.
        list.readNow();
      }
    });
    const openPanel = () => {
      if (app.commands.hasCommand('memguard:show-panel')) {
        void app.commands.execute('memguard:show-panel');
      }
    };
    const statusItem = () =>
      new StatusItem(new StatusModel(memguard, poll), openPanel, trans);

    if (statusBar) {
      const item = statusItem();
      statusBar.registerStatusItem('jupyter-memguard:memory', {
        item,
        align: 'left',
        rank: 2,
        priority: 1,
        isActive: () => item.model.active,
        activeStateChanged: item.model.stateChanged
      });
    }
    // Notebook 7 has no status bar; JupyterLab needs nothing in the toolbar.
    toolbars?.addFactory<NotebookPanel>('Notebook', TOOLBAR_ITEM, () => {
      if (!statusBar) {
        return statusItem();
      }
      const nothing = new Widget();
      nothing.hide();
      return nothing;
    });

    new Warnings(memguard, rest, trans).watch(poll, list);
    tellFreed(memguard, rest);
    poll.changed.connect((_, reading) => {
      const model = memguard.current?.model;
      if (model) {
        model.processEnded = hasEnded(reading, model.processEnded);
      }
    });
    if (panel) {
      panel.addSection(kernelsSection(app, memguard, list, trans), 300);
      panel.addSection(chartSection(app, memguard, poll, rest, trans), 400);
    }
  }
};

/**
 * Whether a kernel's process has ended. The server starts it anew again and
 * again: until an attempt succeeds, the process counts as ended.
 */
function hasEnded(reading: Reading, before: boolean): boolean {
  if (reading.kind !== 'none') {
    return false;
  }
  switch (reading.reason) {
    case 'starting':
      return before;
    case 'died':
      return true;
    default:
      // The server knows it no more.
      return reading.reason === 'no_kernel' && reading.kernelId !== null;
  }
}

function kernelsSection(
  app: JupyterFrontEnd,
  memguard: IMemguard,
  list: KernelList,
  trans: TranslationBundle
): KernelsSection {
  const open = ({ id, path }: IKernelRow) => {
    const watched = watchedWith(memguard, id);
    if (watched) {
      app.shell.activateById(watched.widget.id);
    } else {
      app.commands.execute('docmanager:open', { path }).catch(() => {
        Notification.error(trans.__('%1 cannot be opened.', path));
      });
    }
  };
  return new KernelsSection(list, memguard, open, trans);
}

function chartSection(
  app: JupyterFrontEnd,
  memguard: IMemguard,
  poll: MemoryPoll,
  rest: Rest,
  trans: TranslationBundle
): ChartSection {
  const recorders = new WeakMap<IWatched, RunRecorder>();
  attachToEach(memguard, watched => {
    const recorder = new RunRecorder(
      watched.widget.sessionContext,
      rest,
      watched.agent.cellRuns
    );
    recorders.set(watched, recorder);
    return recorder;
  });
  poll.changed.connect((_, reading) => {
    const { current } = memguard;
    const recorder = current && recorders.get(current);
    if (reading.kind === 'none' || !recorder) {
      return;
    }
    const { time, bytes: rssBytes } = reading;
    const sample = { time, rssBytes, highWaterBytes: null };
    if (reading.kind === 'process') {
      recorder.add(sample);
    } else {
      recorder.addTold(sample);
    }
  });
  return new ChartSection(
    memguard,
    watched => recorders.get(watched) ?? null,
    async (watched, run) => {
      app.shell.activateById(watched.widget.id);
      return goToCell(watched.widget, {
        cell_id: run.cellId,
        execution: run.count,
        source: null
      });
    },
    trans
  );
}
