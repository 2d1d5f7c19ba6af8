/** The extension's commands, which act on the document in front. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { JSONObject, ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { Chunk } from '../chunk';
import { chooseGuard, holdingGuard, modeWhenOn } from '../model/guard';
import { MIB } from '../model/settings';
import type { IMemguard, IWatched } from '../tokens';
import { isMode, type GuardMode } from '../wire/protocol';
import { CommandIDs, MODES, PANEL_ID } from './commandIds';
import { freeLabel, type NamedRelease } from './freeLabels';
import { modeText, newestKept } from './guardWords';
import { guardIcon, guardOnIcon } from './icons';

const OFFER = new Chunk(() => import('./offerToFree'));
const DIAGNOSTICS = new Chunk(
  () => import(/* webpackChunkName: "diagnostics" */ './diagnostics')
);

type Args = ReadonlyPartialJSONObject;

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
 * @param app - The application that gets them.
 * @param memguard - The documents.
 * @param trans - The words.
 */
export function addCommands(
  app: JupyterFrontEnd,
  memguard: IMemguard,
  trans: TranslationBundle
): void {
  const { commands, shell } = app;
  const documents = new Documents(memguard, trans);
  addFreeCommands(commands, documents, trans);
  addToggle(commands, documents, trans);
  addModeCommands(commands, documents, trans);
  const show = trans.__('Show what the kernel keeps');
  commands.addCommand(CommandIDs.showPanel, {
    label: args => inPalette(show, args, trans),
    caption: trans.__('Open the memory guard panel'),
    describedBy: { args: schema({}) },
    icon: guardIcon,
    execute: () => shell.activateById(PANEL_ID)
  });
  const copy = trans.__('Copy diagnostics…');
  commands.addCommand(CommandIDs.copyDiagnostics, {
    label: args => inPalette(copy, args, trans),
    caption: trans.__('Copy what a report of a fault needs'),
    describedBy: { args: schema(WIDGET_ID) },
    execute: async args => {
      const { copyDiagnostics } = await DIAGNOSTICS.load();
      await copyDiagnostics(app, documents.find(args), trans);
    }
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
    CommandIDs.showPanel,
    CommandIDs.copyDiagnostics
  ].map(command => ({ command, args: { isPalette: true } })),
  ...MODES.map(mode => ({
    command: CommandIDs.setGuardMode,
    args: { mode, isPalette: true }
  })),
  { command: CommandIDs.useDefaultGuard, args: { isPalette: true } }
];

/** The documents that commands act on, and what can be done with each. */
class Documents {
  constructor(memguard: IMemguard, trans: TranslationBundle) {
    this._memguard = memguard;
    this._trans = trans;
  }

  /** The document that a command's arguments name, else the one in front. */
  find(args: Args): IWatched | null {
    for (const watched of this._memguard.watched) {
      if (watched.widget.id === args.widgetId) {
        return watched;
      }
    }
    return args.widgetId === undefined ? this._memguard.current : null;
  }

  canFree(args: Args): boolean {
    const kind = this.find(args)?.agent.state.kind;
    return kind === 'ready' || kind === 'installing';
  }

  canGuard(args: Args): boolean {
    const kind = this.find(args)?.agent.state.kind;
    return kind !== undefined && kind !== 'not-python' && kind !== 'no-shell';
  }

  /** How many results the mode for the newest keeps in a document. */
  newestKept(args: Args): number {
    const guard = this.find(args)?.agent.guard ?? null;
    return newestKept(guard, this._memguard.settings);
  }

  /** Whether a document has a guard of its own. */
  hasOwnGuard(args: Args): boolean {
    return (this.find(args)?.guardStore.own ?? null) !== null;
  }

  /** The mode that holds for a document. */
  modeOf(args: Args): GuardMode | null {
    const watched = this.find(args);
    return watched && holdingGuard(watched, this._memguard.settings).mode;
  }

  isOn(args: Args): boolean {
    const mode = this.modeOf(args);
    return mode !== null && mode !== 'off';
  }

  /** Choose a mode for a document; null follows the settings. */
  async choose(args: Args, mode: GuardMode | null): Promise<void> {
    const watched = this.find(args);
    if (watched === null) {
      return;
    }
    const { settings } = this._memguard;
    const before = holdingGuard(watched, settings).mode;
    await chooseGuard(watched, mode, settings);
    const after = watched.agent.guard?.mode ?? 'off';
    if (before === 'off' && after !== 'off') {
      const least = settings.freeMinimumMiB * MIB;
      await OFFER.load().then(
        ({ offerToFree }) => offerToFree(watched, least, this._trans),
        // The guard is on all the same.
        () => undefined
      );
    }
  }

  /** Turn a document's guard on or off. */
  toggle(args: Args): Promise<void> {
    const own = this.find(args)?.guardStore.own ?? null;
    const mode = this.isOn(args)
      ? 'off'
      : modeWhenOn(own, this._memguard.settings);
    return this.choose(args, mode);
  }

  private readonly _memguard: IMemguard;
  private readonly _trans: TranslationBundle;
}

function addFreeCommands(
  commands: CommandRegistry,
  documents: Documents,
  trans: TranslationBundle
): void {
  const add = (id: string, kind: NamedRelease, caption: string): void => {
    commands.addCommand(id, {
      label: args => inPalette(freeLabel(kind, trans), args, trans),
      caption,
      describedBy: { args: schema(WIDGET_ID) },
      isEnabled: args => documents.canFree(args),
      execute: args => documents.find(args)?.model.release({ kind })
    });
  };
  add(
    CommandIDs.freeMemory,
    'large',
    trans.__('Free the large results that the kernel keeps')
  );
  add(
    CommandIDs.freeEverything,
    'all',
    trans.__('Free every result that the kernel keeps')
  );
  add(
    CommandIDs.freeShown,
    'shown',
    trans.__("Free the kernel's copies of printed and displayed output")
  );
  add(
    CommandIDs.freeTracebacks,
    'tracebacks',
    trans.__('Free the variables of functions that failed')
  );
}

function addToggle(
  commands: CommandRegistry,
  documents: Documents,
  trans: TranslationBundle
): void {
  commands.addCommand(CommandIDs.toggleGuard, {
    label: args =>
      args.isPalette
        ? inPalette(trans.__('Turn the guard on or off'), args, trans)
        : trans.__('Memory guard'),
    caption: trans.__('Turn the memory guard on or off'),
    describedBy: { args: schema(WIDGET_ID) },
    icon: args => (documents.isOn(args) ? guardOnIcon : guardIcon),
    isEnabled: args => documents.canGuard(args),
    isToggleable: true,
    isToggled: args => documents.isOn(args),
    execute: args => documents.toggle(args)
  });
}

function addModeCommands(
  commands: CommandRegistry,
  documents: Documents,
  trans: TranslationBundle
): void {
  commands.addCommand(CommandIDs.setGuardMode, {
    label: args => modeLabel(args, documents.newestKept(args), trans),
    caption: trans.__('Choose what the memory guard does'),
    describedBy: { args: schema({ ...WIDGET_ID, mode: MODE }, 'mode') },
    isEnabled: args => documents.canGuard(args) && isMode(args.mode),
    isToggleable: true,
    isToggled: args => documents.modeOf(args) === args.mode,
    execute: args =>
      isMode(args.mode) ? documents.choose(args, args.mode) : undefined
  });
  commands.addCommand(CommandIDs.useDefaultGuard, {
    label: args => inPalette(trans.__('Follow the settings'), args, trans),
    caption: trans.__('Forget what was chosen for this document'),
    describedBy: { args: schema(WIDGET_ID) },
    isEnabled: args => documents.canGuard(args) && documents.hasOwnGuard(args),
    execute: args => documents.choose(args, null)
  });
}

const MODE = {
  type: 'string',
  enum: [...MODES],
  description: 'What the guard does with the results of cells.'
};

function modeLabel(
  args: Args,
  keepLast: number,
  trans: TranslationBundle
): string {
  const text = isMode(args.mode)
    ? modeText(args.mode, keepLast, trans)
    : trans.__('Set the guard');
  return inPalette(text, args, trans);
}

/** The name of a command, which says in the palette whose it is. */
function inPalette(
  text: string,
  { isPalette }: Args,
  trans: TranslationBundle
): string {
  return isPalette ? trans.__('Memory Guard: %1', text) : text;
}

function schema(properties: JSONObject, ...required: string[]): JSONObject {
  return { type: 'object', properties, required };
}
