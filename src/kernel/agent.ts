/** The one who talks with a document's kernel. */

import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import { JSONExt } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { IRequestOptions, RequestFailure } from '../wire/channel';
import { Channel, codeOf, RequestError } from '../wire/channel';
import { MainShellComm } from '../wire/comm';
import { CellRuns } from './cellRuns';
import { EngineOnDemand, needsEngine } from './engineOnDemand';
import { ExecutedCells } from './executedCells';
import { guardNeedsEngine, installRequest, readInstalled } from './inject';
import { KERNEL_CODE, type IKernelCode } from './kernelCode';
import { KernelSession } from './kernelSession';
import type {
  IEvents,
  IGuard,
  IGuardState,
  IRequests,
  KernelEvent,
  Method
} from '../wire/protocol';
import { COMM_TARGET, PROTOCOL_VERSION } from '../wire/protocol';
import { RunningCells } from './runningCells';
import type { AgentState, IKernelAgent } from '../tokens';
import { failureOf, NO_COMM, untilReady } from './kernelFree';

/** How often the install message is sent again when failing cells take it along. */
const MOST_ABORTS = 20;

/** One install message. */
interface IInstall {
  attempt: number;
  /** How often failing cells took it along. */
  aborts: number;
  /** Whether the engine goes along whatever the guard needs. */
  whole: boolean;
}

/**
 * Installs the kernel code and keeps the comm, through restarts, kernel
 * changes and lost connections.
 *
 * The install message is sent from within the signals that come before the
 * first user cell of a new kernel: `kernelChanged` for a start, a restart
 * and a kernel change, and the connection status `connecting` for an
 * automatic restart. A restart by another client gives no signal: there the
 * first message of the new kernel is noticed.
 */
export class KernelAgent implements IKernelAgent {
  /**
   * @param sessionContext - The document's; it may have no kernel yet.
   * @param guard - The guard that a kernel gets where none was set since
   * its start; null sets nothing.
   * @param code - The code for kernels.
   */
  constructor(
    readonly sessionContext: ISessionContext,
    guard: () => IGuard | null,
    code: IKernelCode = KERNEL_CODE
  ) {
    this._guardToSet = guard;
    this._code = code;
    this._engine = new EngineOnDemand(code, {
      load: params => this._ask('load_engine', params),
      reinstall: () => {
        this._install(this._isLate, true);
        return untilReady(this);
      }
    });
    // The install message can go out within a signal once these are there.
    void this._loadCode(guardNeedsEngine(guard())).catch(() => undefined);
    sessionContext.kernelChanged.connect(this._onKernelChanged, this);
    sessionContext.statusChanged.connect(this._onStatus, this);
    sessionContext.connectionStatusChanged.connect(this._onConnection, this);
    sessionContext.specsManager.specsChanged.connect(this._onSpecs, this);
    this._running.changed.connect(this._onRunning, this);
    window.addEventListener('pagehide', this._onPageHide);
    this._follow(sessionContext.session?.kernel ?? null);
  }

  get state(): AgentState {
    return this._state;
  }

  get stateChanged(): ISignal<this, AgentState> {
    return this._stateChanged;
  }

  get cellRunning(): boolean {
    return this._running.any;
  }

  get cellRunningChanged(): ISignal<this, boolean> {
    return this._cellRunningChanged;
  }

  get guard(): IGuardState | null {
    return this._guard;
  }

  get guardChanged(): ISignal<this, IGuardState | null> {
    return this._guardChanged;
  }

  get lateSince(): number | null {
    return this._lateSince;
  }

  get event(): ISignal<this, KernelEvent> {
    return this._event;
  }

  readonly cellRuns = new CellRuns();

  /** Which cells this kernel ran while this page was open. */
  readonly executed = new ExecutedCells(this.cellRuns);

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  async request<K extends Method>(
    method: K,
    params: IRequests[K]['params'],
    options: IRequestOptions = {}
  ): Promise<IRequests[K]['result']> {
    if (!needsEngine(method, params)) {
      return this._ask(method, params, options);
    }
    if (this._engine.isPresent) {
      try {
        return await this._ask(method, params, options);
      } catch (error) {
        if (codeOf(error) !== 'no_engine') {
          throw error;
        }
        // Another page has put a core without an engine there since.
        this._engine.isPresent = false;
      }
    }
    await this._ensureEngine(options.signal);
    return this._ask(method, params, options);
  }

