/** All kernels of the server, read again and again. */

import type { Session } from '@jupyterlab/services';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { Signal, type ISignal } from '@lumino/signaling';
import type { IMemguard } from '../../tokens';
import {
  RestError,
  type IKernelMemory,
  type Rest,
  type RestFailure
} from '../../wire/rest';
import { watchedWith } from '../retained';
import type { MemorySource, Reading } from '../source';

/** The pause between readings while nobody looks, for the warnings. */
const UNSEEN_MS = 10000;
/** The least time between two readings while somebody looks. */
const SEEN_MS = 2000;
const LONGEST_MS = 60000;

/** The server's sessions, as JupyterLab knows them. */
interface ISessions {
  running(): Iterable<Session.IModel>;
  /** Emits when a session begins, ends or is renamed. */
  readonly runningChanged: ISignal<unknown, unknown>;
}

/**
 * All kernels of the server with their memory, read again and again while the
 * page is visible.
 */
export class KernelList implements IDisposable {
  /**
   * @param memguard - What is open, and how often to ask.
   * @param rest - The server's half.
   * @param source - Reads remote kernels whose document is open.
   * @param sessions - The server's sessions.
   */
  constructor(
    memguard: IMemguard,
    rest: Rest,
    source: MemorySource,
    sessions: ISessions
  ) {
    this._sessions = sessions;
    this._memguard = memguard;
    this._rest = rest;
    this._source = source;
    this._poll = new Poll<void>({
      name: 'jupyter-memguard:kernels',
      factory: () => this._read(),
      frequency: this._frequency,
      standby: () => (this._isCut ? true : 'when-hidden')
    });
    memguard.settingsChanged.connect(this._readIfSeen, this);
    sessions.runningChanged.connect(this._readIfSeen, this);
    document.addEventListener('visibilitychange', this._onVisibility);
  }

  /** The kernels, or null before they are known. */
  get kernels(): readonly IKernelMemory[] | null {
    return this._kernels;
  }

  /** Why the last reading failed, if it did; `kernels` is null then. */
  get failure(): RestFailure | null {
    return this._failure;
  }

  /** What remote kernels say of themselves, by kernel id. */
  get remote(): ReadonlyMap<string, Reading> {
    return this._remote;
  }

  /**
   * The sessions that use a kernel: each is a document's.
   *
   * @param kernelId - The kernel.
   */
  sessionsOf(kernelId: string): readonly Session.IModel[] {
    return [...this._sessions.running()].filter(
      ({ kernel }) => kernel?.id === kernelId
    );
  }

  /** There is a new reading. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  dispose(): void {
    document.removeEventListener('visibilitychange', this._onVisibility);
    this._poll.dispose();
    Signal.clearData(this);
  }

  /**
   * Read often from now on, because a person looks.
   *
   * @returns what ends that when it is disposed.
   */
  observe(): IDisposable {
    if (this._observers === 0) {
      this._remote = new Map();
    }
    this._observers += 1;
    this.readNow();
    return new DisposableDelegate(() => {
      this._observers -= 1;
      this._poll.frequency = this._frequency;
    });
  }

  /**
   * Whether the server is gone while JupyterLab reconnects: then the list
   * rests until it is back.
   */
  private get _isCut(): boolean {
    const links = [...this._memguard.watched].flatMap(
      ({ widget }) =>
        widget.sessionContext.session?.kernel?.connectionStatus ?? []
    );
    return (
      this._failure === 'unreachable' &&
      links.includes('connecting') &&
      !links.includes('connected')
    );
  }

  /** Read now, whatever is under way. */
  readNow(): void {
    this._poll.frequency = this._frequency;
    void this._poll.schedule({ interval: Poll.IMMEDIATE, phase: 'refreshed' });
  }

  private readonly _onVisibility = (): void => {
    if (!document.hidden) {
      this._remote = new Map();
      this._readIfSeen();
    }
  };

  private _readIfSeen(): void {
    if (this._observers > 0) {
      this.readNow();
    }
  }

  private get _frequency() {
    const interval =
      this._observers > 0
        ? Math.max(SEEN_MS, this._memguard.settings.pollSeconds * 1000)
        : UNSEEN_MS;
    return { interval, backoff: true, max: Math.max(LONGEST_MS, interval) };
  }

  private async _read(): Promise<void> {
    try {
      this._kernels = await this._rest.kernels();
      this._failure = null;
    } catch (error) {
      this._kernels = null;
      this._failure = error instanceof RestError ? error.code : 'invalid_reply';
      throw error;
    } finally {
      this._changed.emit();
    }
    if (this._observers > 0) {
      void this._askRemote(this._kernels);
    }
  }

  /** Ask those remote kernels whose document is open; each is asked seldom. */
  private async _askRemote(kernels: readonly IKernelMemory[]): Promise<void> {
    const remote = new Map<string, Reading>();
    await Promise.all(
      kernels
        .filter(kernel => kernel.reason === 'remote')
        .map(async ({ id }) => {
          const connection = watchedWith(this._memguard, id)?.widget
            .sessionContext.session?.kernel;
          if (connection) {
            remote.set(id, await this._source.read(connection));
          }
        })
    );
    if (!this.isDisposed) {
      this._remote = remote;
      this._changed.emit();
    }
  }

  private readonly _memguard: IMemguard;
  private readonly _rest: Rest;
  private readonly _source: MemorySource;
  private readonly _sessions: ISessions;
  private _observers = 0;
  private readonly _poll: Poll<void>;
  private _kernels: readonly IKernelMemory[] | null = null;
  private _failure: RestFailure | null = null;
  private _remote: ReadonlyMap<string, Reading> = new Map();
  private readonly _changed = new Signal<this, void>(this);
}
