/** Where a document's own guard is kept. */

import type { NotebookPanel } from '@jupyterlab/notebook';
import type { JSONObject } from '@lumino/coreutils';
import { JSONExt } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import { isMode } from '../wire/protocol';
import type { IGuardStore, IOwnGuard } from '../tokens';

/** The notebook metadata's key. */
const METADATA_KEY = 'jupyter_memguard';

/**
 * Read a notebook's own guard. Anybody may have written into the metadata: a
 * value that is not valid counts as absent.
 *
 * @param value - The value of `METADATA_KEY`.
 * @returns the guard, or null if the notebook has none of its own.
 */
export function readOwnGuard(value: unknown): IOwnGuard | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return null;
  }
  const { guard, threshold_bytes, keep_last } = value as Record<
    string,
    unknown
  >;
  if (!isMode(guard)) {
    return null;
  }
  const own: IOwnGuard = { guard };
  if (isCount(threshold_bytes) && threshold_bytes > 0) {
    own.threshold_bytes = threshold_bytes;
  }
  if (isCount(keep_last)) {
    own.keep_last = keep_last;
  }
  return own;
}

/** A notebook's own guard, kept in its metadata. */
export class NotebookGuard implements IGuardStore {
  /** @param panel - The notebook; its metadata may not be loaded yet. */
  constructor(panel: NotebookPanel) {
    this._panel = panel;
    panel.context.model.metadataChanged.connect(this._onMetadata, this);
  }

  get own(): IOwnGuard | null {
    return readOwnGuard(this._panel.context.model.getMetadata(METADATA_KEY));
  }

  set own(own: IOwnGuard | null) {
    const model = this._panel.context.model;
    if (own === null) {
      model.deleteMetadata(METADATA_KEY);
      return;
    }
    // Keep what a later version of this extension may have written.
    const before: unknown = model.getMetadata(METADATA_KEY);
    const kept = JSONExt.isObject(before as JSONObject)
      ? (before as JSONObject)
      : {};
    model.setMetadata(METADATA_KEY, { ...kept, ...own });
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  private _onMetadata(_: unknown, change: { key: string }): void {
    if (change.key === METADATA_KEY) {
      this._changed.emit();
    }
  }

  private _panel: NotebookPanel;
  private _changed = new Signal<this, void>(this);
}

/** A console's own guard, which lasts as long as the console. */
export class ConsoleGuard implements IGuardStore {
  get own(): IOwnGuard | null {
    return this._own;
  }

  set own(own: IOwnGuard | null) {
    this._own = own;
    this._changed.emit();
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  private _own: IOwnGuard | null = null;
  private _changed = new Signal<this, void>(this);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