  /** Install anew, after a failure. */
  retry(): void {
    this._install(this._isLate);
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._attempt++;
    window.removeEventListener('pagehide', this._onPageHide);
    this._dropChannel('not_ready');
    Signal.clearData(this);
    Signal.clearData(this._running);
    Signal.clearData(this.cellRuns);
  }

  /** Nothing disposes of the agents of a page that is closed or left. */
  private _onPageHide = (event: PageTransitionEvent): void => {
    if (!event.persisted) {
      this._dropChannel('not_ready');
    }
  };

  private _onKernelChanged(): void {
    this._follow(this.sessionContext.session?.kernel ?? null);
  }

  private async _ask<K extends Method>(
    method: K,
    params: IRequests[K]['params'],
    options: IRequestOptions = {}
  ): Promise<IRequests[K]['result']> {
    if (this._channel === null || this._state.kind !== 'ready') {
      throw new RequestError(failureOf(this._state));
    }
    const result = await this._channel.request(method, params, options);
    if (method === 'set_guard') {
      this._setGuard(result as IGuardState);
    }
    return result;
  }

  private _ensureEngine(signal?: AbortSignal): Promise<void> {
    if (this._state.kind !== 'ready') {
      return Promise.reject(new RequestError(failureOf(this._state)));
    }
    return orCancelled(this._engine.ensure(), signal);
  }

  private _loadCode(withEngine: boolean): Promise<unknown> {
    const { core, engine } = this._code;
    return Promise.all([core.load(), withEngine ? engine.load() : null]);
  }

  /** Take a kernel, which may be the one from before its restart. */
  private _follow(kernel: Kernel.IKernelConnection | null): void {
    const ended = this._ended;
    if (kernel !== this._kernel) {
      this._kernel?.anyMessage.disconnect(this._onMessage, this);
      this._kernel = kernel;
      if (kernel !== null && this._isLive) {
        this._stop('disconnected', { kind: 'no-kernel' });
      }
      this._session = new KernelSession();
      this._link = kernel?.connectionStatus === 'connected' ? 'up' : 'new';
      kernel?.anyMessage.connect(this._onMessage, this);
    }
    if (kernel !== null) {
      this._install(false);
      return;
    }
    if (this._isLive && ended.atStart) {
      // A person's shut-down is told of before: this is none.
      this._stop('dead', ended);
    } else if (this._state.kind !== 'dead') {
      this._stop('not_ready', { kind: 'no-kernel' });
    }
  }

  private _onStatus(_: ISessionContext, status: Kernel.Status): void {
    switch (status) {
      case 'restarting':
      case 'autorestarting':
        // Its connection is made anew in any case.
        this._link = 'new';
        this._stop('restarted', { kind: 'restarting' });
        break;
      case 'dead':
        this._stop('dead', this._ended);
        break;
      case 'terminating':
        this._stop('not_ready', { kind: 'no-kernel' });
        break;
      default:
        if (
          this._state.kind === 'no-kernel' &&
          !this.sessionContext.isTerminating
        ) {
          // It was to be shut down, and lives on.
          this._install(false);
        }
    }
  }

  private _onConnection(
    _: ISessionContext,
    status: Kernel.ConnectionStatus
  ): void {
    if (status === 'connecting') {
      if (this._link === 'up') {
        this._link = 'lost';
      }
      this._dropChannel('disconnected');
      if (this._state.kind === 'ready') {
        this._setState(this._untilReady);
      }
      this._running.clear();
      this._install(false);
    } else if (status === 'connected') {
      this._link = 'up';
      if (this._state.kind === 'disconnected') {
        this._setState(this._untilReady);
      }
    } else if (status === 'disconnected' && this._isLive) {
      // A kernel that died or was shut down loses its connection, too.
      this._stop('disconnected', { kind: 'disconnected' });
    }
  }

  /** A kernel whose language was not known may be known now. */
  private _onSpecs(): void {
    if (this._waitsForSpec) {
      this._install(this._isLate);
    }
  }

  private _onRunning(_: RunningCells, any: boolean): void {
    this._cellRunningChanged.emit(any);
  }

  private _onMessage(
    kernel: Kernel.IKernelConnection,
    args: Kernel.IAnyMessageArgs
  ): void {
    const { msg, direction } = args;
    if (direction === 'recv' && this._session.isAnother(msg)) {
      this._stop('restarted', { kind: 'restarting' });
      this._install(true);
    }
    this.cellRuns.see(args);
  }

