/**
 * Where the agent is with its kernel: named stages, and a table of what leads
 * from one to another.
 *
 * Beside the stage there is the link, the connection to the kernel: it is
 * made, lost and made anew in any stage. The rest of the extension sees a view
 * of both, an `AgentState`.
 */

import { JSONExt } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { AgentState } from '../tokens';

/** How far the agent has got with its kernel. */
export type Stage =
  /** There is no kernel, or a person is shutting it down. */
  | 'none'
  /** The server has not told its kernelspecs yet, so no language is known. */
  | 'unspecified'
  /** The server has no spec of this kernel. */
  | 'unlisted'
  /** The kernel's language is not Python. */
  | 'foreign'
  /** The kernel does not run code itself, or not in IPython's shell. */
  | 'unsuitable'
  /** The page loads the code that goes into the kernel. */
  | 'loading'
  /** The install message is on its way. */
  | 'installing'
  /** The comm is opened, and the kernel has not greeted yet. */
  | 'greeting'
  | 'ready'
  /** The kernel closed the comm, and has not greeted over the next one yet. */
  | 'reopening'
  | 'restarting'
  /** The connection is lost, and nobody tries to make it anew. */
  | 'disconnected'
  /** The kernel ended by itself before it was connected to. */
  | 'stillborn'
  /** The kernel ended by itself. */
  | 'dead'
  /** The kernel has no IPython shell. */
  | 'noShell'
  /** The kernel's code speaks another version of the protocol. */
  | 'otherVersion'
  | 'failed';

/** What happens to an agent. */
export type AgentEvent =
  // What JupyterLab tells of the kernel.
  | 'shutDown'
  /** JupyterLab makes its connection anew in any case. */
  | 'restarts'
  /** Another client has restarted it; the connection stays. */
  | 'restarted'
  | 'dies'
  | 'diesAtStart'
  | 'connecting'
  | 'connected'
  | 'disconnected'
  /** Another kernel takes the place of this one; not connected to yet. */
  | 'replaced'
  | 'replacedConnected'
  // What is to be done with a kernel.
  | 'unspecified'
  | 'unlisted'
  | 'foreign'
  | 'unsuitable'
  | 'load'
  | 'send'
  /** A cell runs while the page still loads the code. */
  | 'ranEarly'
  // How that went.
  | 'installed'
  | 'noShell'
  | 'otherVersion'
  | 'failed'
  // What comes over the comm.
  | 'greeted'
  | 'closed'
  /** The kernel has handled the comm's opening and has not greeted. */
  | 'refused';

/** The connection: not made yet, made, or lost and being made anew. */
export type Link = 'new' | 'up' | 'lost';

type Row = Partial<Record<AgentEvent, Stage>>;

/** What leads where from any stage. */
const ANY: Row = {
  shutDown: 'none',
  restarts: 'restarting',
  restarted: 'restarting',
  dies: 'dead',
  diesAtStart: 'stillborn',
  unspecified: 'unspecified',
  unlisted: 'unlisted',
  foreign: 'foreign',
  unsuitable: 'unsuitable',
  load: 'loading',
  send: 'installing'
};

/** What leads where as long as there is a kernel that has not ended. */
const LIVE: Row = {
  ...ANY,
  replaced: 'none',
  replacedConnected: 'none',
  disconnected: 'disconnected'
};

/** What leads where while the kernel is to greet over a comm. */
const OPENED: Row = {
  ...LIVE,
  greeted: 'ready',
  otherVersion: 'otherVersion',
  closed: 'failed',
  refused: 'failed',
  failed: 'failed'
};

/** For each stage, what leads where; any other event leaves the stage. */
export const TRANSITIONS: Readonly<Record<Stage, Readonly<Row>>> = {
  none: ANY,
  unspecified: LIVE,
  unlisted: LIVE,
  foreign: LIVE,
  unsuitable: LIVE,
  loading: { ...LIVE, failed: 'failed' },
  installing: {
    ...LIVE,
    installed: 'greeting',
    noShell: 'noShell',
    otherVersion: 'otherVersion',
    failed: 'failed'
  },
  greeting: OPENED,
  ready: {
    ...LIVE,
    connecting: 'installing',
    closed: 'reopening',
    otherVersion: 'otherVersion'
  },
  reopening: OPENED,
  restarting: LIVE,
  disconnected: { ...LIVE, connected: 'installing' },
  stillborn: ANY,
  dead: ANY,
  noShell: LIVE,
  otherVersion: LIVE,
  failed: LIVE
};

