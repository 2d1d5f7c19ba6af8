/** The interfaces through which the parts of the extension know each other. */

import type { ISessionContext } from '@jupyterlab/apputils';
import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';
import type {
  GuardMode,
  ICellEnd,
  IExplained,
  IGuard,
  IGuardState,
  IOverview,
  IPart,
  IReleased,
  IReport,
  IRequests,
  IRest,
  IRow,
  KernelEvent,
  Method
} from './wire/protocol';

/** Whether a document's kernel can be asked, or why not. */
export type AgentState =
  | { kind: 'no-kernel' }
  /**
   * `language` is null for a kernel that the server has no spec of;
   * `implementation` is the name of one whose spec says Python, and which does
   * not run code itself in IPython's shell.
   */
  | { kind: 'not-python'; language: string | null; implementation?: string }
  /**
   * The install message is on its way, or waits behind a running cell or for
   * the code that it carries.
   */
  | { kind: 'installing' }
  | { kind: 'ready' }
  /** The kernel has no IPython shell to look at. */
  | { kind: 'no-shell' }
  /** The kernel's code speaks another version of the protocol. */
  | { kind: 'version'; theirs: number }
  | { kind: 'restarting' }
  /** `atStart`: the kernel ended before the page was connected to it. */
  | { kind: 'dead'; atStart?: true }
  /** `again`: the connection is being made anew, maybe in vain. */
  | { kind: 'disconnected'; again?: true }
  /** The install or the comm failed; `detail` is a type's name, not a text. */
  | { kind: 'failed'; detail: string };

/** How far a run has got; `time` is in epoch seconds by the kernel's clock. */
export type RunProgress =
  | { kind: 'sent' }
  | { kind: 'busy'; time: number }
  /** `count` is the n of `In[n]`; a silent request has no such step. */
  | { kind: 'input'; count: number }
  /** It has shown its value, which IPython keeps. */
  | { kind: 'result' }
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

/** The cells that a document ran in its kernel while this page was open. */
export interface IExecutedCells {
  /**
   * The cell that was run under an execution count.
   *
   * @param execution - The n of `In[n]`; null if it is not known.
   * @returns the cell's id; null if another client ran it, or it is not known.
   */
  cellOf(execution: number | null): string | null;
}

/**
 * Talks with a document's kernel: installs the kernel code, keeps the comm,
 * and goes on through restarts and changes of the kernel.
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
   * The first execution count that the kernel code saw, if cells ran before
   * it came (after a restart by another client), else null.
   */
  readonly lateSince: number | null;
  /** Emitted when the kernel tells something by itself. */
  readonly event: ISignal<IKernelAgent, KernelEvent>;
  /** What the kernel runs, for any client. */
  readonly cellRuns: ICellRuns;
  /** Which of the document's cells ran. */
  readonly executed: IExecutedCells;
  /**
   * Ask the kernel. The engine is brought into the kernel as well if the
   * request makes use of it.
   *
   * @param method - The request's name.
   * @param params - The parameters of that method.
   * @param options - What ends the waiting early.
   * @returns the checked result.
   * @throws RequestError with the reason as `code`.
   */
  request<K extends Method>(
    method: K,
    params: IRequests[K]['params'],
    options?: { signal?: AbortSignal }
  ): Promise<IRequests[K]['result']>;
}

/** A document's own guard, which takes precedence over the settings. */
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
  /** Null where nothing was chosen. Only what a person does changes it. */
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

/** What to release; `all` ignores the setting's least size. */
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
  /** The release waits behind a running cell, and can be taken back. */
  | { kind: 'queued'; selection: Selection }
  | { kind: 'freeing'; selection: Selection };

/**
 * What a kernel keeps that had nothing to release: no result, small ones, or
 * also such of which the size is not known.
 */
export type Left = 'nothing' | 'small' | 'unknown';

