/** Which guard a document wants: its own metadata first, then the settings. */

import type { NotebookPanel } from '@jupyterlab/notebook';
import type { JSONObject } from '@lumino/coreutils';
import { JSONExt } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { GuardMode, IGuard, IGuardState } from '../wire/protocol';
import { guardDiffers, MIB } from './settings';
import type {
  IGuardStore,
  IKernelAgent,
  IOwnGuard,
  ISettings,
  IWatched
} from '../tokens';
import { isMode } from '../wire/protocol';

/** The notebook metadata's key. */
const METADATA_KEY = 'jupyter_memguard';

/**
 * Read a notebook's own guard. Anybody may have written there, so that what
 * is not right counts as absent.
 *
 * @param value - What stands under `METADATA_KEY`.
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

/**
 * The guard that a document wants.
 *
 * @param own - The notebook's own, if any.
 * @param settings - What holds for all that the notebook does not say.
 * @param mode - A mode that a person has just chosen, if any.
 */
export function wantedGuard(
  own: IOwnGuard | null,
  settings: ISettings,
  mode: GuardMode = own?.guard ?? settings.guardMode
): Required<IGuard> {
  return {
    mode,
    threshold_bytes:
      own?.threshold_bytes ?? Math.round(settings.guardThresholdMiB * MIB),
    total_bytes: Math.round(settings.guardTotalMiB * MIB),
    keep_last: own?.keep_last ?? settings.guardKeepLast,
    shown_bytes: Math.round(settings.guardShownMiB * MIB),
    tracebacks: settings.guardTracebacks
  };
}

/**
 * The guard that goes into a kernel with the install message. A notebook's
 * explicit `off` is set like any other mode, so that another notebook on the
 * kernel does not turn it on; where nobody said anything, nothing is set.
 */
export function firstGuard(
  own: IOwnGuard | null,
  settings: ISettings
): IGuard | null {
  return own === null && settings.guardMode === 'off'
    ? null
    : wantedGuard(own, settings);
}

/** The mode that turning the guard on chooses. */
export function modeWhenOn(
  own: IOwnGuard | null,
  settings: ISettings
): GuardMode {
  if (own !== null && own.guard !== 'off') {
    return own.guard;
  }
  return settings.guardMode === 'off' ? 'large' : settings.guardMode;
}

/** A notebook's own guard, kept in its metadata. */
export class NotebookGuard implements IGuardStore, IDisposable {
  /** @param panel - The notebook; its model may not be there yet. */
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
    // What a later version of this extension may have written stays.
    const before: unknown = model.getMetadata(METADATA_KEY);
    const kept = JSONExt.isObject(before as JSONObject)
      ? (before as JSONObject)
      : {};
    model.setMetadata(METADATA_KEY, { ...kept, ...own });
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private _onMetadata(_: unknown, change: { key: string }): void {
    if (change.key === METADATA_KEY) {
      this._changed.emit();
    }
  }

  private _panel: NotebookPanel;
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
}

/** A console's own guard, which nothing outlives. */
export class ConsoleGuard implements IGuardStore, IDisposable {
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

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private _own: IOwnGuard | null = null;
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
}

/** Where the guard that holds for a document comes from. */
export type GuardOrigin =
  /** The document's own. */
  | 'document'
  | 'settings'
  /** Another document or page set the kernel that this one uses. */
  | 'kernel';

/** The guard that holds for a document, and why. */
export interface IHolding {
  mode: GuardMode;
  origin: GuardOrigin;
  /** It was asked for, and the kernel has not told of it yet. */
  isAsked: boolean;
  /** The kernel has told of its guard, which else may not be there at all. */
  isConfirmed: boolean;
}

/**
 * Which guard holds for a document now.
 *
 * @param watched - The document.
 * @param settings - What holds for all that the document does not say.
 */
export function holdingGuard(watched: IWatched, settings: ISettings): IHolding {
  const own = watched.guardStore.own;
  const asked = watched.model.guardAsked;
  const wanted = own?.guard ?? settings.guardMode;
  const mode = asked?.mode ?? watched.agent.guard?.mode ?? wanted;
  let origin: GuardOrigin = 'kernel';
  if (mode === wanted) {
    origin = own === null ? 'settings' : 'document';
  }
  return {
    mode,
    origin,
    isAsked: asked !== null,
    isConfirmed: watched.agent.guard !== null
  };
}

/**
 * What a person chose for a document: it is kept there, and the kernel does
 * so from now on.
 *
 * @param watched - The document.
 * @param mode - The mode; null for that of the settings, from now on too.
 * @param settings - What holds for all that the document does not say.
 */
export async function chooseGuard(
  watched: IWatched,
  mode: GuardMode | null,
  settings: ISettings
): Promise<void> {
  const store = watched.guardStore;
  store.own = mode === null ? null : { ...store.own, guard: mode };
  await watched.model.setGuard(wantedGuard(store.own, settings));
}

/**
 * Bring kernels in line with settings that a person has changed. A mode that
 * a document or a toggle has set stays; its sizes follow the settings.
 */
export function followSettings(
  documents: Iterable<IWatched>,
  before: ISettings,
  settings: ISettings
): void {
  if (!guardDiffers(before, settings)) {
    return;
  }
  const byKernel = new Map<string, IWatched[]>();
  for (const watched of documents) {
    const id = watched.agent.sessionContext.session?.kernel?.id;
    if (id !== undefined) {
      byKernel.set(id, [...(byKernel.get(id) ?? []), watched]);
    }
  }
  for (const sharing of byKernel.values()) {
    const own = sharing.find(watched => watched.guardStore.own !== null);
    const { agent, model, guardStore } = own ?? sharing[0];
    if (own === undefined && before.guardMode !== settings.guardMode) {
      void model.setGuard(wantedGuard(null, settings));
    } else {
      whenKnown(agent, ({ mode, set }) => {
        if (set) {
          void model.setGuard(wantedGuard(guardStore.own, settings, mode));
        }
      });
    }
  }
}

/** Do something with the guard that a kernel has, once it has told it. */
function whenKnown(
  agent: IKernelAgent,
  then: (guard: IGuardState) => void
): void {
  const look = (): void => {
    if (agent.guard !== null) {
      agent.guardChanged.disconnect(look);
      then(agent.guard);
    }
  };
  agent.guardChanged.connect(look);
  look();
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
