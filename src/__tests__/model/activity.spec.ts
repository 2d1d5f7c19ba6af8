import { canRelease, CurrentActivity } from '../../model/activity';
import type { Activity } from '../../tokens';

const READING: Activity = { kind: 'reading' };
const QUEUED: Activity = { kind: 'queued', selection: { kind: 'all' } };
const FREEING: Activity = { kind: 'freeing', selection: { kind: 'all' } };

describe('an activity', () => {
  it.each<[Activity, boolean]>([
    [{ kind: 'idle' }, true],
    [READING, true],
    [QUEUED, false],
    [FREEING, false]
  ])('%j leaves a person free to ask for a release: %s', (activity, can) => {
    expect(canRelease({ activity })).toBe(can);
  });

  it('is told when it begins, and when it is over', () => {
    const told: string[] = [];
    const activity = new CurrentActivity(() =>
      told.push(activity.current.kind)
    );
    expect(activity.isIdle).toBe(true);
    const reading = activity.change({ ...READING });
    expect(activity.isIdle).toBe(false);
    expect(activity.end(reading)).toBe(true);
    expect(told).toEqual(['reading', 'idle']);
  });

  it('is not ended by one whose place it has taken', () => {
    const told: string[] = [];
    const activity = new CurrentActivity(() =>
      told.push(activity.current.kind)
    );
    const reading = activity.change({ ...READING });
    activity.begin(QUEUED);
    expect(activity.end(reading)).toBe(false);
    expect(activity.current).toBe(QUEUED);
    expect(told).toEqual(['reading', 'queued']);
  });

  it('that can be cancelled is, by the next one and by a person', () => {
    const activity = new CurrentActivity(() => undefined);
    activity.abort();
    const first = activity.begin(QUEUED);
    expect(first.aborted).toBe(false);
    const second = activity.begin(QUEUED);
    expect([first.aborted, second.aborted]).toEqual([true, false]);
    activity.abort();
    expect(second.aborted).toBe(true);
  });

  it('cannot be cancelled any more when it is over', () => {
    const activity = new CurrentActivity(() => undefined);
    const signal = activity.begin(QUEUED);
    activity.end(QUEUED);
    activity.abort();
    expect(signal.aborted).toBe(false);
  });
});
