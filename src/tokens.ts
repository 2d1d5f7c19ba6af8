import type { ISessionContext } from '@jupyterlab/apputils';
import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';
import type {
  GuardMode,
  IExplained,
  IGuard,
  IGuardState,
  IOverview,
  IPart,
  IReleased,
  IReport,
  IRequests,
  IRow,
  KernelEvent,
  Method
} from './wire/protocol';

/** How a document's kernel can be talked to. */
export type AgentState =
  | { kind: 'no-kernel' }
  /** `language` is null for a kernel that the server has no spec of. */
  | { kind: 'not-python'; language: string | null }
  /** The install message is on its way or waits behind a running cell. */
  | { kind: 'installing' }
  | { kind: 'ready' }
  /** The kernel has no IPython shell to look at. */
  | { kind: 'no-shell' }
  | { kind: 'version'; theirs: number }
  | { kind: 'restarting' }
  /** `atStart`: it was never connected to. */
  | { kind: 'dead'; atStart?: true }
  /** `again`: the connection is being made anew, maybe in vain. */
  | { kind: 'disconnected'; again?: true }
  /** The install or the comm failed; `detail` is a type's name, not a text. */
  | { kind: 'failed'; detail: string };

/** How far the run of a request has got; `time`: epoch seconds, kernel's clock. */
export type RunProgress =
  | { kind: 'sent' }
  | { kind: 'busy'; time: number }
  /** `count` is the n of `In[n]`; a silent request has no such step. */
  | { kind: 'input'; time: number; count: number }
  | { kind: 'replied' }
  | { kind: 'idle'; time: number };

/** A step of the run of an execute request, of any client. */
export type RunStep = RunProgress & {
  /** The request's id. */
  id: string;
  /** The cell; null if another client sent the request, or not for a cell. */
  cellId: string | null;
};

/** The runs of a document's kernel, as its messages tell. */
export interface ICellRuns {
  readonly step: ISignal<ICellRuns, RunStep>;
}

/**
 * The one who talks with a document's kernel: installs the kernel code,
 * keeps the comm, and survives restarts and kernel changes.
 */
export interface IKernelAgent extends IDisposable {
  readonly sessionContext: ISessionContext;
  readonly state: AgentState;
  readonly stateChanged: ISignal<IKernelAgent, AgentState>;
  /** Whether an execute_request of any client is outstanding. */
  readonly cellRunning: boolean;
  readonly cellRunningChanged: ISignal<IKernelAgent, boolean>;
  /** The guard as the kernel last told it. */
  readonly guard: IGuardState | null;
  readonly guardChanged: ISignal<IKernelAgent, IGuardState | null>;
  /**
   * The execution count from which on this kernel is looked after, if cells
   * ran before (a restart by another client), else null.
   */
  readonly lateSince: number | null;
  readonly event: ISignal<IKernelAgent, KernelEvent>;
  readonly cellRuns: ICellRuns;
  /**
   * Ask the kernel.
   *
   * @returns the checked result.
   * @throws RequestError with the reason as `code`.
   */
  request<K extends Method>(
    method: K,
    params: IRequests[K]['params'],
    options?: { timeoutMs?: number; signal?: AbortSignal }
  ): Promise<IRequests[K]['result']>;
}

/** A document's own guard, which comes before the settings. */
export interface IOwnGuard {
  guard: GuardMode;
  threshold_bytes?: number;
  keep_last?: number;
}

/**
 * Where a document's own guard is kept: a notebook's metadata; a console's
 * lasts as long as the console.
 */
export interface IGuardStore {
  /** Null where nothing was chosen; written by a person's act only. */
  own: IOwnGuard | null;
  readonly changed: ISignal<IGuardStore, void>;
}

/** A notebook or console that can be in front. */
export interface IWatched extends IDisposable {
  readonly widget: Widget & { sessionContext: ISessionContext };
  readonly kind: 'notebook' | 'console';
  readonly agent: IKernelAgent;
  readonly model: IRetainedModel;
  readonly guardStore: IGuardStore;
}

/** What a release was asked for; `all` ignores the setting's least size. */
export type Selection =
  | { kind: 'large' }
  | { kind: 'all' }
  | { kind: 'keys'; keys: string[] }
  | { kind: 'shown' }
  | { kind: 'tracebacks' };

/** What the model does at the moment. */
export type Activity =
  | { kind: 'idle' }
  | { kind: 'reading' }
  /** Waits behind a running cell; can be taken back. */
  | { kind: 'queued'; selection: Selection }
  | { kind: 'freeing'; selection: Selection }
  | { kind: 'measuring'; budgetMs: number };

