import { PushedFigures } from '../../model/retainedByCell';
import { aGroup, aReport, aRow } from '../fakes/rows';
import { sampleResult } from '../fakes/samples';

/** What a cell's end tells of results; nothing has gone. */
function anEnd(...results: ReturnType<typeof sampleResult>[]) {
  return {
    execution_count: 9,
    cell_id: null,
    gone: [],
    results,
    withheld: []
  };
}

describe('what is known of results', () => {
  it('has no group of one', () => {
    const pushed = new PushedFigures();
    pushed.takeCellEnd(anEnd(sampleResult(1, 5)));
    expect(pushed.get(1)).not.toHaveProperty('group');
  });

  it.each([
    ['all, where that is complete', 2, [2, 3]],
    ['what it has, where that is a part', 3, [1, 2, 3]]
  ])('is by a report %s', (_, count, known) => {
    const pushed = new PushedFigures();
    pushed.takeCellEnd(anEnd(sampleResult(1, 5)));
    const rows = [aRow(2, 6), aRow(3, 7)];
    pushed.takeReport(aReport(rows, { count }));
    expect([...pushed.keys()].sort()).toEqual(known);
  });

  it('is under each of its numbers', () => {
    const pushed = new PushedFigures();
    const row = aRow(1, 5, { numbers: [1, 4] });
    const groups = [aGroup([row, aRow(2, 6)], 20)];
    pushed.takeReport(aReport([row, aRow(2, 6)], { groups }));
    expect([...pushed.keys()].sort()).toEqual([1, 2, 4]);
    expect(pushed.get(4)).toEqual(pushed.get(1));
    expect(pushed.get(4)?.group).toEqual(['k1', 'k2']);
  });

  it('is watched after a report only where it was so before, and exact', () => {
    const pushed = new PushedFigures();
    const about = { ...sampleResult(2, 6), exact: false };
    pushed.takeCellEnd(anEnd(sampleResult(1, 5), about));
    pushed.takeReport(aReport([aRow(1, 5), aRow(2, 6), aRow(3, 7)]));
    const watched = [1, 2, 3].map(number => pushed.get(number)?.isWatched);
    expect(watched).toEqual([true, undefined, undefined]);
  });

  it('is an estimate once a cell has begun, as likely as before', () => {
    const pushed = new PushedFigures();
    const rows = [
      aRow(1, 5),
      aRow(2, 6, { exact: false, estimate_bytes: 9 }),
      aRow(3, 7, { exact: false })
    ];
    pushed.takeReport(aReport(rows));
    pushed.age();
    pushed.age();
    expect([...pushed.values()].map(({ figure }) => figure)).toMatchObject([
      { bytes: 0, exact: false, estimate_bytes: 5 },
      { bytes: 6, exact: false, estimate_bytes: 9 },
      { bytes: 7, exact: false, estimate_bytes: null }
    ]);
  });

  it('is forgotten of what was released, and of that alone', () => {
    const pushed = new PushedFigures();
    pushed.takeCellEnd(anEnd(sampleResult(1, 5), sampleResult(2, 50)));
    pushed.takeRelease({ kind: 'shown' }, 0);
    expect(pushed.size).toBe(2);
    pushed.takeRelease({ kind: 'large' }, 50);
    expect([...pushed.keys()]).toEqual([1]);
    pushed.takeRelease({ kind: 'keys', keys: ['r2'] }, 0);
    expect(pushed.size).toBe(1);
    pushed.takeRelease({ kind: 'keys', keys: ['r1'] }, 0);
    expect(pushed.size).toBe(0);
  });
});