/**
 * What the last release did, or why it did nothing. It stays the same object
 * when more memory comes back later; then its `result` is another one.
 */
export type Outcome =
  | {
      kind: 'released';
      selection: Selection;
      result: IReleased;
      /** How many of the selected results were gone already; absent: none. */
      gone?: number;
      /**
       * What the kernel kept then; absent if the release took something, or if
       * no report told it.
       */
      left?: Left;
    }
  | { kind: 'failed'; selection: Selection | null; code: string };

/** What is known of who holds the rest of the memory. */
export type RestState =
  /** Nobody has asked since the kernel last ran something. */
  | { kind: 'unasked' }
  | { kind: 'asking' }
  | { kind: 'told'; rest: IRest }
  | { kind: 'failed'; code: string }
  /** A remedy runs in the kernel. */
  | { kind: 'running'; code: string };

/** What running a remedy came to. */
export interface IRemedyOutcome {
  readonly code: string;
  /** The exception that it raised: type and text. */
  readonly exception: string | null;
  /** Why it was not run to its end, as a code. */
  readonly failure: string | null;
  /** The process's resident bytes before and after; null if not known. */
  readonly beforeBytes: number | null;
  readonly afterBytes: number | null;
}

/** What of the memory grew, or fell, from one overview to the next. */
export interface IGrowth {
  /** The n of the last `In[n]` before the earlier overview; 0: none. */
  readonly since: number;
  /** The change of the process's resident memory; null if not known. */
  readonly bytes: number | null;
  /** What the change consists of, as far as it is known, the largest first. */
  readonly parts: readonly IGrownPart[];
}

/** A variable, a hoard, or a part of the bar that changed. */
export interface IGrownPart {
  readonly kind: 'variable' | 'hoard' | 'part';
  /**
   * The variable's name, empty for the value of the last cell; a hoard's kind;
   * the name of a part.
   */
  readonly name: string;
  readonly bytes: number;
}

/** What a kernel's process had when it ended by itself, as far as was seen. */
export interface IDeath {
  /** Its resident bytes; null if they were not read shortly before. */
  readonly bytes: number | null;
  /** The limit that was shown beside them. */
  readonly limitBytes: number | null;
  /** The system killed it, for want of memory. */
  readonly killed?: true;
}

/** What is known of a size. */
export interface IFigure {
  /** All of it if `exact`; else the part that is certain. */
  readonly bytes: number;
  readonly exact: boolean;
  /** What it likely is; absent or null if there is no estimate. */
  readonly estimate_bytes?: number | null;
  /**
   * What it would be if nothing else used any of it; absent where that is not
   * known. It is a bound only as far as `notes` let it be one.
   */
  readonly most_bytes?: number;
  /** What was seen of it so far, where more than half of that is in doubt. */
  readonly seen_bytes?: number;
  /** Why it is not exact, as the kernel's codes; absent where none is told. */
  readonly notes?: readonly string[];
}

/** What was told of a retained result: at its cell's end, or by a report. */
export interface IPushed {
  readonly key: string;
  /** What it frees, with all that are in its group. */
  readonly figure: IFigure;
  /** The kernel measures it again at each cell's end. */
  readonly isWatched?: true;
  /** The keys of all results in its group; absent if it is in none. */
  readonly group?: readonly string[];
}

/** A result that the guard did not let IPython keep. */
export type IWithheld = ICellEnd['withheld'][number];

/**
 * What one document's kernel retains. No other place keeps that. The model
 * asks for reports only while somebody looks and no cell runs.
 */
