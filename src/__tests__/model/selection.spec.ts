import { selects } from '../../model/selection';
import type { Selection } from '../../tokens';
import { aPart } from '../fakes/rows';

describe('selects', () => {
  it.each<[Selection, string[]]>([
    [{ kind: 'all' }, ['a', 'b', 'c']],
    [{ kind: 'large' }, ['b', 'c']],
    [{ kind: 'keys', keys: ['a', 'c'] }, ['a', 'c']],
    [{ kind: 'shown' }, []],
    [{ kind: 'tracebacks' }, []]
  ])('%j takes %j', (selection, expected) => {
    const results = [
      { key: 'a', figure: aPart(9) },
      { key: 'b', figure: aPart(10) },
      { key: 'c', figure: { bytes: 1, exact: false, estimate_bytes: 11 } }
    ];
    const taken = results.filter(selects(selection, 10));
    expect(taken.map(({ key }) => key)).toEqual(expected);
  });

  it('looks through the keys once, however many results there are', () => {
    let looks = 0;
    const selection: Selection = {
      kind: 'keys',
      get keys() {
        looks++;
        return ['a'];
      }
    };
    const isTaken = selects(selection, 0);
    for (let number = 0; number < 100; number++) {
      isTaken({ key: `k${number}`, figure: aPart(1) });
    }
    expect(looks).toBe(1);
  });
});
