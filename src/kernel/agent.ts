/** The agent, which talks with a document's kernel. */

import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel } from '@jupyterlab/services';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { AgentState, IKernelAgent } from '../tokens';
import { Channel } from '../wire/channel';
import { MainShellComm } from '../wire/comm';
import type {
  IEvents,
  IGuard,
  IGuardState,
  IRequests,
  KernelEvent,
  Method
} from '../wire/protocol';
import { COMM_TARGET, PROTOCOL_VERSION } from '../wire/protocol';
import type { IRequestOptions, RequestFailure } from '../wire/request';
import { codeOf, RequestError } from '../wire/request';
import type { AgentEvent } from './agentStates';
import { AgentMachine, isLive } from './agentStates';
import { cancellable } from './cancellable';
import { CellRuns } from './cellRuns';
import { EngineOnDemand, engineUse } from './engineOnDemand';
import { ExecutedCells } from './executedCells';
import { answersItself, hasOwnShell, learn, learnFrom } from './implementation';
import type { Answer, InstallStep } from './installer';
import { errorName, Installer } from './installer';
import { KERNEL_CODE, type IKernelCode } from './kernelCode';
import { failureOf, NO_COMM, untilReady } from './kernelFree';
import { KernelSession } from './kernelSession';
import { RunningCells } from './runningCells';

/**
 * Installs the kernel code and keeps the comm, through restarts, kernel
 * changes and lost connections.
 *
 * The install message is sent from within the signals that come before the
 * first user cell of a new kernel: `kernelChanged` for a start, a restart
 * and a kernel change, and the connection status `connecting` for an
 * automatic restart. A restart by another client gives no signal: there the
 * first message of the new kernel is noticed.
 *
 * The machine in agentStates.ts knows to which stage each event leads; this
 * class tells it the events, and does what is to be done. It ignores what
 * comes from an earlier kernel, installation or comm.
 */
export class KernelAgent implements IKernelAgent {
  /**
   * @param sessionContext - The document's; it may have no kernel yet.
   * @param guard - The guard that a kernel gets where none was set since
   * its start; null sets nothing.
   * @param implementations - Kernels that run code in an IPython shell of
   * their own, beside those that are known.
   * @param code - The code for kernels.
   */
  constructor(
    readonly sessionContext: ISessionContext,
    guard: () => IGuard | null,
    implementations: () => readonly string[] = () => [],
    code: IKernelCode = KERNEL_CODE
  ) {
    this._firstGuard = guard;
    this._installer = new Installer(
      code,
      guard,
      this.cellRuns,
      name => hasOwnShell(name, implementations(), this._spec?.argv),
      step => this._onInstallStep(step)
    );
    this._engine = new EngineOnDemand(code, {
      load: params => this._ask('load_engine', params),
      reinstall: () => {
        this._install(true);
        return untilReady(this);
      }
    });
    sessionContext.kernelChanged.connect(this._onKernelChanged, this);
    sessionContext.statusChanged.connect(this._onStatus, this);
    sessionContext.connectionStatusChanged.connect(this._onConnection, this);
    sessionContext.specsManager.specsChanged.connect(this._onSpecs, this);
    this._machine.changed.connect(this._onState, this);
    this._running.changed.connect(this._onRunning, this);
    window.addEventListener('pagehide', this._onPageHide);
    this._follow(sessionContext.session?.kernel ?? null);
  }

