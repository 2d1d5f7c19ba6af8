import { readViewState } from '../../panel/viewState';

describe('readViewState', () => {
  it('takes what is valid, and the usual for the rest', () => {
    const sort = { column: 'age', descending: false };
    const filter = { text: 'x', minBytes: 5 };
    expect(readViewState({ sort, filter })).toEqual({ sort, filter });
    const usual = readViewState(null);
    expect(usual.filter.text).toBe('');
    expect(
      readViewState({ sort: { column: 'no' }, filter: { text: 3 } })
    ).toEqual(usual);
  });
});
