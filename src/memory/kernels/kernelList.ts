import { DisposableDelegate, IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';
import { IKernelMemory, Rest, RestError, RestFailure } from '../../wire/rest';
import type { IMemguard } from '../../tokens';
import { watchedWith } from '../retained';
import type { MemorySource, Reading } from '../source';

/** How often all kernels are read while nobody looks: for the warnings. */
const UNSEEN_MS = 10000;
/** The least time between two readings while somebody looks. */
const SEEN_MS = 2000;
const LONGEST_MS = 60000;

/**
 * All kernels of the server with their memory, read again and again while the
 * page is visible.
 */
export class KernelList implements IDisposable {
  /**
   * @param memguard - what is open, and how often to ask.
   * @param rest - the server's half.
   * @param source - reads remote kernels whose document is open.
   * @param sessionsChanged - a session began, ended, or has another name.
   */
  constructor(
    private readonly memguard: IMemguard,
    private readonly rest: Rest,
    private readonly source: MemorySource,
    sessionsChanged: ISignal<unknown, unknown>
  ) {
    this.poll = new Poll<void>({
      name: 'jupyter-memguard:kernels',
      factory: () => this.read(),
      frequency: this.frequency(),
      standby: () => (this.isCut ? true : 'when-hidden')
    });
    memguard.settingsChanged.connect(this.readIfSeen, this);
    sessionsChanged.connect(this.readIfSeen, this);
    document.addEventListener('visibilitychange', this.onVisibility);
  }

  /** The kernels, or null before they are known. */
  get kernels(): readonly IKernelMemory[] | null {
    return this._kernels;
  }

  /** Why the last reading failed, if it did; `kernels` is null then. */
  get failure(): RestFailure | null {
    return this._failure;
  }

  /** What a remote kernel told of itself, by kernel id. */
  get told(): ReadonlyMap<string, Reading> {
    return this._told;
  }

  /** Another reading is there. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this.poll.isDisposed;
  }

  dispose(): void {
    document.removeEventListener('visibilitychange', this.onVisibility);
    this.poll.dispose();
    Signal.clearData(this);
  }

  /** Somebody looks, until the result is disposed. */
  observe(): IDisposable {
    if (this.observers === 0) {
      this._told = new Map();
    }
    this.observers += 1;
    this.readNow();
    return new DisposableDelegate(() => {
      this.observers -= 1;
      this.poll.frequency = this.frequency();
    });
  }

  /** The server is gone: connections that are made anew say when it is back. */
  private get isCut(): boolean {
    const links = [...this.memguard.watched].flatMap(
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
    this.poll.frequency = this.frequency();
    void this.poll.schedule({ interval: Poll.IMMEDIATE, phase: 'refreshed' });
  }

  private readonly onVisibility = (): void => {
    if (!document.hidden) {
      this._told = new Map();
      this.readIfSeen();
    }
  };

  private readIfSeen(): void {
    if (this.observers > 0) {
      this.readNow();
    }
  }

  private frequency() {
    const interval =
      this.observers > 0
        ? Math.max(SEEN_MS, this.memguard.settings.pollSeconds * 1000)
        : UNSEEN_MS;
    return { interval, backoff: true, max: Math.max(LONGEST_MS, interval) };
  }

  private async read(): Promise<void> {
    try {
      this._kernels = await this.rest.kernels();
      this._failure = null;
    } catch (error) {
      this._kernels = null;
      this._failure = error instanceof RestError ? error.code : 'invalid_reply';
      throw error;
    } finally {
      this._changed.emit();
    }
    if (this.observers > 0) {
      void this.askRemote(this._kernels);
    }
  }

  /** Ask the remote ones that we are connected to; each is asked seldom. */
  private async askRemote(kernels: readonly IKernelMemory[]): Promise<void> {
    const told = new Map<string, Reading>();
    await Promise.all(
      kernels
        .filter(kernel => kernel.reason === 'remote')
        .map(async ({ id }) => {
          const connection = watchedWith(this.memguard, id)?.widget
            .sessionContext.session?.kernel;
          if (connection) {
            told.set(id, await this.source.read(connection));
          }
        })
    );
    if (!this.isDisposed) {
      this._told = told;
      this._changed.emit();
    }
  }

  private observers = 0;
  private readonly poll: Poll<void>;
  private _kernels: readonly IKernelMemory[] | null = null;
  private _failure: RestFailure | null = null;
  private _told: ReadonlyMap<string, Reading> = new Map();
  private readonly _changed = new Signal<this, void>(this);
}