  get state(): AgentState {
    return this._machine.state;
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
    const { stage, isLate } = this._machine;
    const count = this._hello?.execution_count ?? 1;
    return stage === 'ready' && isLate && count > 1 ? count : null;
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

  request<K extends Method>(
    method: K,
    params: IRequests[K]['params'],
    options: IRequestOptions = {}
  ): Promise<IRequests[K]['result']> {
    const use = engineUse(method, params);
    if (use === 'first') {
      return this._askWithEngine(method, params, options);
    }
    const answer = this._ask(method, params, options);
    if (use === 'later') {
      // A later request that needs the engine reports the failure.
      this._bringEngine().catch(() => undefined);
    }
    return answer;
  }

  /** Take note that the guard and the settings may be others now. */
  prepare(): void {
    this._installer.prepare();
    if (this._machine.stage === 'unsuitable') {
      // The settings may name this kernel now.
      this._install();
    }
  }

  /** Install anew, after a failure. */
  retry(): void {
    this._install();
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._installer.stop();
    window.removeEventListener('pagehide', this._onPageHide);
    this._dropChannel('not_ready');
    Signal.clearData(this);
    Signal.clearData(this._machine);
    Signal.clearData(this._running);
    Signal.clearData(this.cellRuns);
  }

  private async _ask<K extends Method>(
    method: K,
    params: IRequests[K]['params'],
    options: IRequestOptions = {}
  ): Promise<IRequests[K]['result']> {
    if (this._channel === null || this.state.kind !== 'ready') {
      throw new RequestError(failureOf(this.state));
    }
    if (method === 'set_guard') {
      this._guardsAsked++;
    }
    const result = await this._channel.request(method, params, options);
    if (method === 'set_guard') {
      this._setGuard(result as IGuardState);
    }
    return result;
  }

  private async _askWithEngine<K extends Method>(
    method: K,
    params: IRequests[K]['params'],
    options: IRequestOptions
  ): Promise<IRequests[K]['result']> {
    for (let isLastTry = false; ; isLastTry = true) {
      if (!this._engine.isComing) {
        await this._bringEngine(options.signal);
      }
      try {
        return await this._ask(method, params, options);
      } catch (error) {
        if (codeOf(error) !== 'no_engine' || isLastTry) {
          throw error;
        }
      }
      // Another page has put a core without an engine there since, or the
      // kernel did not take the engine.
      this._engine.miss();
    }
  }

  private async _bringEngine(signal?: AbortSignal): Promise<void> {
    if (this.state.kind !== 'ready') {
      throw new RequestError(failureOf(this.state));
    }
    await cancellable(this._engine.bring(), signal);
  }

  /** The agents of a page that is closed or left are not disposed of. */
  private _onPageHide = (event: PageTransitionEvent): void => {
    if (!event.persisted) {
      this._dropChannel('not_ready');
    }
  };

  private _onKernelChanged(): void {
    this._follow(this.sessionContext.session?.kernel ?? null);
  }

  /** Take a kernel, which may be the one from before its restart. */
  private _follow(kernel: Kernel.IKernelConnection | null): void {
    if (kernel !== this._kernel) {
      if (kernel?.id !== this._kernel?.id) {
        this.executed.clear();
      }
      this._kernel?.anyMessage.disconnect(this._onMessage, this);
      this._kernel = kernel;
      this._session = new KernelSession();
      kernel?.anyMessage.connect(this._onMessage, this);
      if (kernel !== null) {
        const isUp = kernel.connectionStatus === 'connected';
        this._replace(isUp ? 'replacedConnected' : 'replaced');
        if (isUp) {
          // It has told what it is before this page could hear it.
          kernel.info.then(
            info => learn(kernel, info) && this._onLearned(kernel),
            () => undefined
          );
        }
      }
    }
    if (kernel !== null) {
      this._install();
    } else if (this._isLive && this._machine.link === 'new') {
      // User shut-downs signal earlier, so the kernel ended by itself.
      this._die();
    } else if (this.state.kind !== 'dead') {
      this._stop('not_ready', 'shutDown');
    }
  }

  private _replace(event: 'replaced' | 'replacedConnected'): void {
    if (this._isLive) {
      this._stop('disconnected', event);
    } else {
      this._machine.on(event);
    }
  }

  private _onStatus(_: ISessionContext, status: Kernel.Status): void {
    switch (status) {
      case 'restarting':
      case 'autorestarting':
        this._stop('restarted', 'restarts');
        break;
      case 'dead':
        this._die();
        break;
      case 'terminating':
        this._stop('not_ready', 'shutDown');
        break;
      default:
        if (
          this._machine.stage === 'none' &&
          !this.sessionContext.isTerminating
        ) {
          // The shut-down has failed: the kernel lives on.
          this._install();
        }
        this._installer.resume();
    }
  }

  private _onConnection(
    _: ISessionContext,
    status: Kernel.ConnectionStatus
  ): void {
    if (status === 'connecting') {
      this._dropChannel('disconnected');
      this._machine.on('connecting');
      this._running.clear();
      this._install();
    } else if (status === 'connected') {
      this._machine.on('connected');
      this._installer.resume();
    } else if (this._isLive) {
      // A kernel that died or was shut down loses its connection, too.
      this._stop('disconnected', 'disconnected');
    }
  }

  /** A kernel whose language was not known may be known now. */
  private _onSpecs(): void {
    const { stage } = this._machine;
    if (stage === 'unspecified' || stage === 'unlisted') {
      this._install();
    }
  }

  private _onState(_: AgentMachine, state: AgentState): void {
    this._stateChanged.emit(state);
  }

  private _onRunning(_: RunningCells, any: boolean): void {
    this._noteEarlyCells();
    this._cellRunningChanged.emit(any);
  }

  private _onMessage(
    kernel: Kernel.IKernelConnection,
    args: Kernel.IAnyMessageArgs
  ): void {
    const { msg, direction } = args;
    if (direction === 'recv' && learnFrom(kernel, msg)) {
      this._onLearned(kernel);
    }
    if (direction === 'recv' && this._session.isAnother(msg)) {
      this._stop('restarted', 'restarted');
      this._install();
    }
    this.cellRuns.see(args);
  }

  /** The kernel has told what it is. */
  private _onLearned(kernel: Kernel.IKernelConnection): void {
    if (kernel !== this._kernel) {
      return;
    }
    if (answersItself(kernel)) {
      this._install();
    } else {
      this._installer.learned();
    }
  }

  /** A kernel that answers itself needs nothing put into it. */
  private _greet(kernel: Kernel.IKernelConnection): void {
    this._machine.on('send');
    this._machine.on('installed');
    this._open(kernel);
  }

  /**
   * Install into the kernel if it is one for that.
   *
   * @param withEngine - Whether the engine goes along whatever the guard
   * needs.
   */
  private _install(withEngine = false): void {
    const kernel = this._kernel;
    if (kernel === null || kernel.isDisposed) {
      return;
    }
    if (kernel.status === 'dead') {
      this._die();
      return;
    }
    this._installer.stop();
    this._dropChannel('disconnected');
    const specs = this.sessionContext.specsManager.specs;
    const language = this._spec?.language;
    if (answersItself(kernel)) {
      this._greet(kernel);
    } else if (language === undefined) {
      this._machine.on(specs ? 'unlisted' : 'unspecified');
    } else if (language.toLowerCase() !== 'python') {
      this._machine.on('foreign', { language });
    } else {
      this._installer.start(kernel, withEngine);
    }
  }

  private _onInstallStep(step: InstallStep): void {
    switch (step.kind) {
      case 'failed':
        this._machine.on('failed', { detail: step.detail });
        break;
      case 'unsuitable':
        this._machine.on('unsuitable', { implementation: step.implementation });
        break;
      case 'answered':
        this._session.note(step.session);
        this._onInstalled(step.installed);
        break;
      default:
        this._machine.on(step.kind);
        this._noteEarlyCells();
    }
  }

  /** Cells that run while the code is loaded are in the kernel before it. */
  private _noteEarlyCells(): void {
    if (this._machine.stage === 'loading' && this._running.any) {
      this._machine.on('ranEarly');
    }
  }

  private _onInstalled(installed: Answer): void {
    if (installed.kind === 'failed') {
      this._machine.on('failed', { detail: installed.detail });
    } else if (installed.version === 0) {
      this._machine.on('noShell');
    } else if (installed.version !== PROTOCOL_VERSION) {
      this._machine.on('otherVersion', { theirs: installed.version });
    } else if (this._kernel !== null) {
      this._machine.on('installed');
      this._open(this._kernel);
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
      this._machine.on('failed', { detail: errorName(error) });
    }
  }

  /** A kernel that has handled the opening and has not greeted takes no comms. */
  private _onOpened(channel: Channel): void {
    const { stage } = this._machine;
    if (
      channel === this._channel &&
      (stage === 'greeting' || stage === 'reopening')
    ) {
      this._dropChannel('not_ready');
      this._machine.on('refused', { detail: NO_COMM });
    }
  }

  /**
   * The kernel closes the comm when another page's copy of the kernel code
   * takes the place of ours: that copy knows the target, too. We do not
   * replace it in turn, which would never end. The kernel does so as well
   * when it has not heard of us for long.
   */
  private _onClosed(channel: Channel): void {
    if (channel !== this._channel) {
      return;
    }
    if (this._machine.stage === 'ready' && this._kernel !== null) {
      this._hello = null;
      this._setGuard(null);
      this._machine.on('closed');
      this._reopen(this._kernel, channel);
      return;
    }
    this._dropChannel('restarted');
    this._machine.on('closed', { detail: 'comm_close' });
  }

  /** Requests without an answer are sent again over the new comm. */
  private _reopen(kernel: Kernel.IKernelConnection, channel: Channel): void {
    try {
      const opened = channel.reopen(new MainShellComm(kernel, COMM_TARGET));
      void opened.then(() => this._onOpened(channel));
    } catch (error) {
      this._dropChannel('disconnected');
      this._machine.on('failed', { detail: errorName(error) });
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
      this._machine.on('otherVersion', { theirs: hello.version });
      return;
    }
    this._hello = hello;
    this._engine.note(hello);
    this._setGuard(hello.guard_state);
    const asked = this._guardsAsked;
    this._machine.on('greeted');
    if (!hello.guard_state.set) {
      this._setFirstGuard(asked).catch(() => undefined);
    }
  }

  /**
   * Set the guard of the start, where the engine that it needs could not be
   * loaded for the install message. A guard that was set meanwhile stays.
   *
   * @param asked - How many guards had been asked for when the kernel greeted.
   */
  private async _setFirstGuard(asked: number): Promise<void> {
    const guard = this._firstGuard();
    if (guard !== null && engineUse('set_guard', guard) === 'first') {
      await this._bringEngine();
    }
    const wanted = this._firstGuard();
    const isSet = this._guard?.set === true || this._guardsAsked > asked;
    if (wanted !== null && !isSet) {
      await this.request('set_guard', wanted);
    }
  }

  /** The spec of the present kernel, if the server has told one. */
  private get _spec() {
    const { specs } = this.sessionContext.specsManager;
    return specs?.kernelspecs[this._kernel?.name ?? ''];
  }

  private get _isLive(): boolean {
    return isLive(this._machine.stage);
  }

  /** The kernel has ended by itself. */
  private _die(): void {
    const atStart = this._machine.link === 'new';
    this._stop('dead', atStart ? 'diesAtStart' : 'dies');
  }

  /** Do not talk to the kernel until a signal says that it is there again. */
  private _stop(reason: RequestFailure, event: AgentEvent): void {
    this._installer.stop();
    this._session.forget();
    this._dropChannel(reason);
    if (reason === 'restarted' || reason === 'dead') {
      this.cellRuns.clear();
      this.executed.clear();
    }
    this._machine.on(event);
    // Clear last, so that listeners do not mistake this for a cell's end and
    // send a request.
    this._running.clear();
  }

  private _dropChannel(reason: RequestFailure): void {
    const channel = this._channel;
    this._channel = null;
    this._hello = null;
    this._engine.miss();
    channel?.end(reason);
    this._setGuard(null);
  }

  private _setGuard(guard: IGuardState | null): void {
    this._guard = guard;
    this._guardChanged.emit(guard);
  }

  private _firstGuard: () => IGuard | null;
  private _installer: Installer;
  private _engine: EngineOnDemand;
  private _machine = new AgentMachine();
  private _kernel: Kernel.IKernelConnection | null = null;
  private _channel: Channel | null = null;
  /** The kernel's greeting over the present channel. */
  private _hello: IEvents['hello'] | null = null;
  private _session = new KernelSession();
  private _running = new RunningCells(this.cellRuns);
  private _guard: IGuardState | null = null;
  private _guardsAsked = 0;
  private _isDisposed = false;
  private _stateChanged = new Signal<this, AgentState>(this);
  private _cellRunningChanged = new Signal<this, boolean>(this);
  private _guardChanged = new Signal<this, IGuardState | null>(this);
  private _event = new Signal<this, KernelEvent>(this);
}
