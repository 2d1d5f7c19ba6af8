import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { addCommands, PALETTE } from '../../ui/commands';
import { CommandIDs, MODES } from '../../ui/commandIds';
import { ConsoleGuard } from '../../model/guardStores';
import type { GuardMode, IGuard } from '../../wire/protocol';
import { untilFree } from '../../kernel/kernelFree';
import { DEFAULTS } from '../../model/settings';
import type {
  AgentState,
  IKernelAgent,
  IMemguard,
  IWatched,
  Selection
} from '../../tokens';
import { sampleReport } from '../fakes/samples';
import { settled } from '../fakes/waiting';

/** A document whose kernel does what it is told at once. */
function aDocument(
  state: AgentState = { kind: 'ready' },
  report = sampleReport()
) {
  const released: Selection[] = [];
  const widget = new Widget();
  widget.id = `document-${++documents}`;
  const agent = {
    state,
    guard: { mode: 'off' as GuardMode },
    cellRunning: false,
    stateChanged: new Signal<object, AgentState>({}),
    guardChanged: new Signal<object, unknown>({}),
    cellRunningChanged: new Signal<object, boolean>({}),
    request: async () => report
  };
  const model = {
    guardAsked: null,
    retained: null,
    isStale: false,
    outcome: null,
    changed: new Signal<object, void>({}),
    readTotals: async () => {
      await untilFree(agent as unknown as IKernelAgent);
      return agent.request();
    },
    release: async (selection: Selection) => {
      released.push(selection);
    },
    setGuard: async ({ mode }: IGuard) => {
      agent.guard = { mode };
    }
  };
  const kind = 'notebook';
  const guardStore = new ConsoleGuard();
  const watched = { widget, kind, agent, model, guardStore };
  return { watched: watched as unknown as IWatched, released };
}

/** An app whose guard is turned on behind a running cell, which can be ended. */
async function toggledWhileACellRuns() {
  const { watched } = aDocument();
  const agent = watched.agent as unknown as {
    cellRunning: boolean;
    cellRunningChanged: Signal<object, boolean>;
  };
  agent.cellRunning = true;
  const { commands } = anApp(watched);
  const toggled = commands.execute(CommandIDs.toggleGuard);
  await settled();
  const endCell = async () => {
    agent.cellRunning = false;
    agent.cellRunningChanged.emit(false);
    await toggled;
  };
  return { commands, endCell };
}

let documents = 0;

function anApp(...watched: IWatched[]) {
  const commands = new CommandRegistry();
  const activated: string[] = [];
  const shell = { activateById: (id: string) => activated.push(id) };
  const memguard = {
    current: watched[0] ?? null,
    watched,
    settings: DEFAULTS
  } as unknown as IMemguard;
  addCommands(
    { commands, shell } as unknown as JupyterFrontEnd,
    memguard,
    nullTranslator.load('jupyter_memguard')
  );
  return { commands, activated };
}

afterEach(() => {
  Notification.manager.notifications.forEach(({ id }) =>
    Notification.dismiss(id)
  );
});

describe('releasing', () => {
  it.each<[string, Selection['kind']]>([
    [CommandIDs.freeMemory, 'large'],
    [CommandIDs.freeEverything, 'all'],
    [CommandIDs.freeShown, 'shown'],
    [CommandIDs.freeTracebacks, 'tracebacks']
  ])('%s releases %s', async (id, kind) => {
    const { watched, released } = aDocument();
    await anApp(watched).commands.execute(id);
    expect(released).toEqual([{ kind }]);
  });

  it('acts on the document that is named', async () => {
    const [one, two] = [aDocument(), aDocument()];
    const { commands } = anApp(one.watched, two.watched);
    const widgetId = two.watched.widget.id;
    await commands.execute(CommandIDs.freeMemory, { widgetId });
    expect([one.released.length, two.released.length]).toEqual([0, 1]);
    expect(
      commands.isEnabled(CommandIDs.freeMemory, { widgetId: 'closed' })
    ).toBe(false);
  });
});

