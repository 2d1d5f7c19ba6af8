import type { Check } from '../../wire/checks';
import {
  count,
  flag,
  isRecord,
  listOf,
  measure,
  nullable,
  oneOf,
  shaped,
  text
} from '../../wire/checks';

const ODD = [
  undefined,
  null,
  true,
  '',
  0,
  -1,
  0.5,
  2 ** 53 - 1,
  2 ** 53,
  NaN,
  Infinity,
  [],
  [1],
  {},
  { a: 1 },
  { a: null },
  { a: 1, b: 2 },
  () => 1
];

describe('checks', () => {
  it.each<[string, Check<unknown>, unknown[]]>([
    ['text', text, ['']],
    ['flag', flag, [true]],
    ['count', count, [0, 2 ** 53 - 1]],
    ['measure', measure, [0, 0.5, 2 ** 53 - 1, 2 ** 53]],
    ['isRecord', isRecord, [{}, { a: 1 }, { a: null }, { a: 1, b: 2 }]],
    ['oneOf', oneOf('', 'x'), ['']],
    ['nullable', nullable(flag), [null, true]],
    ['listOf', listOf(flag), [[]]],
    ['listOf of numbers', listOf(count), [[], [1]]],
    ['shaped', shaped({ a: count }), [{ a: 1 }, { a: 1, b: 2 }]],
    ['shaped of nothing', shaped({}), ODD.slice(13, 17)]
  ])('%s takes these and no others', (_, check, taken) => {
    expect(ODD.filter(check)).toEqual(taken);
  });

  it('ask for each item of a list, and for each property', () => {
    expect(listOf(count)([1, 'x'])).toBe(false);
    expect(shaped({ a: count, b: text })({ a: 1, b: 2 })).toBe(false);
    expect(shaped({ a: count, b: text })({ a: '1', b: '2' })).toBe(false);
  });

  it('ask for a property that is there, also where it may be null', () => {
    expect(shaped({ a: nullable(text) })({})).toBe(false);
    expect(shaped({ a: (value): value is unknown => true })({})).toBe(false);
  });
});
