/** Watches kernels for memory that comes near a limit, and for deaths. */

import type { Kernel } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import {
  DisposableDelegate,
  DisposableSet,
  type IDisposable
} from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import { Chunk } from '../../chunk';
import type { IDeath, IMemguard, IWatched } from '../../tokens';
import { attachToEach } from '../../ui/attach';
import type { ILimit, Rest } from '../../wire/rest';
import type { KernelList } from '../kernels/kernelList';
import type { MemoryPoll } from '../poll';
import { watchedWith } from '../retained';
import type { Reading } from '../source';
import { nearestOf } from '../words';
import { seenAtDeath, type IAtDeath } from './death';
import {
  crossingOf,
  isLimited,
  SAFE,
  WARN,
  type ILimited,
  type ISeen
} from './seen';

/**
 * What tells a person. The first warning loads it, so that a death that takes
 * the server with it can be told, too.
 */
const NOTICES = new Chunk(
  () => import(/* webpackChunkName: "warnings" */ './notices')
);

/**
 * What was seen so many seconds ago still shows how a kernel died: a kernel
 * that is not in front is read every ten seconds, and the server needs three
 * to notice that it is gone.
 */
const FRESH_SECONDS = 30;

/** The last end of a kernel's process, of which each document hears itself. */
interface IEnd {
  /** What was seen at it; null if the kernel did not die. */
  readonly seen: Promise<IAtDeath | null>;
  /** The documents that know of it, or came to the kernel after it. */
  readonly told: Set<IWatched>;
  /** By the browser's clock, in milliseconds. */
  readonly at: number;
}

/** A warning that stands, and what it names. */
interface IWarned {
  kernelId: string;
  watched: IWatched;
  warning: IDisposable;
}

/**
 * Warns when a kernel comes near its limit, once per crossing, and says so
 * when a kernel died there. What any kernel died at it tells the model.
 */
export class Warnings implements IDisposable {
  /**
   * @param memguard - What is open.
   * @param rest - Tells how much memory a kernel had when it died.
   * @param trans - The words.
   */
  constructor(memguard: IMemguard, rest: Rest, trans: TranslationBundle) {
    this._memguard = memguard;
    this._rest = rest;
    this._trans = trans;
    this._attached = attachToEach(memguard, watched => this._attach(watched));
  }

  /**
   * Look at every reading of the memory.
   *
   * @param poll - Reads the kernel in front.
   * @param list - Reads all kernels.
   */
  watch(poll: MemoryPoll, list: KernelList): void {
    poll.changed.connect(this._onReading, this);
    list.changed.connect(this._onList, this);
  }

  get isDisposed(): boolean {
    return this._attached.isDisposed;
  }

  dispose(): void {
    Signal.clearData(this);
    this._attached.dispose();
    this._warned.forEach(({ warning }) => warning.dispose());
    this._warned.clear();
  }

  private _onReading(_: unknown, reading: Reading): void {
    if (reading.kind !== 'none') {
      const { kernelId, bytes, limit, level, time } = reading;
      const nearest = nearestOf(reading);
      const oomKills =
        reading.kind === 'process' ? reading.oomKills : undefined;
      this._see(kernelId, { bytes, limit, level, nearest, oomKills, time });
    }
  }

  private _onList(list: KernelList): void {
    for (const kernel of list.kernels ?? []) {
      const { id, rss_bytes: bytes, level, limit, sampled: time } = kernel;
      if (bytes !== null) {
        const nearest = kernel.nearest ?? limit;
        const oomKills = kernel.oom_kills ?? undefined;
        this._see(id, { bytes, limit, level, nearest, oomKills, time });
      }
    }
  }

  private _see(kernelId: string, reading: Omit<ISeen, 'at'>): void {
    const seen: ISeen = { ...reading, at: Date.now() };
    this._seen.set(kernelId, seen);
    if (!isLimited(seen)) {
      return;
    }
    if (seen.level < SAFE) {
      // Only warnings of this kernel: another may be in another container
      // whose limit is as high.
      this._dismissOf(kernelId);
    } else if (seen.level >= WARN) {
      this._cross(kernelId, seen);
    }
  }

  /** A kernel is near its limit: warn, unless that was done already. */
  private _cross(kernelId: string, seen: ILimited): void {
    const crossing = crossingOf(kernelId, seen.nearest);
    if (this._warned.has(crossing)) {
      return;
    }
    const watched = this._whomToWarn(kernelId, seen.nearest);
    if (watched !== null) {
      const warning = new DisposableSet();
      this._warned.set(crossing, { kernelId, watched, warning });
      NOTICES.load().then(
        ({ NearLimitNotice }) => {
          if (!warning.isDisposed) {
            warning.add(new NearLimitNotice(watched, seen, this._trans));
          }
        },
        () => {
          // The next reading tries again.
          if (!warning.isDisposed) {
            this._warned.delete(crossing);
          }
        }
      );
    }
  }

  /**
   * The document to warn about: of those whose kernels share a limit it is the
   * one in front.
   */
  private _whomToWarn(kernelId: string, nearest: ILimit): IWatched | null {
    const front = this._memguard.current?.widget.sessionContext.session?.kernel;
    const isFrontMeant =
      front &&
      front.id !== kernelId &&
      crossingOf(front.id, this._seen.get(front.id)?.nearest ?? nearest) ===
        crossingOf(kernelId, nearest);
    return isFrontMeant ? null : watchedWith(this._memguard, kernelId);
  }

