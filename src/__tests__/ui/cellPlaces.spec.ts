import type { IWatched } from '../../tokens';
import { cellPlaces } from '../../ui/cellPlaces';

describe('cellPlaces', () => {
  const ids = ['b', 'a'];
  const expected = [
    ['b', 0],
    ['a', 1]
  ];

  it.each([
    [
      'notebook',
      { model: { sharedModel: { cells: ids.map(id => ({ id })) } } }
    ],
    ['console', { console: { cells: ids.map(id => ({ model: { id } })) } }]
  ])('has those of a %s', (kind, widget) => {
    const watched = { kind, widget } as unknown as IWatched;
    expect([...cellPlaces(watched)]).toEqual(expected);
  });

  it('has none of a notebook that is not loaded', () => {
    const watched = { kind: 'notebook', widget: { model: null } };
    expect(cellPlaces(watched as unknown as IWatched).size).toBe(0);
  });
});
