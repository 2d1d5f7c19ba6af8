/**
 * What the kernel in front keeps, in the status bar; a click frees it.
 *
 * It shows the four things that `IMemguard` is for: reports, releases, the
 * guard, and hearing of changes.
 */

import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IStatusBar } from '@jupyterlab/statusbar';
import { Widget } from '@lumino/widgets';
import { IMemguard, type IWatched } from 'jupyter-memguard';

const MIB = 2 ** 20;

/** A text that follows the document in front. */
class Kept extends Widget {
  constructor(memguard: IMemguard) {
    super({ node: document.createElement('button') });
    this.addClass('memguard-example-kept');
    this.node.addEventListener('click', () => {
      void this._watched?.model.release({ kind: 'large' });
    });
    memguard.currentChanged.connect((_, watched) => this._follow(watched));
    this._follow(memguard.current);
  }

  private _follow(watched: IWatched | null): void {
    this._observing?.dispose();
    this._watched?.model.changed.disconnect(this._show, this);
    this._watched = watched;
    // Reports are read only as long as somebody looks.
    this._observing = watched?.model.observe() ?? null;
    watched?.model.changed.connect(this._show, this);
    this._show();
  }

  private _show(): void {
    const { retained, report } = this._watched?.model ?? {};
    const bytes = retained?.bytes ?? 0;
    const guard = report?.guard ?? 'unknown';
    this.node.textContent = `Kept: ${(bytes / MIB).toFixed(1)} MiB, guard: ${guard}`;
  }

  private _watched: IWatched | null = null;
  private _observing: { dispose(): void } | null = null;
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'memguard-example:kept',
  description: 'Shows what the kernel in front keeps.',
  autoStart: true,
  requires: [IMemguard, IStatusBar],
  activate: (_: JupyterFrontEnd, memguard: IMemguard, bar: IStatusBar) => {
    bar.registerStatusItem(plugin.id, {
      item: new Kept(memguard),
      align: 'right',
      rank: 2000
    });
  }
};

export default plugin;
