/** The memory of the kernel in front, read again and again. */

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

/** Reasons that only time removes: the poll asks less and less often. */
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
   * @param memguard - Tells which document is in front, and how often to ask.
   * @param source - Reads a kernel's memory.
   */
  constructor(memguard: IMemguard, source: MemorySource) {
    this._source = source;
    this._poll = new Poll<void>({
      name: 'jupyter-memguard:memory',
      factory: () => this._read(),
      frequency: frequencyOf(memguard.settings),
      standby: () =>
        this._kernel === null || !memguard.settings.statusBar || this._isCut
          ? true
          : 'when-hidden',
      auto: false
    });
    memguard.currentChanged.connect(this._onCurrent, this);
    memguard.settingsChanged.connect(this._onSettings, this);
    document.addEventListener('visibilitychange', this._onVisibility);
    this._onCurrent(memguard, memguard.current);
  }

  /** The newest reading of the kernel in front. */
  get reading(): Reading {
    return this._reading;
  }

  /** The bytes of this kernel's last readings, the oldest first. */
  get history(): readonly number[] {
    return this._history;
  }

  /** There is a new reading. */
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
    document.removeEventListener('visibilitychange', this._onVisibility);
    this._poll.dispose();
    Signal.clearData(this);
  }

  /** Read now, whatever is under way. */
  readNow(): void {
    void this._poll.schedule({ interval: Poll.IMMEDIATE, phase: 'refreshed' });
  }

  private async _read(): Promise<void> {
    const kernel = this._kernel;
    const life = this._life;
    if (kernel === null) {
      return;
    }
    const reading = await this._source.read(kernel);
    if (kernel !== this._kernel || life !== this._life || this._isDisposed) {
      // Meanwhile another document came to the front, or a new process has
      // the kernel's id.
      return;
    }
    this._show(reading);
    if (reading.kind === 'none' && BACK_OFF.has(reading.reason)) {
      throw new Error(reading.reason);
    }
  }

  /**
   * Whether the server is gone while JupyterLab reconnects. The poll rests
   * until the connection's status changes; once JupyterLab gives up, the
   * status tells nothing more and the poll asks by itself.
   */
  private get _isCut(): boolean {
    const reading = this._reading;
    return (
      reading.kind === 'none' &&
      reading.reason === 'unreachable' &&
      this._kernel?.connectionStatus === 'connecting'
    );
  }

  private _show(reading: Reading): void {
    const last = this._reading;
    this._reading = reading;
    if (reading.kind === 'none') {
      this._history = [];
    } else if (last.kind === 'none' || last.time !== reading.time) {
      this._history = [...this._history, reading.bytes].slice(-HISTORY);
    }
    this._changed.emit(reading);
  }

  /** The kernel's id has a new process, or the document a new kernel. */
  private _restart(reason: NoReading): void {
    const kernel = this._context?.session?.kernel;
    if (kernel) {
      this._source.forget(kernel);
    }
    this._begin(reason);
  }

  /** Follow the kernel that the document has now. */
  private _begin(reason: NoReading): void {
    this._life += 1;
    this._kernel = this._context?.session?.kernel ?? null;
    this._show(
      this._kernel
        ? { kind: 'none', kernelId: this._kernel.id, reason }
        : NO_KERNEL
    );
    this._history = [];
    this.readNow();
  }

  private _follow(context: ISessionContext | null): void {
    if (this._context) {
      this._context.kernelChanged.disconnect(this._onKernel, this);
      this._context.statusChanged.disconnect(this._onStatus, this);
      this._context.connectionStatusChanged.disconnect(
        this._onConnection,
        this
      );
    }
    this._context = context;
    if (context) {
      context.kernelChanged.connect(this._onKernel, this);
      context.statusChanged.connect(this._onStatus, this);
      context.connectionStatusChanged.connect(this._onConnection, this);
    }
  }

  private _onCurrent(_: IMemguard, current: IWatched | null): void {
    this._follow(current?.widget.sessionContext ?? null);
    this._begin('reading');
  }

  /** A page that was just loaded also reports a kernel that has run before. */
  private _onKernel(): void {
    this._restart('reading');
  }

  private _onStatus(_: ISessionContext, status: Kernel.Status): void {
    if (status === 'dead') {
      this._life += 1;
      this._show({
        kind: 'none',
        kernelId: this._kernel?.id ?? null,
        reason: 'died'
      });
    } else if (status === 'autorestarting' || status === 'restarting') {
      this._restart('starting');
    }
  }

  private _onConnection(
    _: ISessionContext,
    status: Kernel.ConnectionStatus
  ): void {
    // Also when the connection is lost: the figure shown may be the last one
    // of a server that is gone.
    if (status !== 'disconnected') {
      this.readNow();
    }
  }

  private _onSettings(_: IMemguard, settings: ISettings): void {
    this._poll.frequency = frequencyOf(settings);
    this.readNow();
  }

  private readonly _onVisibility = (): void => {
    if (!document.hidden) {
      this.readNow();
    }
  };

  private readonly _source: MemorySource;
  private _context: ISessionContext | null = null;
  private _kernel: Kernel.IKernelConnection | null = null;
  /** Counts the processes that were followed; an answer belongs to one. */
  private _life = 0;
  private readonly _poll: Poll<void>;
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
