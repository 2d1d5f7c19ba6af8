import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';
import type { IMemguard, ISettings, IWatched } from '../tokens';
import type { MemorySource, NoReading, Reading } from './source';

/** How many readings the history line has. */
export const HISTORY = 60;
/** The longest pause between two tries at a server that does not answer. */
const LONGEST_MS = 30000;

const NO_KERNEL: Reading = {
  kind: 'none',
  kernelId: null,
  reason: 'no_kernel'
};

/** The reasons that only time can heal: ask less and less often. */
const BACK_OFF: ReadonlySet<string> = new Set([
  'no_kernel',
  'unreachable',
  'extension_missing',
  'denied',
  'invalid_reply'
]);

/**
 * The memory of the kernel of the document in front, read again and again
 * while the page is visible.
 */
export class MemoryPoll implements IDisposable {
  /**
   * @param memguard - says which document is in front, and how often to ask.
   * @param source - where a kernel's memory is read.
   */
  constructor(
    memguard: IMemguard,
    private readonly source: MemorySource
  ) {
    this.poll = new Poll<void>({
      name: 'jupyter-memguard:memory',
      factory: () => this.read(),
      frequency: frequencyOf(memguard.settings),
      standby: () =>
        this.kernel === null || !memguard.settings.statusBar || this.isCut
          ? true
          : 'when-hidden',
      auto: false
    });
    memguard.currentChanged.connect(this.onCurrent, this);
    memguard.settingsChanged.connect(this.onSettings, this);
    document.addEventListener('visibilitychange', this.onVisibility);
    this.onCurrent(memguard, memguard.current);
  }

  /** The newest reading of the kernel in front. */
  get reading(): Reading {
    return this._reading;
  }

  /** Bytes of the last readings of this kernel, the oldest first. */
  get history(): readonly number[] {
    return this._history;
  }

  /** A new reading is there. */
  get changed(): ISignal<this, Reading> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    document.removeEventListener('visibilitychange', this.onVisibility);
    this.poll.dispose();
    Signal.clearData(this);
  }

  /** Read now, whatever is under way. */
  readNow(): void {
    void this.poll.schedule({ interval: Poll.IMMEDIATE, phase: 'refreshed' });
  }

  private async read(): Promise<void> {
    const { kernel, life } = this;
    if (kernel === null) {
      return;
    }
    const reading = await this.source.read(kernel);
    if (kernel !== this.kernel || life !== this.life || this._isDisposed) {
      // Another document is in front, or another process has the id.
      return;
    }
    this.show(reading);
    if (reading.kind === 'none' && BACK_OFF.has(reading.reason)) {
      throw new Error(reading.reason);
    }
  }

  /**
   * The server is gone: the connection that the kernel's page makes anew says
   * when it is back. After some tries it is given up, and says nothing more.
   */
  private get isCut(): boolean {
    const { kernel, _reading: reading } = this;
    return (
      reading.kind === 'none' &&
      reading.reason === 'unreachable' &&
      kernel?.connectionStatus === 'connecting'
    );
  }

  private show(reading: Reading): void {
    const last = this._reading;
    this._reading = reading;
    if (reading.kind === 'none') {
      this._history = [];
    } else if (last.kind === 'none' || last.time !== reading.time) {
      this._history = [...this._history, reading.bytes].slice(-HISTORY);
    }
    this._changed.emit(reading);
  }

  /** Another process has the kernel's id, or another kernel the document. */
  private restart(reason: NoReading): void {
    const kernel = this.context?.session?.kernel;
    if (kernel) {
      this.source.forget(kernel);
    }
    this.begin(reason);
  }

  /** Follow the kernel that the document has now. */
  private begin(reason: NoReading): void {
    this.life += 1;
    this.kernel = this.context?.session?.kernel ?? null;
    this.show(
      this.kernel
        ? { kind: 'none', kernelId: this.kernel.id, reason }
        : NO_KERNEL
    );
    this._history = [];
    this.readNow();
  }

  private follow(context: ISessionContext | null): void {
    if (this.context) {
      this.context.kernelChanged.disconnect(this.onKernel, this);
      this.context.statusChanged.disconnect(this.onStatus, this);
      this.context.connectionStatusChanged.disconnect(this.onConnection, this);
    }
    this.context = context;
    if (context) {
      context.kernelChanged.connect(this.onKernel, this);
      context.statusChanged.connect(this.onStatus, this);
      context.connectionStatusChanged.connect(this.onConnection, this);
    }
  }

  private onCurrent(_: IMemguard, current: IWatched | null): void {
    this.follow(current?.widget.sessionContext ?? null);
    this.begin('reading');
  }

  /** It need not be a new one: a page that is loaded finds it running. */
  private onKernel(): void {
    this.restart('reading');
  }

  private onStatus(_: ISessionContext, status: Kernel.Status): void {
    if (status === 'dead') {
      this.life += 1;
      this.show({
        kind: 'none',
        kernelId: this.kernel?.id ?? null,
        reason: 'died'
      });
    } else if (status === 'autorestarting' || status === 'restarting') {
      this.restart('starting');
    }
  }

  private onConnection(
    _: ISessionContext,
    status: Kernel.ConnectionStatus
  ): void {
    // Also when it is lost: the figure may be the last one of a server that is gone.
    if (status !== 'disconnected') {
      this.readNow();
    }
  }

  private onSettings(_: IMemguard, settings: ISettings): void {
    this.poll.frequency = frequencyOf(settings);
    this.readNow();
  }

  private readonly onVisibility = (): void => {
    if (!document.hidden) {
      this.readNow();
    }
  };

  private context: ISessionContext | null = null;
  private kernel: Kernel.IKernelConnection | null = null;
  /** Counts the processes that were followed: an answer belongs to one. */
  private life = 0;
  private readonly poll: Poll<void>;
  private _reading: Reading = NO_KERNEL;
  private _history: number[] = [];
  private _isDisposed = false;
  private readonly _changed = new Signal<this, Reading>(this);
}

function frequencyOf(settings: ISettings) {
  return {
    interval: settings.pollSeconds * 1000,
    backoff: true,
    max: Math.max(LONGEST_MS, settings.pollSeconds * 1000)
  };
}
