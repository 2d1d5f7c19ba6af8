import type { ISample } from '../../wire/rest';

/** More samples than this are thinned out. */
const MANY = 4000;

/** Samples of one process in order of time, from the server and from us. */
export class SampleStore {
  /** The samples, the oldest first. */
  get samples(): readonly ISample[] {
    return this._samples;
  }

  /** The time of the newest sample that the server took by itself, or 0. */
  get newest(): number {
    return this._newest;
  }

  /** Add samples that the server took by itself, in order of time. */
  addTaken(samples: readonly ISample[]): void {
    if (samples.length > 0) {
      this._newest = samples[samples.length - 1].time;
      this.add(samples);
    }
  }

  /** Add samples in order of time. */
  add(samples: readonly ISample[]): void {
    this._samples = [...this._samples, ...samples].sort(
      (one, other) => one.time - other.time
    );
    if (this._samples.length > MANY) {
      this._samples = thinned(this._samples);
    }
  }

  /** Drop what lies before a time, but for the last sample before it. */
  keepFrom(time: number): void {
    const after = this._samples.findIndex(sample => sample.time > time);
    const first = after < 0 ? this._samples.length : after;
    this._samples = this._samples.slice(Math.max(0, first - 1));
  }

  /** Drop everything: the process is another one. */
  clear(): void {
    this._samples = [];
    this._newest = 0;
  }

  private _samples: ISample[] = [];
  private _newest = 0;
}

/** Of each two samples the greater, and the first and the last of all. */
function thinned(samples: readonly ISample[]): ISample[] {
  const kept = [samples[0]];
  for (let index = 1; index < samples.length - 2; index += 2) {
    const [one, other] = [samples[index], samples[index + 1]];
    kept.push(one.rssBytes > other.rssBytes ? one : other);
  }
  kept.push(samples[samples.length - 1]);
  return kept;
}