  /**
   * Send the install message. It is harmless to do so twice, and each time
   * takes the place of the one before.
   *
   * @param late - Whether cells may have run in this kernel already.
   * @param whole - Whether the engine goes along whatever the guard needs.
   */
  private _install(late: boolean, whole = false): void {
    const kernel = this._kernel;
    if (kernel === null || kernel.isDisposed) {
      return;
    }
    if (kernel.status === 'dead') {
      this._stop('dead', this._ended);
      return;
    }
    this._attempt++;
    this._isLate = late;
    this._dropChannel(late ? 'restarted' : 'disconnected');
    const specs = this.sessionContext.specsManager.specs;
    const language = specs?.kernelspecs[kernel.name]?.language;
    this._waitsForSpec = language === undefined;
    if (language === undefined) {
      this._setState(
        specs ? { kind: 'not-python', language: null } : this._untilReady
      );
    } else if (language.toLowerCase() !== 'python') {
      this._setState({ kind: 'not-python', language });
    } else {
      this._setState(this._untilReady);
      this._send(kernel, { attempt: this._attempt, aborts: 0, whole });
    }
  }

  private _send(kernel: Kernel.IKernelConnection, install: IInstall): void {
    const { attempt, whole } = install;
    const guard = this._guardToSet();
    const withEngine = whole || guardNeedsEngine(guard);
    const core = this._code.core.loaded;
    const engine = this._code.engine.loaded;
    if (core === null || (withEngine && engine === null)) {
      this._sendOnceLoaded(kernel, install, withEngine);
      return;
    }
    const text = withEngine && engine !== null ? engine.text : '';
    let future: ReturnType<typeof kernel.requestExecute>;
    try {
      future = this.cellRuns.unseen(() =>
        kernel.requestExecute(installRequest(core, guard, text))
      );
    } catch {
      // The connection has gone in between; the next signal begins anew.
      return;
    }
    future.done.then(
      reply => {
        if (attempt === this._attempt) {
          this._onInstalled(kernel, reply, install);
        }
      },
      () => {
        // A restart took the message along; its signals begin anew.
      }
    );
  }

  private _sendOnceLoaded(
    kernel: Kernel.IKernelConnection,
    install: IInstall,
    withEngine: boolean
  ): void {
    this._loadCode(withEngine).then(
      () => {
        if (install.attempt === this._attempt) {
          this._send(kernel, install);
        }
      },
      error => {
        if (install.attempt === this._attempt) {
          this._setState({ kind: 'failed', detail: errorName(error) });
        }
      }
    );
  }

  private _onInstalled(
    kernel: Kernel.IKernelConnection,
    reply: KernelMessage.IExecuteReplyMsg,
    install: IInstall
  ): void {
    const installed = readInstalled(reply.content);
    if (installed.kind === 'aborted') {
      if (install.aborts < MOST_ABORTS) {
        this._send(kernel, { ...install, aborts: install.aborts + 1 });
      } else {
        this._setState({ kind: 'failed', detail: 'aborted' });
      }
      return;
    }
    this._session.note(reply.header.session);
    if (installed.kind === 'failed') {
      this._setState(installed);
    } else if (installed.version === 0) {
      this._setState({ kind: 'no-shell' });
    } else if (installed.version !== PROTOCOL_VERSION) {
      this._setState({ kind: 'version', theirs: installed.version });
    } else {
      this._open(kernel);
    }
  }

  private _open(kernel: Kernel.IKernelConnection): void {
    try {
      const comm = new MainShellComm(kernel, COMM_TARGET);
      const channel = new Channel(comm, () => this._running.any);
      this._channel = channel;
      channel.event.connect(this._onEvent, this);
      channel.closed.connect(this._onClosed, this);
      void channel.open().then(() => this._onOpened(channel));
    } catch (error) {
      this._setState({ kind: 'failed', detail: errorName(error) });
    }
  }

  /** A kernel that was to greet and did not takes no comms. */
  private _onOpened(channel: Channel): void {
    const { kind } = this._state;
    if (channel === this._channel && kind !== 'ready' && kind !== 'version') {
      this._dropChannel('not_ready');
      this._setState({ kind: 'failed', detail: NO_COMM });
    }
  }

  /**
   * The kernel closes the comm when another page's copy of the kernel code
   * takes the place of ours: that one knows the target, too. It is not
   * replaced in turn, which would never end. It does so as well when it has
   * not heard of us for long.
   */
  private _onClosed(channel: Channel): void {
    if (channel !== this._channel) {
      return;
    }
    if (this._state.kind === 'ready' && this._kernel !== null) {
      this._setGuard(null);
      this._setState({ kind: 'installing' });
      this._reopen(this._kernel, channel);
      return;
    }
    this._dropChannel('restarted');
    if (this._state.kind !== 'version') {
      this._setState({ kind: 'failed', detail: 'comm_close' });
    }
  }

