/** Measures runs by the samples before, during and after them. */

import type { ISample } from '../../wire/rest';

/** When a run of a cell began and ended, in seconds since the epoch. */
export interface ISpan {
  start: number;
  end: number;
}

/** What the kernel's memory did during a run, in bytes. */
interface IChange {
  /** What was resident after the run, less what was before it. */
  delta: number;
  /** The most that was resident during it, less what was before it. */
  peak: number;
}

/** Successive runs that no sample parts, and what they did together. */
export interface IStretch<T extends ISpan> {
  runs: T[];
  change: IChange;
  /** When the sample after them was taken. */
  until: number;
}

/**
 * Measure runs by a sample between each two of them, so that their changes
 * add up to the whole change.
 *
 * Where there is no sample between two runs, the first sample within the
 * second run is taken. Runs too short to have one are measured together.
 *
 * The peak is the high-water mark if that rose, else the greatest sample. A
 * peak between two samples that stays below an older mark is not seen.
 *
 * @param runs - The runs of one process, in order.
 * @param samples - The samples of that process, in order of time.
 * @param from - Samples before this time belong to earlier runs.
 * @param next - When the run after the last one began; Infinity if none has.
 * @returns the stretches. The last runs are missing while there is no sample
 * after them, the first ones if there is none before them.
 */
export function measure<T extends ISpan>(
  runs: readonly T[],
  samples: readonly ISample[],
  from: number,
  next: number
): IStretch<T>[] {
  const stretches: IStretch<T>[] = [];
  const known = samples.filter(sample => sample.time >= from);
  let before = parting(known, { start: -Infinity, end: from }, runs[0])?.last;
  let waiting: T[] = [];
  runs.forEach((run, index) => {
    const follower = runs[index + 1] ?? { start: next, end: Infinity };
    const parted = parting(known, run, follower);
    waiting.push(run);
    if (parted === undefined) {
      return;
    }
    if (before !== undefined) {
      stretches.push({
        runs: waiting,
        change: changeOf(known, before, parted.first),
        until: parted.first.time
      });
    }
    before = parted.last;
    waiting = [];
  });
  return stretches;
}

/**
 * The samples that part two runs: the first and the last between them, which
 * differ if something happened there. If there is none, it is the first
 * sample that was taken while the second run went on.
 */
function parting(
  samples: readonly ISample[],
  run: ISpan,
  follower: ISpan
): { first: ISample; last: ISample } | undefined {
  const gap = samples.filter(
    ({ time }) => time >= run.end && time <= follower.start
  );
  if (gap.length > 0) {
    // A sample with a high-water mark is better, and comes soon after.
    const marked = gap.find(sample => sample.highWaterBytes !== null);
    return { first: marked ?? gap[0], last: gap[gap.length - 1] };
  }
  // A sample after a run's end is better than one before it: at its end a run
  // gives much memory back.
  const late = samples.find(
    ({ time }) => time >= run.end && time < follower.end
  );
  return late && { first: late, last: late };
}

function changeOf(
  samples: readonly ISample[],
  before: ISample,
  after: ISample
): IChange {
  const within = samples.filter(
    ({ time }) => time >= before.time && time <= after.time
  );
  const seen = Math.max(...within.map(sample => sample.rssBytes));
  const marks = within.flatMap(sample => sample.highWaterBytes ?? []);
  const mark = marks[marks.length - 1];
  return {
    delta: after.rssBytes - before.rssBytes,
    peak: (mark > marks[0] ? Math.max(mark, seen) : seen) - before.rssBytes
  };
}
