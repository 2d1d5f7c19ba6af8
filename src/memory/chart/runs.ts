/** What each run of a cell did to the memory of the kernel's process. */

import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel } from '@jupyterlab/services';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { Signal, type ISignal } from '@lumino/signaling';
import type { ICellRuns } from '../../tokens';
import {
  RestError,
  type ISample,
  type Rest,
  type RestFailure
} from '../../wire/rest';
import { OpenRuns, type IRun } from './openRuns';
import { SampleStore } from './sampleStore';
import { measure, type IStretch } from './stretches';

/** How many bars are kept for a document. */
const KEPT = 200;

/** The pause between two looks for the samples of runs that have ended. */
const LOOK_MS = 500;

/** How many looks a run that has ended gets. */
const LOOKS = 12;

/**
 * The pause between two looks while a cell runs or a person looks at the
 * chart. The server stops sampling when nobody asks for thirty seconds.
 */
const KEEP_ALIVE_MS = 10000;

/** What one run did to the memory, or several that no sample parts. */
export interface IMeasured extends IStretch<IRun> {
  /** Counts the kernel's restarts: execution counts begin anew with each. */
  life: number;
}

/**
 * Records the runs of a document's cells, and what each did to the memory of
 * the kernel's process. It listens to messages and reads the server's
 * samples; it asks the kernel nothing.
 */
export class RunRecorder implements IDisposable {
  /**
   * @param context - The document's session.
   * @param rest - The server's half.
   * @param runs - The runs of the document's kernel.
   */
  constructor(context: ISessionContext, rest: Rest, runs: ICellRuns) {
    this._context = context;
    this._rest = rest;
    this._poll = new Poll<void>({
      name: 'jupyter-memguard:runs',
      factory: () => this._look(),
      frequency: { interval: KEEP_ALIVE_MS, backoff: true, max: 60000 },
      standby: () => (this._isWanted ? 'when-hidden' : true)
    });
    context.kernelChanged.connect(this._onKernel, this);
    context.statusChanged.connect(this._onStatus, this);
    context.connectionStatusChanged.connect(this._onConnection, this);
    this._kernel = context.session?.kernel ?? null;
    this._open = new OpenRuns(runs, {
      onSent: () => this._onSent(),
      onFinished: run => this._onFinished(run),
      onRestarted: () => this._begin(),
      onClockPutBack: () => this._dropSamples()
    });
  }

  /** The runs that could be measured, the oldest first. */
  get measured(): readonly IMeasured[] {
    return this._measured;
  }

  /** Whether the last runs had no samples, as those of a remote kernel. */
  get unmeasured(): boolean {
    return this._unmeasured;
  }

  /** Runs have been measured, or it has turned out that they cannot be. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._poll.dispose();
    this._open.dispose();
    Signal.clearData(this);
  }

  /**
   * Take a reading of the process that somebody else has made.
   *
   * @param sample - The reading.
   */
  add(sample: ISample): void {
    this._store.add([sample]);
    this._prune();
  }

  /**
   * Take what a remote kernel says of itself. The server has no samples of
   * such a kernel, so that runs wait for the next of these.
   *
   * @param sample - The kernel's memory, with the time by its own clock.
   */
  addTold(sample: ISample): void {
    if (this._remoteTime !== sample.time) {
      this._remoteTime = sample.time;
      this.add(sample);
      this._settle();
    }
  }

  /** Whether the kernel is on another machine and seldom says its memory. */
  get isRemote(): boolean {
    return this._remoteTime !== null;
  }

  /**
   * Take samples also between the runs, because a person looks.
   *
   * @returns what ends that when it is disposed.
   */
  observe(): IDisposable {
    this._observers += 1;
    this._lookIn(0);
    return new DisposableDelegate(() => {
      this._observers -= 1;
    });
  }

  private _onKernel(): void {
    this._open.clear();
    this._begin();
    this._kernel = this._context.session?.kernel ?? null;
  }

  private _onStatus(_: ISessionContext, status: Kernel.Status): void {
    if (status === 'autorestarting') {
      this._open.clear();
      this._begin();
    }
  }

  private _onConnection(
    _: ISessionContext,
    status: Kernel.ConnectionStatus
  ): void {
    if (status !== 'connected') {
      // The runs may end while nobody hears it.
      this._open.clear();
    }
  }

  /** There is another process: the samples before tell nothing about it. */
  private _begin(): void {
    this._life += 1;
    this._open.countAnew();
    this._remoteTime = null;
    this._dropSamples();
  }

  /**
   * Drop all samples: they are another process's, or their times are later
   * than those to come because the clock was put back.
   */
  private _dropSamples(): void {
    this._waiting = [];
    this._measuredUntil = 0;
    this._store.clear();
  }

  private _onSent(): void {
    if (this._isRefused) {
      // Ask again, once for each run: the server may answer by now.
      this._failure = null;
    }
    this._lookIn(0);
  }