  /** What was asked over the comm that is closed is asked over the new one. */
  private _reopen(kernel: Kernel.IKernelConnection, channel: Channel): void {
    try {
      const opened = channel.reopen(new MainShellComm(kernel, COMM_TARGET));
      void opened.then(() => this._onOpened(channel));
    } catch (error) {
      this._dropChannel('disconnected');
      this._setState({ kind: 'failed', detail: errorName(error) });
    }
  }

  private _onEvent(channel: Channel, event: KernelEvent): void {
    if (channel !== this._channel) {
      return;
    }
    if (event.event === 'hello') {
      this._onHello(event.data);
    } else if (event.event === 'guard') {
      this._setGuard(event.data);
    }
    this._event.emit(event);
  }

  private _onHello(hello: IEvents['hello']): void {
    if (hello.version !== PROTOCOL_VERSION) {
      this._setState({ kind: 'version', theirs: hello.version });
      return;
    }
    const { execution_count } = hello;
    this._lateSince =
      this._isLate && execution_count > 1 ? execution_count : null;
    this._link = 'up';
    this._engine.isPresent = hello.engine;
    this._setGuard(hello.guard_state);
    this._setState({ kind: 'ready' });
  }

  /**
   * What a kernel is that has not greeted: while a lost connection is made
   * anew, which may be for ever, nothing is on its way.
   */
  private get _untilReady(): AgentState {
    return this._link === 'lost'
      ? { kind: 'disconnected', again: true }
      : { kind: 'installing' };
  }

  /** What a kernel is that has ended by itself. */
  private get _ended(): Extract<AgentState, { kind: 'dead' }> {
    return this._link === 'new'
      ? { kind: 'dead', atStart: true }
      : { kind: 'dead' };
  }

  private get _isLive(): boolean {
    return this._state.kind !== 'dead' && this._state.kind !== 'no-kernel';
  }

  /** The kernel is not there to be talked to until a signal says otherwise. */
  private _stop(reason: RequestFailure, state: AgentState): void {
    this._attempt++;
    this._session.forget();
    this._dropChannel(reason);
    if (reason === 'restarted' || reason === 'dead') {
      this.cellRuns.clear();
      this.executed.clear();
    }
    this._setState(state);
    // At last: nobody must take it for the end of a cell, after which to ask.
    this._running.clear();
  }

  private _dropChannel(reason: RequestFailure): void {
    const channel = this._channel;
    this._channel = null;
    this._engine.isPresent = false;
    channel?.end(reason);
    this._setGuard(null);
  }

  private _setState(state: AgentState): void {
    if (state.kind !== 'ready') {
      this._lateSince = null;
    }
    if (!JSONExt.deepEqual(state, this._state)) {
      this._state = state;
      this._stateChanged.emit(state);
    }
  }

  private _setGuard(guard: IGuardState | null): void {
    this._guard = guard;
    this._guardChanged.emit(guard);
  }

  private _guardToSet: () => IGuard | null;
  private _code: IKernelCode;
  private _engine: EngineOnDemand;
  private _kernel: Kernel.IKernelConnection | null = null;
  private _channel: Channel | null = null;
  /** The connection: not made yet, made, or lost and made anew. */
  private _link: 'new' | 'up' | 'lost' = 'new';
  /** Counts install messages; an answer to an older one is not looked at. */
  private _attempt = 0;
  private _waitsForSpec = false;
  private _isLate = false;
  private _lateSince: number | null = null;
  private _session = new KernelSession();
  private _running = new RunningCells(this.cellRuns);
  private _state: AgentState = { kind: 'no-kernel' };
  private _guard: IGuardState | null = null;
  private _isDisposed = false;
  private _stateChanged = new Signal<this, AgentState>(this);
  private _cellRunningChanged = new Signal<this, boolean>(this);
  private _guardChanged = new Signal<this, IGuardState | null>(this);
  private _event = new Signal<this, KernelEvent>(this);
}

/** A name only: an error's text could be anything. */
function errorName(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}

/** Wait for something that may go on after a request was cancelled. */
function orCancelled<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined
): Promise<T> {
  if (signal === undefined) {
    return promise;
  }
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new RequestError('cancelled'));
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) {
      onAbort();
    }
    promise
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort));
  });
}
