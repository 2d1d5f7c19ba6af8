/** Who holds what is neither a result nor a variable: asked on a click. */

import { CodeError } from '../kernel/silentCode';
import type { IKernelAgent, IRemedyOutcome, RestState } from '../tokens';
import type { IRest } from '../wire/protocol';
import { codeOf } from '../wire/request';

/** How long the kernel may look, in milliseconds: a person waits for it. */
const BUDGET_MS = 1000;

/** How long it may measure where only the process is read, in milliseconds. */
const READING_MS = 1;

/** What any release gives back as well: a remedy's part of it is not known. */
const FREE_ALREADY: ReadonlySet<string> = new Set([
  'cycles',
  'allocator',
  'pyarrow'
]);

const UNASKED: RestState = { kind: 'unasked' };

/**
 * Keeps what the kernel told of the rest of its memory, until it runs
 * something or is another one, and runs the remedies that a person chose.
 */
export class RestOfMemory {
  /**
   * @param agent - Talks with the kernel.
   * @param host - What the model does for it.
   */
  constructor(agent: IKernelAgent, host: RestOfMemory.IHost) {
    this._agent = agent;
    this._host = host;
  }

  /** What is known, or what is being done. */
  get state(): RestState {
    return this._state;
  }

  /** What the last remedy came to, as long as nothing else has run since. */
  get remedy(): IRemedyOutcome | null {
    return this._remedy;
  }

  /** Ask, unless that is under way or the kernel has something else to do. */
  async ask(): Promise<void> {
    if (this._isBusy || !this._host.canAsk()) {
      return;
    }
    const { signal } = this._begin({ kind: 'asking' });
    try {
      const params = { budget_ms: BUDGET_MS };
      const rest = await this._agent.request('rest', params, { signal });
      if (!signal.aborted) {
        this._set({ kind: 'told', rest });
        this._host.told(rest);
      }
    } catch (error) {
      if (!signal.aborted) {
        this._set({ kind: 'failed', code: codeOf(error) });
      }
    }
  }

  /**
   * Run a remedy, have what it let go collected and given back to the system,
   * and look again.
   *
   * @param code - The code, which a person has seen.
   */
  async run(code: string): Promise<void> {
    if (this._state.kind !== 'told' || !this._host.canAsk()) {
      return;
    }
    const { hoards } = this._state.rest;
    const isFree = hoards.some(
      ({ kind, remedy }) => remedy === code && FREE_ALREADY.has(kind)
    );
    const { signal } = this._begin({ kind: 'running', code });
    const before = await this._readBefore(isFree).catch(() => null);
    if (signal.aborted) {
      return; // The kernel is another one, which nobody has looked at.
    }
    const outcome = await this._tryRun(code);
    if (signal.aborted) {
      return;
    }
    this._set(UNASKED);
    await this.ask();
    // A cell may have begun meanwhile, or the kernel be another one.
    if (!this._abort.signal.aborted) {
      const state = this._state as RestState;
      const after = state.kind === 'told' ? state.rest.rss_bytes : null;
      this._remedy = {
        code,
        ...outcome,
        beforeBytes: before,
        afterBytes: after
      };
      this._host.changed();
    }
    await this._host.refresh();
  }

  /** A cell runs, or a release: what was told may not be so any more. */
  changed(): void {
    // A remedy runs as a cell does.
    if (this._state.kind !== 'running') {
      this.forget();
    }
  }

  /** The kernel is another one. */
  forget(): void {
    this._abort.abort();
    this._remedy = null;
    this._state = UNASKED;
  }

  private get _isBusy(): boolean {
    return this._state.kind === 'asking' || this._state.kind === 'running';
  }

  /**
   * Read the process's memory before a remedy. What was free already is given
   * back first, as it is not the remedy's, unless the remedy gives that back.
   */
  private async _readBefore(isFree: boolean): Promise<number | null> {
    if (isFree) {
      const params = { budget_ms: READING_MS };
      return (await this._agent.request('overview', params)).rss_bytes;
    }
    const params = { keys: [] };
    return (await this._agent.request('release', params)).after_rss_bytes;
  }

  private async _tryRun(
    code: string
  ): Promise<Pick<IRemedyOutcome, 'exception' | 'failure'>> {
    try {
      await this._host.run(code);
      // It releases no result; it collects garbage, and gives memory back.
      await this._agent.request('release', { keys: [] }).catch(() => null);
      return { exception: null, failure: null };
    } catch (error) {
      return error instanceof CodeError
        ? { exception: error.message, failure: null }
        : { exception: null, failure: codeOf(error) };
    }
  }

  private _begin(state: RestState): AbortController {
    this._abort.abort();
    this._abort = new AbortController();
    this._remedy = null;
    this._set(state);
    return this._abort;
  }

  private _set(state: RestState): void {
    this._state = state;
    this._host.changed();
  }

  private readonly _agent: IKernelAgent;
  private readonly _host: RestOfMemory.IHost;
  private _state: RestState = UNASKED;
  private _remedy: IRemedyOutcome | null = null;
  private _abort = new AbortController();
}

/** A namespace for what the rest needs of its model. */
export namespace RestOfMemory {
  /** The model of the document. */
  export interface IHost {
    /** Whether the kernel is ready and runs no cell. */
    canAsk(): boolean;
    /** Run code in the kernel. */
    run(code: string): Promise<void>;
    /** Read the report and the overview again. */
    refresh(): Promise<void>;
    /** The kernel has told who holds the rest. */
    told(rest: IRest): void;
    /** Something that can be shown has changed. */
    changed(): void;
  }
}
