/** The extension's commands, which act on the document in front. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSONObject, ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { formatBytes } from './format';
import { chooseGuard, holdingGuard, modeWhenOn } from '../model/guard';
import { MIB } from '../model/settings';
import { guardIcon, guardOnIcon } from './icons';
import type { GuardMode } from '../wire/protocol';
import type { IMemguard, IWatched, Selection } from '../tokens';
import { isMode } from '../wire/protocol';
import { earlierText, modeText } from './words';

/** The commands' names. */
export const CommandIDs = {
  freeMemory: 'memguard:free-memory',
  freeEverything: 'memguard:free-everything',
  freeShown: 'memguard:free-shown',
  freeTracebacks: 'memguard:free-tracebacks',
  toggleGuard: 'memguard:toggle-guard',
  setGuardMode: 'memguard:set-guard-mode',
  useDefaultGuard: 'memguard:use-default-guard',
  showPanel: 'memguard:show-panel'
} as const;

/** The panel's widget id. */
export const PANEL_ID = 'jupyter-memguard-panel';

/** Every mode, in the order of the menus. */
export const MODES: readonly GuardMode[] = ['off', 'large', 'last', 'all'];

/** Every command takes the widget it is for; absent means the one in front. */
const WIDGET_ID = {
  widgetId: {
    type: 'string',
    description: 'The id of the notebook or console; absent: the one in front.'
  }
};

/**
 * Register the commands.
 *
 * @param app - Where to.
 * @param memguard - The documents.
 * @param trans - The words.
 */
export function addCommands(
  app: JupyterFrontEnd,
  memguard: IMemguard,
  trans: TranslationBundle
): void {
  const { commands, shell } = app;
  const find = (args: ReadonlyPartialJSONObject): IWatched | null => {
    for (const watched of memguard.watched) {
      if (watched.widget.id === args.widgetId) {
        return watched;
      }
    }
    return args.widgetId === undefined ? memguard.current : null;
  };
  const canFree = (args: ReadonlyPartialJSONObject): boolean => {
    const kind = find(args)?.agent.state.kind;
    return kind === 'ready' || kind === 'installing';
  };
  const canGuard = (args: ReadonlyPartialJSONObject): boolean => {
    const kind = find(args)?.agent.state.kind;
    return kind !== undefined && kind !== 'not-python' && kind !== 'no-shell';
  };
  const modeOf = (args: ReadonlyPartialJSONObject): GuardMode | null => {
    const watched = find(args);
    return watched && holdingGuard(watched, memguard.settings).mode;
  };
  const choose = async (
    watched: IWatched | null,
    mode: GuardMode | null
  ): Promise<void> => {
    if (watched === null) {
      return;
    }
    const before = holdingGuard(watched, memguard.settings).mode;
    await chooseGuard(watched, mode, memguard.settings);
    const after = watched.agent.guard?.mode ?? 'off';
    if (before === 'off' && after !== 'off') {
      const least = memguard.settings.freeMinimumMiB * MIB;
      await offerToFree(watched, least, trans);
    }
  };

  const free = (
    id: string,
    selection: Selection,
    label: string,
    caption: string
  ): void => {
    commands.addCommand(id, {
      label,
      caption,
      describedBy: { args: schema(WIDGET_ID) },
      isEnabled: canFree,
      execute: args => find(args)?.model.release(selection)
    });
  };
  free(
    CommandIDs.freeMemory,
    { kind: 'large' },
    trans.__('Free Memory'),
    trans.__('Let go of the large results that the kernel retains')
  );
  free(
    CommandIDs.freeEverything,
    { kind: 'all' },
    trans.__('Free Everything'),
    trans.__('Let go of every result that the kernel retains')
  );
  free(
    CommandIDs.freeShown,
    { kind: 'shown' },
    trans.__('Free What Was Shown'),
    trans.__("Let go of the kernel's copies of printed and displayed output")
  );
  free(
    CommandIDs.freeTracebacks,
    { kind: 'tracebacks' },
    trans.__('Free Tracebacks'),
    trans.__('Let go of the variables of functions that failed')
  );
  commands.addCommand(CommandIDs.toggleGuard, {
    label: trans.__('Memory Guard'),
    caption: trans.__('Turn the memory guard on or off'),
    describedBy: { args: schema(WIDGET_ID) },
    icon: args => (isOn(modeOf(args)) ? guardOnIcon : guardIcon),
    isEnabled: canGuard,
    isToggleable: true,
    isToggled: args => isOn(modeOf(args)),
    execute: args => {
      const watched = find(args);
      const mode = isOn(modeOf(args))
        ? 'off'
        : modeWhenOn(watched?.guardStore.own ?? null, memguard.settings);
      return choose(watched, mode);
    }
  });
  commands.addCommand(CommandIDs.setGuardMode, {
    label: args =>
      isMode(args.mode)
        ? args.isPalette
          ? trans.__('Memory Guard: %1', modeText(args.mode, trans))
          : modeText(args.mode, trans)
        : trans.__('Set the Memory Guard'),
    caption: trans.__('Choose what the memory guard does'),
    describedBy: {
      args: schema(
        {
          ...WIDGET_ID,
          mode: {
            type: 'string',
            enum: [...MODES],
            description: 'What the guard does with the results of cells.'
          }
        },
        'mode'
      )
    },
    isEnabled: args => canGuard(args) && isMode(args.mode),
    isToggleable: true,
    isToggled: args => modeOf(args) === args.mode,
    execute: args =>
      isMode(args.mode) ? choose(find(args), args.mode) : undefined
  });
  commands.addCommand(CommandIDs.useDefaultGuard, {
    label: args =>
      args.isPalette
        ? trans.__('Memory Guard: Follow the Settings')
        : trans.__('Follow the settings'),
    caption: trans.__('Forget what was chosen for this document'),
    describedBy: { args: schema(WIDGET_ID) },
    isEnabled: args =>
      canGuard(args) && (find(args)?.guardStore.own ?? null) !== null,
    execute: args => choose(find(args), null)
  });
  commands.addCommand(CommandIDs.showPanel, {
    label: trans.__('Show What the Kernel Retains'),
    caption: trans.__('Open the memory guard panel'),
    describedBy: { args: schema({}) },
    icon: guardIcon,
    execute: () => shell.activateById(PANEL_ID)
  });
}

