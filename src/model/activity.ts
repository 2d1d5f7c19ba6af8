/** What the model of a document does at the moment: one thing at a time. */

import type { Activity, IRetainedModel } from '../tokens';

const IDLE: Activity = { kind: 'idle' };

/**
 * Whether a person can ask for a release now.
 *
 * @param model - The model; a reading gives way to what a person asks for.
 */
export function canRelease({
  activity
}: Pick<IRetainedModel, 'activity'>): boolean {
  return activity.kind === 'idle' || activity.kind === 'reading';
}

/** Keeps the current activity, and cancels the one before where need be. */
export class CurrentActivity {
  /**
   * @param onChange - Is called after every change.
   */
  constructor(onChange: () => void) {
    this._onChange = onChange;
  }

  /** What is done now. */
  get current(): Activity {
    return this._current;
  }

  /** Whether nothing is done now. */
  get isIdle(): boolean {
    return this._current.kind === 'idle';
  }

  /**
   * Take up an activity in the place of the current one.
   *
   * @param activity - The new activity.
   * @returns the same activity, for `end`.
   */
  change(activity: Activity): Activity {
    this._current = activity;
    this._onChange();
    return activity;
  }

  /**
   * Take up an activity that can be cancelled. One that is under way is
   * cancelled.
   *
   * @param activity - The new activity.
   * @returns the signal of its cancellation.
   */
  begin(activity: Activity): AbortSignal {
    this.abort();
    this._abort = new AbortController();
    const { signal } = this._abort;
    this.change(activity);
    return signal;
  }

  /** Cancel what `begin` has begun. */
  abort(): void {
    this._abort?.abort();
  }

  /**
   * Go back to idle.
   *
   * @param activity - The activity that is over.
   * @returns false if another activity has taken its place already.
   */
  end(activity: Activity): boolean {
    if (activity !== this._current) {
      return false;
    }
    this._abort = null;
    this.change(IDLE);
    return true;
  }

  private _onChange: () => void;
  private _current: Activity = IDLE;
  private _abort: AbortController | null = null;
}
