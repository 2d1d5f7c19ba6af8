import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel } from '@jupyterlab/services';
import { DisposableDelegate, IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';
import { ISample, Rest, RestError, RestFailure } from '../../wire/rest';
import type { ICellRuns, RunStep } from '../../tokens';
import { ISpan, IStretch, measure } from './stretches';
import { SampleStore } from './sampleStore';

/** How many bars are kept for a document. */
const KEPT = 200;
/** The pause between two looks for the samples of runs that have ended. */
const LOOK_MS = 500;
/** So many looks are given to a run that has ended. */
const LOOKS = 12;
/**
 * The pause between two looks while a cell runs or somebody watches. The
 * server stops sampling when it is not asked for thirty seconds.
 */
const KEEP_ALIVE_MS = 10000;

/** A kernel's messages come in order: an earlier one tells another clock. */
const PUT_BACK_SECONDS = 1;

/** One run of a cell. */
export interface IRun extends ISpan {
  /** The id of the request that ran it. */
  id: string;
  /** The n of `In[n]`. */
  count: number;
  cellId: string | null;
}

/** What one run did to the memory, or some that no sample parts. */
export interface IMeasured extends IStretch<IRun> {
  /** Counts the kernel's restarts: numbers begin anew with each. */
  life: number;
}

/** A run as long as it is not complete. */
interface IOpenRun {
  cellId: string | null;
  start: number | null;
  count: number | null;
}

/**
 * Notes the runs of a document's cells, and what each did to the memory of
 * the kernel's process. It listens to messages and reads the server's
 * samples; the kernel is asked nothing.
 */
export class RunRecorder implements IDisposable {
  /**
   * @param context - the document's session.
   * @param rest - the server's half.
   * @param runs - the runs of the document's kernel.
   */
  constructor(
    private readonly context: ISessionContext,
    private readonly rest: Rest,
    runs: ICellRuns
  ) {
    this.poll = new Poll<void>({
      name: 'jupyter-memguard:runs',
      factory: () => this.look(),
      frequency: { interval: KEEP_ALIVE_MS, backoff: true, max: 60000 },
      standby: () => (this.isWanted ? 'when-hidden' : true)
    });
    context.kernelChanged.connect(this.onKernel, this);
    context.statusChanged.connect(this.onStatus, this);
    context.connectionStatusChanged.connect(this.onConnection, this);
    runs.step.connect(this.onStep, this);
    this.kernel = context.session?.kernel ?? null;
  }

  /** The runs that could be measured, the oldest first. */
  get measured(): readonly IMeasured[] {
    return this._measured;
  }

  /** Whether there were no samples for the last runs, as of a remote kernel. */
  get unmeasured(): boolean {
    return this._unmeasured;
  }

  /** Runs have been measured, or it has turned out that they cannot be. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this.poll.isDisposed;
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this.poll.dispose();
    this.kernel = null;
    Signal.clearData(this);
  }

  /** Take note of a reading of the process that somebody else has made. */
  add(sample: ISample): void {
    this.store.add([sample]);
    this.prune();
  }

  /**
   * Take note of what a remote kernel told of itself, by its own clock. The
   * server has no samples of it: runs wait for the next of these.
   */
  addTold(sample: ISample): void {
    if (this.told !== sample.time) {
      this.told = sample.time;
      this.add(sample);
      this.settle();
    }
  }

  /** Whether the kernel is elsewhere, and seldom tells its memory. */
  get isRemote(): boolean {
    return this.told !== null;
  }

  /** Somebody watches: samples are taken also between the runs. */
  observe(): IDisposable {
    this.observers += 1;
    this.lookIn(0);
    return new DisposableDelegate(() => {
      this.observers -= 1;
    });
  }

  private onKernel(): void {
    this.open.clear();
    this.begin();
    this.kernel = this.context.session?.kernel ?? null;
  }

  private onStatus(_: ISessionContext, status: Kernel.Status): void {
    if (status === 'autorestarting') {
      this.open.clear();
      this.begin();
    }
  }

  private onConnection(
    _: ISessionContext,
    status: Kernel.ConnectionStatus
  ): void {
    if (status !== 'connected') {
      // Whether they end before it is there again is not told.
      this.open.clear();
    }
  }

  /** Another process: what it will do has nothing to do with what was. */
  private begin(): void {
    this.life += 1;
    this.count = 0;
    this.told = null;
    this.startClockAnew();
  }

  /** The server's clock was put back: what it told is later than what it will. */
  private startClockAnew(): void {
    this.waiting = [];
    this.measuredUntil = 0;
    this.store.clear();
  }

  private onStep(_: ICellRuns, step: RunStep): void {
    const { id, cellId } = step;
    const run = this.open.get(id) ?? { cellId, start: null, count: null };
    switch (step.kind) {
      case 'sent':
        this.open.set(id, run);
        if (this.isRefused) {
          // Once a run: the answer may be another by now.
          this.failure = null;
        }
        this.lookIn(0);
        break;
      case 'busy':
        this.tick(step.time);
        run.start = step.time;
        this.open.set(id, run);
        break;
      case 'input':
        this.onInput(id, run, step.count);
        break;
      case 'idle':
        this.tick(step.time);
        this.onEnd(id, run, step.time);
    }
  }

  private onInput(id: string, run: IOpenRun, count: number): void {
    if (count < this.count) {
      // Another client has restarted the kernel: no signal says so.
      for (const [other, { start }] of this.open) {
        if (start !== null && other !== id) {
          this.open.delete(other);
        }
      }
      this.begin();
    }
    this.count = count;
    run.count = count;
  }

  private onEnd(id: string, run: IOpenRun, time: number): void {
    this.open.delete(id);
    if (run.start !== null && run.count !== null) {
      const end = Math.max(time, run.start);
      this.finish({ ...run, id, start: run.start, end, count: run.count });
    }
  }

  private tick(time: number): void {
    if (time < this.clock - PUT_BACK_SECONDS) {
      this.startClockAnew();
    }
    this.clock = time;
  }

  private finish(run: IRun): void {
    this.waiting.push(run);
    if (this.isRemote) {
      return;
    }
    if (this.isRefused) {
      // The look at its start was in vain.
      this.settle();
      return;
    }
    this.looks = LOOKS;
    this.sampleSoon();
    this.lookIn(LOOK_MS);
  }

  /** Whether the server tells nothing, however often it is asked. */
  private get isRefused(): boolean {
    return this.failure === 'extension_missing' || this.failure === 'denied';
  }

  /**
   * Take a sample right after a run, before the next one does much. One is
   * asked for at a time: a loop of quick runs must not flood the server.
   */
  private sampleSoon(): void {
    if (this.sampling) {
      this.sampleAgain = true;
      return;
    }
    this.sampling = true;
    void this.sampleNow().finally(() => {
      this.sampling = false;
      if (this.sampleAgain) {
        this.sampleAgain = false;
        this.sampleSoon();
      }
    });
  }

  private async sampleNow(): Promise<void> {
    const { kernel, life } = this;
    if (kernel === null || document.hidden) {
      return;
    }
    try {
      const { rss_bytes, sampled } = await this.rest.memory(kernel.id);
      if (rss_bytes !== null && life === this.life) {
        this.add({ time: sampled, rssBytes: rss_bytes, highWaterBytes: null });
      }
    } catch (error) {
      if (!(error instanceof RestError)) {
        throw error;
      }
      // The samples that are looked for later may still tell.
    }
  }

  private lookIn(interval: number): void {
    void this.poll.schedule({ interval, phase: 'refreshed' });
  }

  /** The server is gone: the connection that is made anew says when it is back. */
  private get isCut(): boolean {
    return (
      this.failure === 'unreachable' &&
      this.kernel?.connectionStatus === 'connecting'
    );
  }

  /** Whether there is a use for samples, and a hope of them. */
  private get isWanted(): boolean {
    const running = this.isRefused ? 0 : this.open.size;
    return this.waiting.length + running + this.observers > 0 && !this.isCut;
  }

  /** Read the samples that the server has taken since the last look. */
  private async look(): Promise<void> {
    const { kernel, life } = this;
    if (kernel === null || this.isRemote) {
      return;
    }
    try {
      const samples = await this.rest.samples(kernel.id, this.store.newest);
      this.failure = null;
      if (life === this.life) {
        this.store.addTaken(samples);
      }
    } catch (error) {
      this.failure = error instanceof RestError ? error.code : null;
      throw error;
    } finally {
      this.settle();
      if (this.waiting.length > 0) {
        this.lookIn(LOOK_MS);
      }
    }
  }

  /** Measure the runs that have ended, once there is a sample after them. */
  private settle(): void {
    const last = this.waiting[this.waiting.length - 1];
    if (last === undefined) {
      return;
    }
    this.looks = this.isRefused ? 0 : this.looks - 1;
    const newest = this.told ?? this.store.newest;
    if (newest < last.end && (this.looks > 0 || this.isRemote)) {
      return;
    }
    const { life } = this;
    const next = Math.min(...this.starts(), Infinity);
    const stretches = measure(
      this.waiting,
      this.store.samples,
      this.measuredUntil,
      next
    );
    this.waiting = [];
    this.measuredUntil = Math.max(
      this.measuredUntil,
      ...stretches.map(stretch => stretch.until)
    );
    this.prune();
    this._unmeasured = stretches.length === 0;
    this._measured = [
      ...this._measured,
      ...stretches.map(stretch => ({ ...stretch, life }))
    ].slice(-KEPT);
    this._changed.emit();
  }

  /** When the runs began that go on. */
  private starts(): number[] {
    return [...this.open.values()].flatMap(({ start }) => start ?? []);
  }

  /** Keep the samples that a run still needs. */
  private prune(): void {
    const starts = [...this.starts(), ...this.waiting.map(run => run.start)];
    this.store.keepFrom(Math.min(...starts, Infinity));
  }

  private kernel: Kernel.IKernelConnection | null = null;
  private life = 0;
  private readonly open = new Map<string, IOpenRun>();
  /** Runs that have ended and are not measured yet. */
  private waiting: IRun[] = [];
  private looks = 0;
  private sampling = false;
  /** Runs have ended since the server was asked for a sample. */
  private sampleAgain = false;
  private measuredUntil = 0;
  /** The n of the newest `In[n]`. */
  private count = 0;
  /** When the kernel last began or ended a run, in seconds by its clock. */
  private clock = 0;
  private readonly store = new SampleStore();
  /** When a remote kernel last told its memory, in seconds by its clock. */
  private told: number | null = null;
  private observers = 0;
  private failure: RestFailure | null = null;
  private readonly poll: Poll<void>;
  private _unmeasured = false;
  private _measured: readonly IMeasured[] = [];
  private readonly _changed = new Signal<this, void>(this);
}
