/** What each run of a cell made grow, by comparing two overviews. */

import type { ICellRuns, IGrowth, IGrownPart, RunStep } from '../tokens';
import type { IHoard, IOverview, IReport, IRest } from '../wire/protocol';
import { freedBy, isKnown, likelyBytes } from './figures';
import { MOST_VARIABLES } from './reading';

/** For so many runs it is kept what grew. */
const KEPT = 200;

/** A change of less than this is not told, in bytes. */
const LEAST_BYTES = 1024 * 1024;

/** Nor one of less than this part of the greatest. */
const LEAST_SHARE = 0.05;

/** So many changes are told of a run. */
const MOST_PARTS = 4;

/** The parts of an overview, but for the variables, which have names. */
const PARTS = [
  'results',
  'shared',
  'shown',
  'tracebacks',
  'free',
  'mapped',
  'rest'
] as const;

/** Bytes by name; null where a figure tells too little to be compared. */
type Sizes = ReadonlyMap<string, number | null>;

/** An overview without what it is of: names and bytes alone. */
interface ISnapshot {
  /** The id of the run after which it was taken; null: none was seen. */
  readonly runId: string | null;
  /** The n of the last `In[n]` before it. */
  readonly executed: number;
  readonly bytes: number | null;
  readonly variables: Sizes;
  /** Whether a variable that is not named may be worth telling. */
  readonly isCut: boolean;
  readonly parts: Sizes;
  /** The hoards by kind; null as long as nobody has asked for them. */
  readonly hoards: Sizes | null;
}

/**
 * Compares each overview with the last one before the same run. It keeps
 * names and bytes, for as long as the page and the kernel are there.
 */
export class Growth {
  /** @param runs - The runs of the document's kernel. */
  constructor(runs: ICellRuns) {
    runs.step.connect(this._onStep, this);
  }

  /** Note that a report has come: the next overview belongs to it. */
  noteReport(): void {
    this._reportRunId = this._runId;
  }

  /**
   * Take an overview. One before which a cell began after its report is left
   * out: it may have been read on either side of what that cell did.
   *
   * @param overview - The overview.
   * @param report - The report before it.
   */
  take(overview: IOverview, report: IReport): void {
    const runId = this._runId;
    if (runId !== this._reportRunId) {
      return;
    }
    const isSameRun = this._newest !== null && this._newest.runId === runId;
    const hoards = isSameRun ? (this._newest?.hoards ?? null) : null;
    this._add({
      ...snapshotOf(overview),
      runId,
      executed: report.execution_count - 1,
      hoards
    });
  }

  /**
   * Take what the kernel told of the rest, after the newest overview.
   *
   * @param rest - Who holds it.
   */
  takeRest(rest: IRest): void {
    if (this._newest !== null && this._newest.runId === this._runId) {
      this._add({ ...this._newest, hoards: hoardSizes(rest.hoards) });
    }
  }

  /**
   * What a run of a cell changed.
   *
   * @param runId - The id of its request.
   * @returns null if it is not known.
   */
  of(runId: string): IGrowth | null {
    return this._known.get(runId) ?? null;
  }

  /** Forget everything: the kernel is another one. */
  forget(): void {
    this._runId = null;
    this._reportRunId = null;
    this._newest = null;
    this._before = null;
    this._known.clear();
  }

  private _onStep(_: ICellRuns, { kind, id }: RunStep): void {
    // A run without this step is not a cell's.
    if (kind === 'input') {
      this._runId = id;
    }
  }

  private _add(snapshot: ISnapshot): void {
    if (this._newest?.runId !== snapshot.runId) {
      this._before = this._newest;
    }
    this._newest = snapshot;
    if (this._before === null || snapshot.runId === null) {
      return;
    }
    this._known.delete(snapshot.runId);
    this._known.set(snapshot.runId, growth(this._before, snapshot));
    for (const id of this._known.keys()) {
      if (this._known.size <= KEPT) {
        break;
      }
      this._known.delete(id);
    }
  }

  /** The id of the last run that began. */
  private _runId: string | null = null;
  /** The same when the last report came. */
  private _reportRunId: string | null = null;
  private _newest: ISnapshot | null = null;
  /** The last one of an earlier run than the newest's. */
  private _before: ISnapshot | null = null;
  private readonly _known = new Map<string, IGrowth>();
}

function snapshotOf(
  overview: IOverview
): Omit<ISnapshot, 'runId' | 'executed' | 'hoards'> {
  const { largest, rss_bytes: bytes } = overview;
  const sizes = largest.map(variable => likelyBytes(freedBy(variable)));
  const isLong = largest.length >= MOST_VARIABLES;
  return {
    bytes,
    variables: new Map(
      largest.map(variable => {
        const figure = freedBy(variable);
        return [variable.name, isKnown(figure) ? likelyBytes(figure) : null];
      })
    ),
    isCut: isLong && Math.min(...sizes) >= LEAST_BYTES,
    parts: new Map(
      PARTS.map(name => {
        const { bytes: part, exact, estimate_bytes } = overview[name];
        const isTold = exact || estimate_bytes !== null || part > 0;
        return [name, isTold ? part : null];
      })
    )
  };
}

function hoardSizes(hoards: readonly IHoard[]): Sizes {
  const sizes = new Map<string, number>();
  for (const { kind, bytes, part } of hoards) {
    // The others are in parts that are compared anyway.
    if (part === 'rest') {
      sizes.set(kind, (sizes.get(kind) ?? 0) + bytes);
    }
  }
  return sizes;
}

/** What changed from one to the other. */
function growth(before: ISnapshot, after: ISnapshot): IGrowth {
  const { hoards } = after;
  const hoarded =
    before.hoards === null || hoards === null
      ? []
      : changes('hoard', before.hoards, hoards, 0);
  const parts = changes('part', before.parts, after.parts, 0);
  const all = [
    ...changes(
      'variable',
      before.variables,
      after.variables,
      before.isCut || after.isCut ? null : 0
    ),
    ...hoarded,
    ...parts.map(part =>
      part.name === 'rest'
        ? { ...part, bytes: part.bytes - sumOf(hoarded) }
        : part
    )
  ].sort((one, other) => Math.abs(other.bytes) - Math.abs(one.bytes));
  const greatest = Math.abs(all[0]?.bytes ?? 0);
  const least = Math.max(LEAST_BYTES, LEAST_SHARE * greatest);
  return {
    since: before.executed,
    bytes:
      before.bytes === null || after.bytes === null
        ? null
        : after.bytes - before.bytes,
    parts: all
      .filter(({ bytes }) => Math.abs(bytes) >= least)
      .slice(0, MOST_PARTS)
  };
}

function sumOf(parts: readonly IGrownPart[]): number {
  return parts.reduce((sum, { bytes }) => sum + bytes, 0);
}

/**
 * What changed by name.
 *
 * @param absent - The bytes of what one of the two does not name; null if
 * that is not known.
 */
function changes(
  kind: IGrownPart['kind'],
  before: Sizes,
  after: Sizes,
  absent: number | null
): IGrownPart[] {
  const sizeIn = (sizes: Sizes, name: string): number | null => {
    const size = sizes.get(name);
    return size === undefined ? absent : size;
  };
  return [...new Set([...before.keys(), ...after.keys()])].flatMap(name => {
    const from = sizeIn(before, name);
    const to = sizeIn(after, name);
    return from === null || to === null || from === to
      ? []
      : [{ kind, name, bytes: to - from }];
  });
}