export interface IRetainedModel extends IDisposable {
  readonly agent: IKernelAgent;
  readonly report: IReport | null;
  /** Whether `report` is out of date. */
  readonly isStale: boolean;
  readonly overview: IOverview | null;
  /** What all results free together: the sum of the report's entries. */
  readonly retained: IFigure | null;
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
  /**
   * How the kernel's process last ended, if it did so by itself: until a
   * person has read it, restarts the kernel, or takes another one. Whoever
   * watches kernels' memory sets it.
   */
  death: IDeath | null;
  /** What is known of results without asking, by execution count. */
  readonly pushed: ReadonlyMap<number, IPushed>;
  /** The large results that the guard did not keep, by execution count. */
  readonly withheld: ReadonlyMap<number, IWithheld>;
  readonly changed: ISignal<IRetainedModel, void>;
  /** Ask for reports until the result is disposed, because somebody looks. */
  observe(): IDisposable;
  /** Read again as soon as possible; after a failed install, try it again. */
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
  /** Wait for a running cell, release, and read again. */
  release(selection: Selection): Promise<void>;
  /** Take back a release that waits. */
  cancel(): void;
  /** Read the overview too, after each report, because somebody looks at it. */
  observeOverview(): IDisposable;
  /** Find out who refers to a row's object. */
  explain(row: IRow): Promise<IExplained>;
  /** Find out who refers to the object of one of the user's variables. */
  explainVariable(name: string): Promise<IExplained>;
  /** Who holds what is neither a result nor a variable. */
  readonly rest: RestState;
  /** What the last remedy came to, as long as nothing has run since. */
  readonly remedy: IRemedyOutcome | null;
  /** Ask who holds the rest; nothing happens while a cell runs. */
  askRest(): Promise<void>;
  /**
   * Run a remedy of a hoard, and read everything again.
   *
   * @param code - The code, which a person has seen and confirmed.
   */
  runRemedy(code: string): Promise<void>;
  /**
   * What changed from the last overview before a run of a cell to the first
   * one after it.
   *
   * @param runId - The id of the request that ran the cell.
   * @returns null if there was no overview before it, or none after it.
   */
  growthOf(runId: string): IGrowth | null;
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
  /** Forget what the last release did: a person has read it. */
  dismissOutcome(): void;
}

/**
 * The extension's service, also for other extensions: what is in front, and
 * what its kernel retains.
 *
 * Each document has a model with reports (`model.report`, `model.observe()`),
 * releases (`model.release()`), the guard (`model.setGuard()`) and a signal of
 * changes (`model.changed`). What `index.ts` exports keeps to semantic
 * versioning: a minor version adds to it, and only a major one takes away or
 * changes what is there.
 *
 * @example
 * ```ts
 * const watched = memguard.current;
 * const looking = watched?.model.observe();
 * watched?.model.changed.connect(({ retained }) => {
 *   console.log(`kept: ${retained?.bytes ?? 0} bytes`);
 * });
 * await watched?.model.release({ kind: 'large' });
 * looking?.dispose();
 * ```
 */
export interface IMemguard {
  /** The notebook or console in front, if any. */
  readonly current: IWatched | null;
  readonly currentChanged: ISignal<IMemguard, IWatched | null>;
  /** Everything that is open. */
  readonly watched: Iterable<IWatched>;
  /** Emitted when a document was opened, maybe behind others. */
  readonly added: ISignal<IMemguard, IWatched>;
  /**
   * Find the document of a widget.
   *
   * @param widget - A notebook's or a console's panel.
   * @returns null if the widget is not watched.
   */
  find(widget: Widget): IWatched | null;
  /** The settings as they are now. */
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
  /** Kernels that run code in an IPython shell of their own, beside the known. */
  readonly kernelImplementations: readonly string[];
  readonly pollSeconds: number;
  readonly statusBar: boolean;
  /** What the status item has beside the kernel's own figure. */
  readonly statusBarShows: 'figure' | 'limit' | 'history';
  /** From which share of the memory on the status item says what can be freed. */
  readonly statusBarFreePercent: number;
  readonly markThresholdMiB: number;
}

/** The service's token. */
export const IMemguard = new Token<IMemguard>(
  'jupyter-memguard:IMemguard',
  'What kernels retain, and who talks to them.'
);
