/** Walks the table of the agent's stages: every stage, every event. */

import type { AgentEvent, Link, Stage } from '../../kernel/agentStates';
import {
  AgentMachine,
  isLive,
  LATENESS,
  LINKS,
  TRANSITIONS
} from '../../kernel/agentStates';
import type { AgentState } from '../../tokens';
import type { IKernelCode } from '../../kernel/kernelCode';
import { anAgent } from '../fakes/kernelAgents';
import { FakeContext, FakeKernel } from '../fakes/kernel';
import { KERNEL_CODE } from '../fakes/kernelCode';
import { settled } from '../fakes/waiting';

const STAGES = Object.keys(TRANSITIONS) as Stage[];
const ENDED: Stage[] = ['none', 'stillborn', 'dead'];
const OPENED: Stage[] = ['greeting', 'reopening'];

/**
 * Where each event leads, told by the event: the stages in which it counts,
 * and the stage that follows. The table in the source is told by the stage.
 */
const RULES: Record<
  AgentEvent,
  [from: (stage: Stage) => boolean, to: Stage][]
> = {
  shutDown: [[() => true, 'none']],
  restarts: [[() => true, 'restarting']],
  restarted: [[() => true, 'restarting']],
  dies: [[() => true, 'dead']],
  diesAtStart: [[() => true, 'stillborn']],
  connecting: [[one('ready'), 'installing']],
  connected: [[one('disconnected'), 'installing']],
  disconnected: [[stage => !ENDED.includes(stage), 'disconnected']],
  replaced: [[stage => !ENDED.includes(stage), 'none']],
  replacedConnected: [[stage => !ENDED.includes(stage), 'none']],
  unspecified: [[() => true, 'unspecified']],
  unlisted: [[() => true, 'unlisted']],
  foreign: [[() => true, 'foreign']],
  unsuitable: [[() => true, 'unsuitable']],
  load: [[() => true, 'loading']],
  send: [[() => true, 'installing']],
  ranEarly: [],
  installed: [[one('installing'), 'greeting']],
  noShell: [[one('installing'), 'noShell']],
  otherVersion: [[one('installing', 'ready', ...OPENED), 'otherVersion']],
  failed: [[one('loading', 'installing', ...OPENED), 'failed']],
  greeted: [[one(...OPENED), 'ready']],
  closed: [
    [one('ready'), 'reopening'],
    [one(...OPENED), 'failed']
  ],
  refused: [[one(...OPENED), 'failed']]
};

function one(...stages: Stage[]): (stage: Stage) => boolean {
  return stage => stages.includes(stage);
}

const EVENTS = Object.keys(RULES) as AgentEvent[];

function expected(stage: Stage, event: AgentEvent): Stage {
  const rule = RULES[event].find(([counts]) => counts(stage));
  return rule === undefined ? stage : rule[1];
}

/** What others see of a stage, by the link where it depends on that. */
function seen(stage: Stage, link: Link): AgentState['kind'] {
  switch (stage) {
    case 'none':
      return 'no-kernel';
    case 'unlisted':
    case 'foreign':
    case 'unsuitable':
      return 'not-python';
    case 'stillborn':
      return 'dead';
    case 'noShell':
      return 'no-shell';
    case 'otherVersion':
      return 'version';
    case 'ready':
    case 'restarting':
    case 'disconnected':
    case 'dead':
    case 'failed':
      return stage;
    default:
      return link === 'lost' ? 'disconnected' : 'installing';
  }
}

describe.each(STAGES)('the stage %s', stage => {
  it.each(EVENTS)('is followed by the right one on %s', event => {
    for (const link of Object.keys(LINKS) as Link[]) {
      const machine = new AgentMachine(stage, link);
      machine.on(event);
      expect(machine.stage).toBe(expected(stage, event));
      expect(machine.link).toBe(LINKS[link][event] ?? link);
      expect(machine.state.kind).toBe(seen(machine.stage, machine.link));
    }
  });

  it('can be reached, and left', () => {
    const reached = new Set<Stage>(['none']);
    for (const from of reached) {
      EVENTS.forEach(event => reached.add(expected(from, event)));
    }
    expect(reached).toContain(stage);
    expect(EVENTS.some(event => expected(stage, event) !== stage)).toBe(true);
  });

  it('has a living kernel, or none', () => {
    expect(isLive(stage)).toBe(!ENDED.includes(stage));
  });
});

describe('the link', () => {
  it.each<[AgentEvent[], Link]>([
    [[], 'new'],
    [['connecting'], 'new'],
    [['connected'], 'up'],
    [['connected', 'connecting'], 'lost'],
    [['connected', 'connecting', 'connected'], 'up'],
    [['connected', 'connecting', 'replaced'], 'new'],
    [['connected', 'restarts'], 'new'],
    [['connected', 'restarted'], 'up'],
    [['replacedConnected'], 'up'],
    [['greeted'], 'up']
  ])('after %j is %s', (events, link) => {
    const machine = new AgentMachine();
    events.forEach(event => machine.on(event));
    expect(machine.link).toBe(link);
  });
});

