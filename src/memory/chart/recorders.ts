/** The recorders of all open documents, loaded when the first one opens. */

import { Chunk } from '../../chunk';
import type { IMemguard, IWatched } from '../../tokens';
import { attachToEach } from '../../ui/attach';
import type { Rest } from '../../wire/rest';
import type { MemoryPoll } from '../poll';
import type { Reading } from '../source';
import type { RunRecorder } from './runs';

/** Finds the recorder of a document. */
type RecorderOf = (watched: IWatched) => RunRecorder | null;

/** Records the runs of every open document's cells. */
export class RunRecorders {
  /**
   * @param memguard - What is open.
   * @param poll - Reads the memory of the kernel in front.
   * @param rest - The server's half.
   */
  constructor(memguard: IMemguard, poll: MemoryPoll, rest: Rest) {
    this._memguard = memguard;
    this._rest = rest;
    memguard.added.connect(this._onAdded, this);
    if ([...memguard.watched].length > 0) {
      this._onAdded();
    }
    poll.changed.connect((_, reading) => this._add(reading));
  }

  /**
   * Load what records, unless that is done or under way. After a failure, the
   * next document, or the next look at the chart, tries again.
   *
   * @returns what finds a document's recorder.
   */
  load(): Promise<RecorderOf> {
    return this._chunk.load();
  }

  private _onAdded(): void {
    this.load().catch(() => undefined);
  }

  private async _load(): Promise<RecorderOf> {
    const { RunRecorder } = await import(
      /* webpackChunkName: "runs" */ './runs'
    );
    attachToEach(this._memguard, watched => {
      const recorder = new RunRecorder(
        watched.widget.sessionContext,
        this._rest,
        watched.agent.cellRuns
      );
      this._recorders.set(watched, recorder);
      return recorder;
    });
    return watched => this._recorders.get(watched) ?? null;
  }

  /** Let the recorder in front have a reading of the poll. */
  private _add(reading: Reading): void {
    const { current } = this._memguard;
    const recorder = current && this._recorders.get(current);
    if (reading.kind === 'none' || !recorder) {
      return;
    }
    const { time, bytes: rssBytes } = reading;
    const sample = { time, rssBytes, highWaterBytes: null };
    if (reading.kind === 'process') {
      recorder.add(sample);
    } else {
      recorder.addTold(sample);
    }
  }

  private readonly _memguard: IMemguard;
  private readonly _rest: Rest;
  private readonly _recorders = new WeakMap<IWatched, RunRecorder>();
  private readonly _chunk = new Chunk(() => this._load());
}