/** What the last release did, or why it did nothing. */
export type Outcome =
  | { kind: 'released'; selection: Selection; result: IReleased }
  | { kind: 'failed'; selection: Selection | null; code: string };

/**
 * What one document's kernel retains: the only place where that is kept.
 * Nothing is asked of the kernel while `observers` is 0 or a cell runs.
 */
export interface IRetainedModel extends IDisposable {
  readonly agent: IKernelAgent;
  readonly report: IReport | null;
  /** Whether something has happened since `report` that it does not tell. */
  readonly isStale: boolean;
  readonly overview: IOverview | null;
  /**
   * What all results free together, by the best reading that there is: a
   * report that was cut knows less than the overview that follows it.
   */
  readonly retained: IPart | null;
  readonly activity: Activity;
  readonly outcome: Outcome | null;
  /** The last report's failure code, if the last one failed. */
  readonly failure: string | null;
  /**
   * Whether the server saw the kernel's process end while the agent was in its
   * present state. A process that ends at its start answers nothing, and
   * JupyterLab goes on trying to connect to it for a long time. Whoever
   * watches the server sets it.
   */
  processEnded: boolean;
  /** Bytes per row as pushed with a cell's end, by execution count. */
  readonly pushed: ReadonlyMap<number, { key: string; bytes: number }>;
  readonly changed: ISignal<IRetainedModel, void>;
  /** Somebody looks: reports are asked for until the result is disposed. */
  observe(): IDisposable;
  /** Read again as soon as that is possible; after a failed install, retry. */
  refresh(): Promise<void>;
  /** Load the rows after those that `report` has. */
  loadMore(): Promise<void>;
  /**
   * Read once how much is retained, also while nobody looks. It waits behind a
   * running cell, and `report` stays as it is.
   *
   * @returns a report whose list of rows is not complete.
   * @throws RequestError if the kernel cannot be asked.
   */
  readTotals(): Promise<IReport>;
  /**
   * Name the sets of results whose joint size somebody looks at. The kernel is
   * asked when it has nothing else to do.
   *
   * @param sets - Keys of rows, with the set that matters most first; they
   * replace the sets named before.
   */
  wantJointSizes(sets: readonly (readonly string[])[]): void;
  /**
   * What results free when they are released together.
   *
   * @param keys - Their keys, in any order.
   * @returns null as long as the kernel has not told it for this report.
   */
  jointSize(keys: readonly string[]): IPart | null;
  /** Queue behind a running cell, release, and read again. */
  release(selection: Selection): Promise<void>;
  /** Take a queued release, or a measurement, back. */
  cancel(): void;
  /** Somebody looks at the overview too: it is read after each report. */
  observeOverview(): IDisposable;
  /** Measure with growing budgets until everything is exact. */
  measureExactly(): Promise<void>;
  explain(row: IRow): Promise<IExplained>;
  /** Bind a row's object to a new variable. */
  rescue(row: IRow, name: string): Promise<void>;
  /** The guard that was asked for and that the kernel has not told of yet. */
  readonly guardAsked: IGuard | null;
  /**
   * Set the kernel's guard; it waits behind a running cell, and for a kernel
   * that is not ready. It does not touch the document: for what a person
   * does, execute the command `memguard:set-guard-mode`.
   */
  setGuard(guard: IGuard): Promise<void>;
  dismissOutcome(): void;
}

/** The extension's service: what is in front, and who talks to its kernel. */
export interface IMemguard {
  /** The notebook or console in front, if any. */
  readonly current: IWatched | null;
  readonly currentChanged: ISignal<IMemguard, IWatched | null>;
  /** Everything that is open. */
  readonly watched: Iterable<IWatched>;
  /** One more is open, maybe behind others, where it may stay. */
  readonly added: ISignal<IMemguard, IWatched>;
  find(widget: Widget): IWatched | null;
  readonly settings: ISettings;
  readonly settingsChanged: ISignal<IMemguard, ISettings>;
}

/** The settings of schema/plugin.json, with their units. */
export interface ISettings {
  readonly guardMode: IGuard['mode'];
  readonly guardThresholdMiB: number;
  readonly guardTotalMiB: number;
  readonly guardKeepLast: number;
  readonly guardShownMiB: number;
  readonly guardTracebacks: boolean;
  readonly freeMinimumMiB: number;
  readonly pollSeconds: number;
  readonly statusBar: boolean;
  /** What the status item has beside the kernel's own figure. */
  readonly statusBarShows: 'figure' | 'limit' | 'history';
  readonly markThresholdMiB: number;
}

/** The service's token. */
export const IMemguard = new Token<IMemguard>(
  'jupyter-memguard:IMemguard',
  'What kernels retain, and who talks to them.'
);
