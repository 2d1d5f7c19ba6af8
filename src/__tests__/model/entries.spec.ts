import fc from 'fast-check';
import { entriesOf, sumOf } from '../../model/entries';
import { likelyBytes, totalOf } from '../../model/figures';
import type { IFigure } from '../../tokens';
import { aGroup, aReport, aRow } from '../fakes/rows';
import { sampleReport } from '../fakes/samples';

const keysOf = (report: Parameters<typeof entriesOf>[0]) =>
  entriesOf(report).map(({ key, keys }) => [key, ...keys].join(' '));

describe('entries', () => {
  it('are the groups, and the results that are in none', () => {
    expect(keysOf(sampleReport())).toEqual([
      'r1 r1',
      'r2 r2',
      'group:r3 r3 r4'
    ]);
  });

  it('sum to the headline', () => {
    const report = sampleReport();
    const sum = sumOf(entriesOf(report).map(({ figure }) => figure));
    expect(sum).toEqual(totalOf(report));
    expect(likelyBytes(sum)).toBe(
      entriesOf(report).reduce(
        (all, { figure }) => all + likelyBytes(figure),
        0
      )
    );
  });

  it('name the key of a group alike, whatever the order of its members', () => {
    const rows = [aRow(3, 1), aRow(1, 2), aRow(2, 3)];
    for (const members of [rows, [...rows].reverse()]) {
      const groups = [aGroup(members, 9)];
      expect(entriesOf(aReport(rows, { groups }))[0].key).toBe('group:k1');
    }
  });

  it('have the keys of members that are not loaded', () => {
    const group = { ...aGroup([aRow(1, 1)], 9), keys: ['k1', 'far'] };
    const away = { ...group, keys: ['away', 'further'] };
    const report = aReport([aRow(1, 1)], { groups: [group, away] });
    expect(keysOf(report)).toEqual(['group:far k1 far']);
    expect(entriesOf(report)[0].rows).toHaveLength(1);
  });
});

describe('sumOf', () => {
  it.each<[string, IFigure[], IFigure]>([
    [
      'of nothing',
      [],
      { bytes: 0, exact: true, estimate_bytes: null, notes: [] }
    ],
    [
      'with an estimate of one that is exact',
      [{ bytes: 5, exact: true, estimate_bytes: 9 }],
      { bytes: 5, exact: true, estimate_bytes: null, notes: [] }
    ],
    [
      'of a bound without an estimate',
      [
        { bytes: 5, exact: true },
        { bytes: 2, exact: false }
      ],
      { bytes: 7, exact: false, estimate_bytes: null, notes: [] }
    ],
    [
      'with an estimate of one',
      [
        { bytes: 5, exact: true },
        { bytes: 2, exact: false, estimate_bytes: 8 },
        { bytes: 1, exact: false, estimate_bytes: null }
      ],
      { bytes: 8, exact: false, estimate_bytes: 14, notes: [] }
    ],
    [
      'with the notes of all',
      [
        { bytes: 0, exact: false, notes: ['opaque', 'cut'] },
        { bytes: 0, exact: false, notes: ['cut'] },
        { bytes: 0, exact: false, notes: ['array'] }
      ],
      {
        bytes: 0,
        exact: false,
        estimate_bytes: null,
        notes: ['array', 'cut', 'opaque']
      }
    ]
  ])('is right %s', (_, figures, sum) => {
    expect(sumOf(figures)).toEqual(sum);
  });

  const figures = fc.array(
    fc.record({
      bytes: fc.nat(),
      exact: fc.boolean(),
      estimate_bytes: fc.option(fc.nat())
    })
  );

  it('is never less than a part, and exact where all parts are', () => {
    fc.assert(
      fc.property(figures, parts => {
        const sum: IFigure = sumOf(parts);
        const likely = parts.map(likelyBytes);
        expect(likelyBytes(sum)).toBeGreaterThanOrEqual(Math.max(0, ...likely));
        expect(sum.exact).toBe(parts.every(({ exact }) => exact));
        if (!sum.exact && sum.estimate_bytes !== null) {
          const all = likely.reduce((total, part) => total + part, 0);
          expect(likelyBytes(sum)).toBe(all);
        }
      })
    );
  });
});