describe('the page is late', () => {
  it('never from the beginning', () => {
    expect(new AgentMachine().isLate).toBe(false);
  });

  it('from a restart that no signal told, until the next signal', () => {
    const machine = new AgentMachine('ready', 'up');
    machine.on('restarted');
    machine.on('send');
    machine.on('installed');
    machine.on('greeted');
    expect(machine.isLate).toBe(true);
    machine.on('connecting');
    expect(machine.isLate).toBe(false);
    expect(LATENESS.restarts).toBe(false);
  });
});

/** A page that never gets the code for kernels. */
const NO_CODE: IKernelCode = {
  core: { loaded: null, load: () => new Promise(() => undefined) },
  engine: KERNEL_CODE.engine
};

/** How an agent gets into each stage. */
const PATHS: Record<
  Stage,
  (kernel: FakeKernel, context: FakeContext) => unknown
> = {
  none: (_, context) => context.statusChanged.emit('terminating'),
  unspecified: () => undefined,
  unlisted: () => undefined,
  foreign: () => undefined,
  unsuitable: kernel => kernel.tellInfo('PySpark'),
  loading: () => undefined,
  installing: () => undefined,
  greeting: greeting,
  ready: ready,
  reopening: async kernel => {
    await ready(kernel);
    kernel.say({}, 'comm_close');
  },
  restarting: (_, context) => context.statusChanged.emit('restarting'),
  disconnected: (_, context) =>
    context.connectionStatusChanged.emit('disconnected'),
  stillborn: (_, context) => context.statusChanged.emit('dead'),
  dead: async (kernel, context) => {
    await ready(kernel);
    context.statusChanged.emit('dead');
  },
  noShell: kernel => kernel.answerVersion(0),
  otherVersion: kernel => kernel.answerVersion(99),
  failed: kernel => kernel.answerVersion(-1)
};

/** The kernelspecs of the kernels that are not Python's. */
const NAMES: Partial<Record<Stage, string>> = {
  foreign: 'echo',
  unlisted: 'of another server'
};

async function greeting(kernel: FakeKernel): Promise<void> {
  await kernel.answerVersion();
  await settled();
}

async function ready(kernel: FakeKernel): Promise<void> {
  await greeting(kernel);
  kernel.hello();
}

/** An agent in a stage. */
async function agentIn(stage: Stage) {
  const context = new FakeContext();
  if (stage === 'unspecified') {
    context.specsManager.specs = null;
  }
  const kernel = new FakeKernel({ name: NAMES[stage] });
  context.setKernel(kernel);
  const code = stage === 'loading' ? NO_CODE : KERNEL_CODE;
  const { agent } = anAgent(context, null, code);
  await PATHS[stage](kernel, context);
  await settled();
  return { agent, context, kernel };
}

/** What an agent does with the kernel that it has in a stage. */
function install(stage: Stage, isAnother: boolean): AgentEvent {
  switch (stage) {
    case 'unspecified':
      return 'unspecified';
    case 'loading':
      return 'load';
    case 'foreign':
    case 'unlisted':
    case 'unsuitable':
      return isAnother ? 'send' : stage;
    default:
      return 'send';
  }
}

/** What JupyterLab may tell in any stage, and which event that is. */
const SIGNALS: [AgentEvent, (context: FakeContext) => void][] = [
  ['shutDown', ({ statusChanged }) => statusChanged.emit('terminating')],
  ['restarts', ({ statusChanged }) => statusChanged.emit('restarting')],
  ['dies', ({ statusChanged }) => statusChanged.emit('dead')],
  ['replaced', context => context.setKernel(new FakeKernel())],
  ...(['connecting', 'connected', 'disconnected'] as const).map(
    status =>
      [
        status,
        (context: FakeContext) => context.connectionStatusChanged.emit(status)
      ] satisfies [AgentEvent, (context: FakeContext) => void]
  )
];

describe.each(STAGES)('an agent in the stage %s', stage => {
  it.each(SIGNALS)('follows the table on %s', async (event, tell) => {
    const { agent, context } = await agentIn(stage);
    expect(agent.state.kind).toBe(seen(stage, 'up'));
    const hasGreeted = one('ready', 'reopening', 'dead')(stage);
    const machine = new AgentMachine(stage, hasGreeted ? 'up' : 'new');
    const atStart = event === 'dies' && !hasGreeted;
    machine.on(atStart ? 'diesAtStart' : event);
    if (event === 'replaced' || event === 'connecting') {
      machine.on(install(stage, event === 'replaced'));
    }
    tell(context);
    const { kind, ...facts } = agent.state;
    expect(kind).toBe(machine.state.kind);
    if (kind === 'dead' || kind === 'disconnected') {
      expect({ kind, ...facts }).toEqual(machine.state);
    }
  });
});
