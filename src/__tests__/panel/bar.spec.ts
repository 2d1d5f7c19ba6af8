import type { IOverview } from '../../wire/protocol';
import { barParts } from '../../panel/summary/bar';
import { anOverview, aPart } from '../fakes/rows';

/** An overview, in which variables have 100 bytes beyond the results. */
const aSession = (results: IOverview['results']): IOverview =>
  anOverview({
    rss_bytes: 1000,
    results,
    variables: aPart(100, { exact: results.exact })
  });

function bytesOf(overview: IOverview, retained: number): object {
  const parts = barParts(overview, aPart(retained));
  return Object.fromEntries(parts.map(({ name, bytes }) => [name, bytes]));
}

describe('barParts', () => {
  it('takes what became a result since then from the variables', () => {
    const overview = aSession(aPart(300));
    expect(bytesOf(overview, 360)).toMatchObject({
      results: 360,
      variables: 40,
      rest: 600
    });
  });

  it('leaves the variables theirs where there was no time for all results', () => {
    const overview = aSession(aPart(10, { exact: false }));
    expect(bytesOf(overview, 300)).toMatchObject({
      results: 300,
      variables: 100,
      rest: 600
    });
  });
});
