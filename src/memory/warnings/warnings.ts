import { Notification } from '@jupyterlab/apputils';
import type { Kernel } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { DisposableDelegate, IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import { attachToEach } from '../../ui/attach';
import { formatBytes } from '../../ui/format';
import { RestError, type ILimit, type Rest } from '../../wire/rest';
import type { IMemguard, IWatched } from '../../tokens';
import { isFree } from '../../kernel/kernelFree';
import type { KernelList } from '../kernels/kernelList';
import { isShared, percentOf } from '../level';
import type { MemoryPoll } from '../poll';
import { IRetained, retainedOf, watchedWith } from '../retained';
import type { Reading } from '../source';
import { nearestOf } from '../words';

/** The level at which a kernel's memory is warned of. */
const WARN = 0.9;
/** Under this level a kernel is safe again, and a new crossing is a new one. */
const SAFE = 0.88;
/** Samples of so long before the last one tell how a kernel died, in seconds. */
const LAST_SECONDS = 15;
/**
 * What was seen so long ago still tells how a kernel died: one behind is read
 * every ten seconds, and it takes the server three to see that it is gone.
 */
const FRESH_SECONDS = 30;

/** A free kernel has so long to tell what it retains, in milliseconds. */
const HOLD_MS = 2000;
/**
 * JupyterLab loses what a notification is updated with before it stands on
 * the page, which it does after so long, in milliseconds.
 */
const STANDS_MS = 2000;
/** JupyterLab shows so many characters of a notification, and no more. */
const MOST_SHOWN = 140;
/** So much of a document's name tells which one it is. */
const LEAST_NAME = 8;

/** What was last seen of a kernel. */
export interface ISeen {
  /** Its own resident bytes. */
  bytes: number;
  level: number;
  /** The limit that `level` is of. */
  nearest: ILimit;
  /** When, in seconds since the epoch, by the server's clock. */
  time: number;
  /** The same by the browser's clock, in milliseconds. */
  at: number;
}

/** A warning that stands, and what it names. */
interface IWarned {
  kernelId: string;
  watched: IWatched;
  warning: IDisposable;
}

/**
 * Says so when a kernel comes near its limit, once per crossing, and when a
 * kernel died there.
 */
export class Warnings implements IDisposable {
  /**
   * @param memguard - what is open.
   * @param rest - tells how much memory a kernel had when it died.
   * @param trans - the translator.
   */
  constructor(
    private readonly memguard: IMemguard,
    private readonly rest: Rest,
    private readonly trans: TranslationBundle
  ) {
    this.attached = attachToEach(memguard, watched => this.attach(watched));
  }

  /** Look at what the polls read. */
  watch(poll: MemoryPoll, list: KernelList): void {
    poll.changed.connect(this.onReading, this);
    list.changed.connect(this.onList, this);
  }

  get isDisposed(): boolean {
    return this.attached.isDisposed;
  }

  dispose(): void {
    Signal.clearData(this);
    this.attached.dispose();
    this.warned.forEach(({ warning }) => warning.dispose());
    this.warned.clear();
  }

  private onReading(_: unknown, reading: Reading): void {
    if (reading.kind !== 'none') {
      const { kernelId, bytes, level, time } = reading;
      this.see(kernelId, bytes, level, nearestOf(reading), time);
    }
  }

  private onList(list: KernelList): void {
    for (const kernel of list.kernels ?? []) {
      const { id, rss_bytes, level, limit, nearest, sampled } = kernel;
      if (rss_bytes !== null) {
        this.see(id, rss_bytes, level, nearest ?? limit, sampled);
      }
    }
  }

  private see(
    kernelId: string,
    bytes: number,
    level: number | null,
    nearest: ILimit | null,
    time: number
  ): void {
    if (level === null || nearest === null) {
      return;
    }
    const seen = { bytes, level, nearest, time, at: Date.now() };
    this.seen.set(kernelId, seen);
    if (level < SAFE) {
      // Another kernel may be in another group with as high a limit.
      this.dismissOf(kernelId);
      return;
    }
    const crossing = crossingOf(kernelId, nearest);
    if (level >= WARN && !this.warned.has(crossing)) {
      const watched = this.whomToWarn(kernelId, nearest);
      if (watched) {
        const warning = this.warn(watched, seen);
        this.warned.set(crossing, { kernelId, watched, warning });
      }
    }
  }

  /** Of a limit that many share one is told, the one in front if it has it. */
  private whomToWarn(kernelId: string, nearest: ILimit): IWatched | null {
    const front = this.memguard.current?.widget.sessionContext.session?.kernel;
    const isFrontMeant =
      front &&
      front.id !== kernelId &&
      crossingOf(front.id, this.seen.get(front.id)?.nearest ?? nearest) ===
        crossingOf(kernelId, nearest);
    return isFrontMeant ? null : watchedWith(this.memguard, kernelId);
  }

  /** The crossing is over: the kernel is safe again, or gone. */
  private dismiss(crossing: string): void {
    this.warned.get(crossing)?.warning.dispose();
    this.warned.delete(crossing);
  }

  /**
   * Warn, with what is retained as soon as the kernel has told it: a free
   * kernel is waited for a moment, what is told later is added.
   */
  private warn(watched: IWatched, seen: ISeen): IDisposable {
    const { trans } = this;
    const { model, agent } = watched;
    const canFree =
      agent.state.kind === 'ready' || agent.state.kind === 'installing';
    const free = {
      label: trans.__('Free memory'),
      caption: trans.__('Release the results that the kernel retains'),
      displayType: 'accent' as const,
      callback: () => void model.release({ kind: 'large' })
    };
    const options = {
      autoClose: false as const,
      actions: canFree ? [free] : []
    };
    let id: string | null = null;
    let stands: Promise<void> = Promise.resolve();
    let isOver = false;
    let hold: ReturnType<typeof setTimeout> | undefined;
    const show = (more: string) => {
      clearTimeout(hold);
      const message = fitting(
        nameOf(watched),
        name => nearText(name, seen, trans) + more
      );
      if (id === null) {
        id = Notification.warning(message, options);
        stands = new Promise(resolve => setTimeout(resolve, STANDS_MS));
        return;
      }
      const shown = id;
      void stands.then(() => {
        if (!isOver) {
          Notification.update({ id: shown, message, ...options });
        }
      });
    };
    const asking = model.observe();
    const earlier = model.report;
    const stop = () => {
      asking.dispose();
      model.changed.disconnect(tell);
    };
    const tell = () => {
      const retained = retainedOf(watched);
      if (retained !== null && model.report !== earlier) {
        stop();
        show(' ' + retainedText(retained, trans));
      }
    };
    model.changed.connect(tell);
    if (isFree(agent)) {
      hold = setTimeout(() => show(''), HOLD_MS);
    } else {
      show('');
    }
    return new DisposableDelegate(() => {
      isOver = true;
      clearTimeout(hold);
      stop();
      if (id !== null) {
        Notification.dismiss(id);
      }
    });
  }

  private attach(watched: IWatched): IDisposable {
    const { sessionContext } = watched.widget;
    // A session that has ended no more says which kernel it had.
    let kernelId = sessionContext.session?.kernel?.id;
    const leave = () => {
      if (kernelId === undefined) {
        return;
      }
      if (watchedWith(this.memguard, kernelId) === null) {
        this.forget(kernelId);
      } else {
        // Another document still has it.
        this.dismissWhere(warned => warned.watched === watched);
      }
    };
    const onKernel = () => {
      const id = sessionContext.session?.kernel?.id;
      if (kernelId !== id) {
        leave();
      }
      kernelId = id;
    };
    const onStatus = (_: unknown, status: Kernel.Status) => {
      if (kernelId === undefined) {
        return;
      }
      if (status === 'autorestarting' || status === 'dead') {
        void this.onDeath(watched, kernelId);
      } else if (status === 'restarting') {
        // Also comes before 'autorestarting': what was seen is still needed.
        this.dismissOf(kernelId);
      }
    };
    sessionContext.kernelChanged.connect(onKernel);
    sessionContext.statusChanged.connect(onStatus);
    return new DisposableDelegate(() => {
      sessionContext.kernelChanged.disconnect(onKernel);
      sessionContext.statusChanged.disconnect(onStatus);
      leave();
    });
  }

  private async onDeath(watched: IWatched, kernelId: string): Promise<void> {
    const last = this.seen.get(kernelId);
    this.forget(kernelId);
    if (last === undefined || Date.now() - last.at > this.freshMs) {
      return;
    }
    const seen = await this.atTheEnd(kernelId, last);
    if (seen !== null && seen.level >= WARN) {
      const text = fitting(nameOf(watched), name =>
        deathText(name, seen, this.trans)
      );
      Notification.error(text, { autoClose: false });
    }
  }

  /**
   * A kernel that grew fast died above what was seen last. Null if it did not
   * die: the server knows one that did, but not one that was shut down.
   */
  private async atTheEnd(kernelId: string, last: ISeen): Promise<ISeen | null> {
    try {
      const samples = await this.rest.samples(kernelId, last.time);
      const end = Math.max(...samples.map(sample => sample.time));
      const bytes = Math.max(
        last.bytes,
        ...samples
          .filter(sample => sample.time >= end - LAST_SECONDS)
          .map(sample => sample.rssBytes)
      );
      const grown = (bytes - last.bytes) / last.nearest.limit_bytes;
      return { ...last, bytes, level: Math.min(1, last.level + grown) };
    } catch (error) {
      const isShutDown =
        error instanceof RestError && error.code === 'unknown_kernel';
      return isShutDown ? null : last;
    }
  }

  /** What was seen longer ago, as before the page was hidden, tells nothing. */
  private get freshMs(): number {
    const { pollSeconds } = this.memguard.settings;
    return 1000 * Math.max(FRESH_SECONDS, 2 * pollSeconds);
  }

  private forget(kernelId: string): void {
    this.seen.delete(kernelId);
    this.dismissOf(kernelId);
  }

  /** The process that a warning names is gone, whatever the limit was of. */
  private dismissOf(kernelId: string): void {
    this.dismissWhere(warned => warned.kernelId === kernelId);
  }

  private dismissWhere(isMeant: (warned: IWarned) => boolean): void {
    for (const [crossing, warned] of [...this.warned]) {
      if (isMeant(warned)) {
        this.dismiss(crossing);
      }
    }
  }

  private readonly seen = new Map<string, ISeen>();
  /** The warnings that stand, by crossing. */
  private readonly warned = new Map<string, IWarned>();
  private readonly attached: IDisposable;
}

/** A text about a document, whose name is cut so that all of it is shown. */
function fitting(name: string, say: (name: string) => string): string {
  const over = say(name).length - MOST_SHOWN;
  const kept = Math.max(LEAST_NAME, name.length - over - 1);
  return over > 0 && kept < name.length
    ? say(name.slice(0, kept) + '…')
    : say(name);
}

function nameOf(watched: IWatched): string {
  return watched.widget.title.label;
}

function nearText(name: string, seen: ISeen, trans: TranslationBundle): string {
  const { bytes, level, nearest } = seen;
  const limit = formatBytes(nearest.limit_bytes);
  switch (nearest.source) {
    case 'cgroup1':
    case 'cgroup2':
      return trans.__(
        'The container of %1 is %2 % full (%3, shared); its kernel uses %4.',
        name,
        percentOf(level),
        limit,
        formatBytes(bytes)
      );
    case 'machine':
      return trans.__(
        'The machine of %1 is %2 % full (%3, shared); its kernel uses %4.',
        name,
        percentOf(level),
        limit,
        formatBytes(bytes)
      );
    case 'rlimit_as':
      return trans.__(
        'The address space of %1 is %2 % full (%3); its kernel uses %4 of memory.',
        name,
        percentOf(level),
        limit,
        formatBytes(bytes)
      );
    default:
      return trans.__(
        'The kernel of %1 uses %2, %3 % of its limit of %4.',
        name,
        formatBytes(bytes),
        percentOf(level),
        limit
      );
  }
}

function retainedText(retained: IRetained, trans: TranslationBundle): string {
  const bytes = formatBytes(retained.bytes);
  return retained.exact
    ? trans.__('%1 of it is retained results.', bytes)
    : trans.__('At least %1 of it is retained results.', bytes);
}

function deathText(
  name: string,
  seen: ISeen,
  trans: TranslationBundle
): string {
  return trans.__(
    'The kernel of %1 died at %2, with %3 % of the limit of %4 in use. It probably ran out of memory.',
    name,
    formatBytes(seen.bytes),
    percentOf(seen.level),
    formatBytes(seen.nearest.limit_bytes)
  );
}

/** What a crossing is of: a kernel's own limit, or one that many share. */
function crossingOf(kernelId: string, nearest: ILimit): string {
  return isShared(nearest)
    ? `${nearest.source} ${nearest.limit_bytes}`
    : kernelId;
}