/** The commands of the palette, with their arguments. */
export const PALETTE: readonly { command: string; args: JSONObject }[] = [
  ...[
    CommandIDs.freeMemory,
    CommandIDs.freeEverything,
    CommandIDs.freeShown,
    CommandIDs.freeTracebacks,
    CommandIDs.toggleGuard,
    CommandIDs.showPanel
  ].map(command => ({ command, args: {} })),
  ...MODES.map(mode => ({
    command: CommandIDs.setGuardMode,
    args: { mode, isPalette: true }
  })),
  { command: CommandIDs.useDefaultGuard, args: { isPalette: true } }
];

/**
 * Say how much is retained already when the guard has been turned on, and
 * what becomes of that. What *Free memory* leaves alone is not offered to be freed.
 */
async function offerToFree(
  watched: IWatched,
  least: number,
  trans: TranslationBundle
): Promise<void> {
  const { agent, model } = watched;
  const report = await model.readTotals().catch(() => null);
  // It may have been turned off again behind a running cell.
  const isGuarded = (agent.guard?.mode ?? 'off') !== 'off';
  if (report === null || report.count === 0 || !isGuarded) {
    return;
  }
  const { freed_bytes_all, estimate_bytes_all } = report;
  const isWorthIt = Math.max(freed_bytes_all, estimate_bytes_all ?? 0) >= least;
  const bytes = formatBytes(freed_bytes_all);
  const retained = trans._n(
    'The memory guard is on. %2 are retained already, by %1 result.',
    'The memory guard is on. %2 are retained already, by %1 results.',
    report.count,
    report.exact_all ? bytes : trans.__('At least %1', bytes)
  );
  const id = Notification.info(
    `${retained} ${earlierText(report.guard_state, trans)}`,
    {
      autoClose: isWorthIt ? false : undefined,
      actions: isWorthIt
        ? [
            {
              label: trans.__('Free memory'),
              caption: trans.__('Let go of the large results among them'),
              displayType: 'accent',
              callback: () => void watched.model.release({ kind: 'large' })
            }
          ]
        : []
    }
  );
  watched.widget.disposed.connect(() => Notification.dismiss(id));
}

function isOn(mode: GuardMode | null): boolean {
  return mode !== null && mode !== 'off';
}

function schema(properties: JSONObject, ...required: string[]): JSONObject {
  return { type: 'object', properties, required };
}