/** For each link, what leads where; any other event leaves the link. */
export const LINKS: Readonly<
  Record<Link, Readonly<Partial<Record<AgentEvent, Link>>>>
> = {
  new: { connected: 'up', greeted: 'up', replacedConnected: 'up' },
  up: { connecting: 'lost', restarts: 'new', replaced: 'new' },
  lost: {
    connected: 'up',
    greeted: 'up',
    replacedConnected: 'up',
    restarts: 'new',
    replaced: 'new'
  }
};

/**
 * What makes the page late, so that cells may have run in the kernel before
 * the install message, and what makes it be in time again.
 */
export const LATENESS: Readonly<Partial<Record<AgentEvent, boolean>>> = {
  restarted: true,
  ranEarly: true,
  restarts: false,
  connecting: false,
  replaced: false,
  replacedConnected: false,
  shutDown: false
};

/** Whether there is a kernel in this stage that has not ended. */
export function isLive(stage: Stage): boolean {
  return TRANSITIONS[stage] !== ANY;
}

/** What is known beside stage and link, for the states that tell it. */
interface IFacts {
  /** The language of a foreign kernel. */
  language: string;
  /** What an unsuitable kernel calls itself. */
  implementation: string;
  /** The version of the protocol of the kernel's code. */
  theirs: number;
  /** Why something failed; a type's name, not a text. */
  detail: string;
}

/** Stage, link and lateness, and the state that others see of them. */
export class AgentMachine {
  /**
   * @param stage - The stage to begin with.
   * @param link - The link to begin with.
   */
  constructor(stage: Stage = 'none', link: Link = 'new') {
    this._stage = stage;
    this._link = link;
    this._state = this._view();
  }

  /** The present stage. */
  get stage(): Stage {
    return this._stage;
  }

  /** The present link. */
  get link(): Link {
    return this._link;
  }

  /** Whether cells may have run in the kernel before the install message. */
  get isLate(): boolean {
    return this._isLate;
  }

  /** What others see. */
  get state(): AgentState {
    return this._state;
  }

  /** Emitted when what others see has changed. */
  get changed(): ISignal<this, AgentState> {
    return this._changed;
  }

  /**
   * Go where an event leads.
   *
   * @param event - What happens.
   * @param facts - What the event tells.
   */
  on(event: AgentEvent, facts: Partial<IFacts> = {}): void {
    this._facts = { ...this._facts, ...facts };
    this._stage = TRANSITIONS[this._stage][event] ?? this._stage;
    this._link = LINKS[this._link][event] ?? this._link;
    this._isLate = LATENESS[event] ?? this._isLate;
    const state = this._view();
    if (!JSONExt.deepEqual(state, this._state)) {
      this._state = state;
      this._changed.emit(state);
    }
  }

  private _view(): AgentState {
    const { language, implementation, theirs, detail } = this._facts;
    switch (this._stage) {
      case 'none':
        return { kind: 'no-kernel' };
      case 'unlisted':
        return { kind: 'not-python', language: null };
      case 'foreign':
        return { kind: 'not-python', language };
      case 'unsuitable':
        return { kind: 'not-python', language: 'python', implementation };
      case 'ready':
      case 'restarting':
      case 'disconnected':
      case 'dead':
        return { kind: this._stage };
      case 'stillborn':
        return { kind: 'dead', atStart: true };
      case 'noShell':
        return { kind: 'no-shell' };
      case 'otherVersion':
        return { kind: 'version', theirs };
      case 'failed':
        return { kind: 'failed', detail };
      default:
        // While a lost connection is made anew, which may take for ever,
        // nothing is on its way.
        return this._link === 'lost'
          ? { kind: 'disconnected', again: true }
          : { kind: 'installing' };
    }
  }

  private _stage: Stage;
  private _link: Link;
  private _isLate = false;
  private _facts: IFacts = {
    language: '',
    implementation: '',
    theirs: 0,
    detail: ''
  };
  private _state: AgentState;
  private _changed = new Signal<this, AgentState>(this);
}