  private _onFinished(run: IRun): void {
    this._waiting.push(run);
    if (this.isRemote) {
      return;
    }
    if (this._isRefused) {
      // The server refused when the run began.
      this._settle();
      return;
    }
    this._looks = LOOKS;
    this._sampleSoon();
    this._lookIn(LOOK_MS);
  }

  /** Whether the server refuses, however often it is asked. */
  private get _isRefused(): boolean {
    return this._failure === 'extension_missing' || this._failure === 'denied';
  }

  /**
   * Take a sample right after a run, before the next one does much. There is
   * one request at a time: a loop of quick runs must not flood the server.
   */
  private _sampleSoon(): void {
    if (this._isSampling) {
      this._sampleAgain = true;
      return;
    }
    this._isSampling = true;
    void this._sampleNow().finally(() => {
      this._isSampling = false;
      if (this._sampleAgain) {
        this._sampleAgain = false;
        this._sampleSoon();
      }
    });
  }

  private async _sampleNow(): Promise<void> {
    const kernel = this._kernel;
    const life = this._life;
    if (kernel === null || document.hidden) {
      return;
    }
    try {
      const { rss_bytes, sampled } = await this._rest.memory(kernel.id);
      if (rss_bytes !== null && life === this._life) {
        this.add({ time: sampled, rssBytes: rss_bytes, highWaterBytes: null });
      }
    } catch (error) {
      if (!(error instanceof RestError)) {
        throw error;
      }
      // The server's own samples, read later, may still do.
    }
  }

  private _lookIn(interval: number): void {
    void this._poll.schedule({ interval, phase: 'refreshed' });
  }

  /**
   * Whether the server is gone while JupyterLab reconnects: then the poll
   * rests until the server is back.
   */
  private get _isCut(): boolean {
    return (
      this._failure === 'unreachable' &&
      this._kernel?.connectionStatus === 'connecting'
    );
  }

  /** Whether samples are of use, and there is hope of them. */
  private get _isWanted(): boolean {
    const running = this._isRefused ? 0 : this._open.size;
    return this._waiting.length + running + this._observers > 0 && !this._isCut;
  }

  /** Read the samples that the server has taken since the last look. */
  private async _look(): Promise<void> {
    const kernel = this._kernel;
    const life = this._life;
    if (kernel === null || this.isRemote) {
      return;
    }
    try {
      const samples = await this._rest.samples(kernel.id, this._store.newest);
      this._failure = null;
      if (life === this._life) {
        this._store.addTaken(samples);
      }
    } catch (error) {
      this._failure = error instanceof RestError ? error.code : null;
      throw error;
    } finally {
      this._settle();
      if (this._waiting.length > 0) {
        this._lookIn(LOOK_MS);
      }
    }
  }

  /** Measure the runs that have ended, once there is a sample after them. */
  private _settle(): void {
    const last = this._waiting[this._waiting.length - 1];
    if (last === undefined) {
      return;
    }
    this._looks = this._isRefused ? 0 : this._looks - 1;
    const newest = this._remoteTime ?? this._store.newest;
    if (newest < last.end && (this._looks > 0 || this.isRemote)) {
      return;
    }
    const life = this._life;
    const stretches = measure(
      this._waiting,
      this._store.samples,
      this._measuredUntil,
      Math.min(...this._open.starts, Infinity)
    );
    this._waiting = [];
    this._measuredUntil = Math.max(
      this._measuredUntil,
      ...stretches.map(stretch => stretch.until)
    );
    this._prune();
    this._unmeasured = stretches.length === 0;
    this._measured = [
      ...this._measured,
      ...stretches.map(stretch => ({ ...stretch, life }))
    ].slice(-KEPT);
    this._changed.emit();
  }

  /** Keep the samples that a run still needs. */
  private _prune(): void {
    const ended = this._waiting.map(run => run.start);
    this._store.keepFrom(Math.min(...this._open.starts, ...ended, Infinity));
  }

  private readonly _context: ISessionContext;
  private readonly _rest: Rest;
  private readonly _open: OpenRuns;
  private readonly _poll: Poll<void>;
  private readonly _store = new SampleStore();
  private _kernel: Kernel.IKernelConnection | null;
  private _life = 0;
  /** Runs that have ended and are not measured yet. */
  private _waiting: IRun[] = [];
  private _looks = 0;
  private _isSampling = false;
  /** Whether runs have ended since the server was asked for a sample. */
  private _sampleAgain = false;
  private _measuredUntil = 0;
  /** When a remote kernel last said its memory, in seconds by its clock. */
  private _remoteTime: number | null = null;
  private _observers = 0;
  private _failure: RestFailure | null = null;
  private _unmeasured = false;
  private _measured: readonly IMeasured[] = [];
  private readonly _changed = new Signal<this, void>(this);
}
