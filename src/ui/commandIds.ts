/** The names that the parts of the user interface call each other by. */

import type { GuardMode } from '../wire/protocol';

/** The commands' names. */
export const CommandIDs = {
  freeMemory: 'memguard:free-memory',
  freeEverything: 'memguard:free-everything',
  freeShown: 'memguard:free-shown',
  freeTracebacks: 'memguard:free-tracebacks',
  toggleGuard: 'memguard:toggle-guard',
  setGuardMode: 'memguard:set-guard-mode',
  useDefaultGuard: 'memguard:use-default-guard',
  showPanel: 'memguard:show-panel',
  copyDiagnostics: 'memguard:copy-diagnostics'
} as const;

/** The panel's widget id. */
export const PANEL_ID = 'jupyter-memguard-panel';

/** Every mode, in the order of the menus. */
export const MODES: readonly GuardMode[] = ['off', 'large', 'last', 'all'];
