/** The runs of cells that go on, put together from their steps. */

import type { ICellRuns, RunStep } from '../../tokens';
import type { ISpan } from './stretches';

/** A kernel's messages come in order; an earlier time is another clock's. */
const PUT_BACK_SECONDS = 1;

/** One run of a cell. */
export interface IRun extends ISpan {
  /** The id of the request that ran it. */
  id: string;
  /** The n of `In[n]`. */
  count: number;
  cellId: string | null;
}

/** A run that is not complete. */
interface IOpenRun {
  cellId: string | null;
  start: number | null;
  count: number | null;
}

/** What happens to runs. */
interface IRunEvents {
  /** A cell was sent to the kernel. */
  onSent(): void;
  /** A run is complete. */
  onFinished(run: IRun): void;
  /** Another client has restarted the kernel, which no signal says. */
  onRestarted(): void;
  /** The kernel's clock was put back. */
  onClockPutBack(): void;
}

/** Follows the runs of a document's kernel from their begin to their end. */
export class OpenRuns {
  /**
   * @param runs - The steps of runs.
   * @param events - Who is told what happens to runs.
   */
  constructor(runs: ICellRuns, events: IRunEvents) {
    this._runs = runs;
    this._events = events;
    runs.step.connect(this._onStep, this);
  }

  /** How many runs go on. */
  get size(): number {
    return this._open.size;
  }

  /** When the runs began that go on, in seconds by the kernel's clock. */
  get starts(): readonly number[] {
    return [...this._open.values()].flatMap(({ start }) => start ?? []);
  }

  /** Forget the runs that go on: nobody will say when they end. */
  clear(): void {
    this._open.clear();
  }

  /** Expect another process, which counts from 1 again. */
  countAnew(): void {
    this._count = 0;
  }

  dispose(): void {
    this._runs.step.disconnect(this._onStep, this);
  }

  private _onStep(_: ICellRuns, step: RunStep): void {
    const { id, cellId } = step;
    const run = this._open.get(id) ?? { cellId, start: null, count: null };
    switch (step.kind) {
      case 'sent':
        this._open.set(id, run);
        this._events.onSent();
        break;
      case 'busy':
        this._tick(step.time);
        run.start = step.time;
        this._open.set(id, run);
        break;
      case 'input':
        this._onInput(id, run, step.count);
        break;
      case 'idle':
        this._tick(step.time);
        this._onEnd(id, run, step.time);
    }
  }

  private _onInput(id: string, run: IOpenRun, count: number): void {
    if (count < this._count) {
      for (const [other, { start }] of this._open) {
        if (start !== null && other !== id) {
          this._open.delete(other);
        }
      }
      this._events.onRestarted();
    }
    this._count = count;
    run.count = count;
  }

  private _onEnd(id: string, run: IOpenRun, time: number): void {
    const { cellId, start, count } = run;
    this._open.delete(id);
    if (start !== null && count !== null) {
      const end = Math.max(time, start);
      this._events.onFinished({ id, cellId, start, end, count });
    }
  }

  private _tick(time: number): void {
    if (time < this._clock - PUT_BACK_SECONDS) {
      this._events.onClockPutBack();
    }
    this._clock = time;
  }

  private readonly _runs: ICellRuns;
  private readonly _events: IRunEvents;
  private readonly _open = new Map<string, IOpenRun>();
  /** The n of the newest `In[n]`. */
  private _count = 0;
  /** When a run last began or ended, in seconds by the kernel's clock. */
  private _clock = 0;
}