  /** Follow a document's kernel, whose end ends the warnings about it. */
  private _attach(watched: IWatched): IDisposable {
    const { sessionContext } = watched.widget;
    // A session that has ended no longer names its kernel.
    let kernelId = sessionContext.session?.kernel?.id;
    const come = (id: string | undefined) =>
      this._ends.get(id ?? '')?.told.add(watched);
    come(kernelId);
    let restart: ReturnType<typeof setTimeout> | undefined;
    /** How often a person has begun anew with a kernel. */
    let begun = 0;
    const begin = () => {
      begun++;
      watched.model.death = null;
    };
    const onKernel = () => {
      const id = sessionContext.session?.kernel?.id;
      if (kernelId !== id) {
        this._leave(watched, kernelId);
        if (id !== undefined) {
          begin();
          come(id);
        }
      }
      kernelId = id;
    };
    const onStatus = (_: unknown, status: Kernel.Status) => {
      if (kernelId === undefined) {
        return;
      }
      if (status === 'autorestarting' || status === 'dead') {
        clearTimeout(restart);
        const life = begun;
        void this._onDeath(watched, kernelId, status, () => life === begun);
      } else if (status === 'restarting') {
        // This also comes just before 'autorestarting', which needs what was
        // seen: only a restart of which that does not come is a person's.
        this._dismissOf(kernelId);
        restart = setTimeout(begin);
      }
    };
    sessionContext.kernelChanged.connect(onKernel);
    sessionContext.statusChanged.connect(onStatus);
    return new DisposableDelegate(() => {
      clearTimeout(restart);
      sessionContext.kernelChanged.disconnect(onKernel);
      sessionContext.statusChanged.disconnect(onStatus);
      this._leave(watched, kernelId);
    });
  }

  /** A document was closed or has another kernel now. */
  private _leave(watched: IWatched, kernelId: string | undefined): void {
    if (kernelId === undefined) {
      return;
    }
    if (watchedWith(this._memguard, kernelId) === null) {
      this._forget(kernelId);
      this._ends.delete(kernelId);
    } else {
      // Another document still has the kernel.
      this._dismissWhere(warned => warned.watched === watched);
    }
  }

  /**
   * A kernel's process has ended. Each of its documents tells that.
   *
   * @param watched - Its document.
   * @param kernelId - The kernel.
   * @param status - Whether it is started anew.
   * @param isLast - Whether no person has begun anew with a kernel since.
   */
  private async _onDeath(
    watched: IWatched,
    kernelId: string,
    status: 'autorestarting' | 'dead',
    isLast: () => boolean
  ): Promise<void> {
    const end = this._endOf(kernelId, watched);
    if (end === null) {
      if (status === 'autorestarting') {
        // One that ends again and again was maybe seen before the first end.
        watched.model.death ??= { bytes: null, limitBytes: null };
      }
      return;
    }
    const isFirst = end.told.size === 0;
    end.told.add(watched);
    const seen = await end.seen;
    if (seen === null) {
      return;
    }
    if (isLast()) {
      const limitBytes = seen.limit?.limit_bytes ?? null;
      const death: IDeath = { bytes: seen.bytes, limitBytes };
      watched.model.death = seen.wasKilled ? { ...death, killed: true } : death;
    }
    if (
      isFirst &&
      (seen.wasKilled || (isLimited(seen) && seen.level >= WARN))
    ) {
      NOTICES.load().then(
        ({ tellDeath }) => tellDeath(watched, seen, this._trans),
        () => undefined
      );
    }
  }

  /**
   * The end of a process that a document tells of.
   *
   * @returns null if nothing was seen of the process shortly before.
   */
  private _endOf(kernelId: string, watched: IWatched): IEnd | null {
    const now = Date.now();
    const end = this._ends.get(kernelId);
    if (end && !end.told.has(watched) && now - end.at <= this._freshMs) {
      // Another document was the first to tell of it. What was seen since is
      // the next process.
      return end;
    }
    const last = this._seen.get(kernelId);
    this._forget(kernelId);
    if (last === undefined || now - last.at > this._freshMs) {
      return null;
    }
    const seen = seenAtDeath(this._rest, kernelId, last);
    const next = { seen, told: new Set<IWatched>(), at: now };
    this._ends.set(kernelId, next);
    return next;
  }

  /** Older readings, as from before the page was hidden, show nothing. */
  private get _freshMs(): number {
    const { pollSeconds } = this._memguard.settings;
    return 1000 * Math.max(FRESH_SECONDS, 2 * pollSeconds);
  }

  private _forget(kernelId: string): void {
    this._seen.delete(kernelId);
    this._dismissOf(kernelId);
  }

  /** Take back the warnings that name a kernel, whatever their limits. */
  private _dismissOf(kernelId: string): void {
    this._dismissWhere(warned => warned.kernelId === kernelId);
  }

  private _dismissWhere(isMeant: (warned: IWarned) => boolean): void {
    for (const [crossing, warned] of [...this._warned]) {
      if (isMeant(warned)) {
        warned.warning.dispose();
        this._warned.delete(crossing);
      }
    }
  }

  private readonly _memguard: IMemguard;
  private readonly _rest: Rest;
  private readonly _trans: TranslationBundle;
  private readonly _seen = new Map<string, ISeen>();
  private readonly _ends = new Map<string, IEnd>();
  /** The warnings that stand, by crossing. */
  private readonly _warned = new Map<string, IWarned>();
  private readonly _attached: IDisposable;
}
