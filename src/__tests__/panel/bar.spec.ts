import type { IOverview } from '../../wire/protocol';
import { barParts } from '../../panel/summary/bar';

/** An overview, in which variables have 100 bytes beyond the results. */
function anOverview(results: IOverview['results']): IOverview {
  const none = { bytes: 0, exact: true };
  return {
    rss_bytes: 1000,
    results,
    shown: none,
    tracebacks: none,
    variables: { bytes: 100, exact: results.exact },
    largest: [],
    elapsed_ms: 1
  };
}

function bytesOf(overview: IOverview, retained: number): object {
  const parts = barParts(overview, { bytes: retained, exact: true });
  return Object.fromEntries(parts.map(({ name, bytes }) => [name, bytes]));
}

describe('barParts', () => {
  it('takes what became a result since then from the variables', () => {
    const overview = anOverview({ bytes: 300, exact: true });
    expect(bytesOf(overview, 360)).toMatchObject({
      results: 360,
      variables: 40,
      rest: 600
    });
  });

  it('leaves the variables theirs where there was no time for all results', () => {
    const overview = anOverview({ bytes: 10, exact: false });
    expect(bytesOf(overview, 300)).toMatchObject({
      results: 300,
      variables: 100,
      rest: 600
    });
  });
});
