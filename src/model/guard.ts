/**
 * Which guard a document wants, and which one holds: the document's own guard
 * comes before the settings.
 */

import type { GuardMode, IGuard, IGuardState } from '../wire/protocol';
import { guardDiffers, MIB } from './settings';
import type { IKernelAgent, IOwnGuard, ISettings, IWatched } from '../tokens';

/**
 * The guard that a document wants.
 *
 * @param own - The document's own guard, if it has one.
 * @param settings - Supply what the document's own guard leaves open.
 * @param mode - Used instead of the mode of `own` and `settings`.
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
 * The guard that goes into a kernel with the install message.
 *
 * @param own - The document's own guard, if it has one. Its explicit `off` is
 * set like any other mode, so that another document on the same kernel does
 * not turn the guard on.
 * @param settings - Supply what the document's own guard leaves open.
 * @returns null where nobody has chosen a guard.
 */
export function firstGuard(
  own: IOwnGuard | null,
  settings: ISettings
): IGuard | null {
  return own === null && settings.guardMode === 'off'
    ? null
    : wantedGuard(own, settings);
}

/**
 * The mode that the toggle turns on.
 *
 * @param own - The document's own guard, if it has one.
 * @param settings - Supply the mode for documents without one.
 */
export function modeWhenOn(
  own: IOwnGuard | null,
  settings: ISettings
): GuardMode {
  if (own !== null && own.guard !== 'off') {
    return own.guard;
  }
  return settings.guardMode === 'off' ? 'large' : settings.guardMode;
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
  /** It was asked for, and the kernel has not confirmed it yet. */
  isAsked: boolean;
  /** The kernel has told its guard; until then there may be none. */
  isConfirmed: boolean;
}

/**
 * Which guard holds for a document now.
 *
 * @param watched - The document.
 * @param settings - Supply what the document's own guard leaves open.
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
 * Choose a document's mode as a person does: the document keeps it, and the
 * kernel gets it.
 *
 * @param watched - The document.
 * @param mode - The mode; null to follow the settings from now on.
 * @param settings - Supply what the document's own guard leaves open.
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
 *
 * @param documents - All that are open.
 * @param before - The settings until now.
 * @param settings - The settings from now on.
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

/** Do something with a kernel's guard as soon as the kernel has told it. */
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