describe('what can be done', () => {
  it.each<[AgentState['kind'], boolean, boolean]>([
    ['ready', true, true],
    ['installing', true, true],
    ['no-kernel', false, true],
    ['not-python', false, false],
    ['no-shell', false, false],
    ['dead', false, true]
  ])('with a kernel that is %s', (kind, free, guard) => {
    const { watched } = aDocument({ kind } as AgentState);
    const { commands } = anApp(watched);
    expect(commands.isEnabled(CommandIDs.freeMemory)).toBe(free);
    expect(commands.isEnabled(CommandIDs.toggleGuard)).toBe(guard);
  });

  it('is nothing without a document, but to open the panel and to report', async () => {
    const { commands, activated } = anApp();
    const enabled = Object.values(CommandIDs).filter(id =>
      commands.isEnabled(id)
    );
    expect(enabled).toEqual([CommandIDs.showPanel, CommandIDs.copyDiagnostics]);
    await commands.execute(CommandIDs.showPanel);
    expect(activated).toEqual(['jupyter-memguard-panel']);
  });
});

describe('the guard', () => {
  it('is turned on and off, and the document remembers', async () => {
    const { watched } = aDocument();
    const { commands } = anApp(watched);
    expect(commands.isToggled(CommandIDs.toggleGuard)).toBe(false);
    await commands.execute(CommandIDs.toggleGuard);
    expect(watched.guardStore.own).toEqual({ guard: 'large' });
    expect(commands.isToggled(CommandIDs.toggleGuard)).toBe(true);
    await commands.execute(CommandIDs.toggleGuard);
    expect(watched.guardStore.own).toEqual({ guard: 'off' });
  });

  it('has a mode that can be chosen and forgotten', async () => {
    const { watched } = aDocument();
    const { commands } = anApp(watched);
    const id = CommandIDs.setGuardMode;
    await commands.execute(id, { mode: 'last' });
    expect(MODES.filter(mode => commands.isToggled(id, { mode }))).toEqual([
      'last'
    ]);
    await commands.execute(CommandIDs.useDefaultGuard);
    expect(watched.guardStore.own).toBeNull();
    expect(watched.agent.guard?.mode).toBe('off');
    expect(commands.isEnabled(id, { mode: 'on' })).toBe(false);
  });

  it('tells what is retained when it is turned on, and offers to free it', async () => {
    const { watched, released } = aDocument();
    const { commands } = anApp(watched);
    await commands.execute(CommandIDs.toggleGuard);
    const [told] = Notification.manager.notifications;
    expect(told.message).toContain('4 earlier results keep about 892.6 MiB;');
    told.options.actions![0].callback({} as MouseEvent);
    expect(released).toEqual([{ kind: 'large' }]);
    await commands.execute(CommandIDs.setGuardMode, { mode: 'all' });
    expect(Notification.manager.notifications).toHaveLength(1);
  });

  it.each([
    ['large', 'the oldest go when all results keep more than 100 MiB'],
    ['last', 'only the newest 3 stay'],
    ['all', 'they stay until they are freed']
  ] as const)('tells what becomes of it in %s', async (mode, words) => {
    const report = sampleReport();
    report.guard_state.mode = mode;
    const { watched } = aDocument(undefined, report);
    const { commands } = anApp(watched);
    await commands.execute(CommandIDs.setGuardMode, { mode });
    const [told] = Notification.manager.notifications;
    expect(told.message).toContain(words);
  });

  it('says nothing of what Free memory leaves alone', async () => {
    const { watched } = aDocument(undefined, {
      ...sampleReport(),
      freed_bytes_all: 28,
      estimate_bytes_all: null
    });
    const { commands } = anApp(watched);
    await commands.execute(CommandIDs.toggleGuard);
    expect(Notification.manager.notifications).toEqual([]);
  });

  it('asks what is retained when no cell runs', async () => {
    const { endCell } = await toggledWhileACellRuns();
    expect(Notification.manager.notifications).toEqual([]);
    await endCell();
    expect(Notification.manager.notifications).toHaveLength(1);
  });

  it('is not said to be on when it was turned off again before the cell has ended', async () => {
    const { commands, endCell } = await toggledWhileACellRuns();
    await commands.execute(CommandIDs.toggleGuard);
    await endCell();
    expect(Notification.manager.notifications).toEqual([]);
  });
});

describe('descriptions', () => {
  it('tell of every command what it is called and takes', async () => {
    const { commands } = anApp();
    for (const id of Object.values(CommandIDs)) {
      expect(commands.label(id)).not.toBe('');
      expect(commands.caption(id)).not.toBe('');
      const { args } = await commands.describedBy(id);
      expect(args).toMatchObject({ type: 'object' });
    }
  });

  it('tell the palette’s entries apart', () => {
    const { commands } = anApp();
    const labels = PALETTE.map(({ command, args }) =>
      commands.label(command, args)
    );
    expect(new Set(labels).size).toBe(PALETTE.length);
  });
});
