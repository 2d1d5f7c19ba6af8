/** Samples of a process's memory. */

import type { ISample } from '../../wire/rest';

/** Above so many samples, some are dropped. */
const MANY = 4000;

/** The samples of one process in order of time: the server's and our own. */
export class SampleStore {
  /** The samples, the oldest first. */
  get samples(): readonly ISample[] {
    return this._samples;
  }

  /** The time of the newest sample that the server took by itself, or 0. */
  get newest(): number {
    return this._newest;
  }

  /**
   * Add samples that the server took by itself.
   *
   * @param samples - The samples, in order of time.
   */
  addTaken(samples: readonly ISample[]): void {
    if (samples.length > 0) {
      this._newest = samples[samples.length - 1].time;
      this.add(samples);
    }
  }

  /**
   * Add samples.
   *
   * @param samples - The samples, in order of time.
   */
  add(samples: readonly ISample[]): void {
    this._samples = [...this._samples, ...samples].sort(
      (one, other) => one.time - other.time
    );
    if (this._samples.length > MANY) {
      this._samples = thinned(this._samples);
    }
  }

  /**
   * Drop the samples before a time, except the last of them.
   *
   * @param time - The time, in seconds since the epoch.
   */
  keepFrom(time: number): void {
    const after = this._samples.findIndex(sample => sample.time > time);
    const first = after < 0 ? this._samples.length : after;
    this._samples = this._samples.slice(Math.max(0, first - 1));
  }

  /** Drop everything, because there is another process. */
  clear(): void {
    this._samples = [];
    this._newest = 0;
  }

  private _samples: ISample[] = [];
  private _newest = 0;
}

/** The greater of each two samples, and the first and the last of all. */
function thinned(samples: readonly ISample[]): ISample[] {
  const kept = [samples[0]];
  for (let index = 1; index < samples.length - 2; index += 2) {
    const [one, other] = [samples[index], samples[index + 1]];
    kept.push(one.rssBytes > other.rssBytes ? one : other);
  }
  kept.push(samples[samples.length - 1]);
  return kept;
}
