import fc from 'fast-check';
import { readMessage } from '../../wire/messages';
import { EVENTS, RESULTS } from '../../wire/protocol';
import { samples } from '../fakes/samples';

/** Whether a message is right, as the one who asked for `kind` finds out. */
function accepts(kind: string, message: unknown): boolean {
  const read = readMessage(message);
  if (read === null || read.kind === 'invalid') {
    return false;
  }
  const [, method] = kind.split('.');
  return read.kind === 'result' && method !== undefined
    ? RESULTS[method as keyof typeof RESULTS](read.result)
    : true;
}

const valid = Object.entries(samples.valid)
  .filter(([kind]) => !kind.startsWith('request.'))
  .flatMap(([kind, messages]) =>
    messages.map((message: object, i: number) => [kind, i, message] as const)
  );

const invalid = samples.invalid
  .filter(sample => sample.kind !== 'request')
  .map((sample, i) => [sample.kind, i, sample.message] as const);

const replies = valid.filter(
  ([kind]) => kind.startsWith('reply.') && kind !== 'reply.error'
);

describe('samples', () => {
  it.each(valid)('accepts %s, sample %i', (kind, _, message) => {
    expect(accepts(kind, message)).toBe(true);
  });

  it.each(invalid)('refuses %s, wrong sample %i', (kind, _, message) => {
    expect(accepts(kind, message)).toBe(false);
  });

  it('has a check and a sample for every method and event', () => {
    const names = Object.keys(samples.valid);
    expect(names).toEqual(
      expect.arrayContaining([
        ...Object.keys(RESULTS).map(method => `reply.${method}`),
        ...Object.keys(EVENTS).map(event => `event.${event}`)
      ])
    );
  });

  it.each([
    ['no object', 'hello'],
    ['a list', [{ id: 'a', ok: true, result: {} }]],
    ['no number', { ok: true, result: {} }],
    ['a number that is none', { id: 5, ok: true, result: {} }],
    ['an event that nobody knows', { event: 'toString', data: {} }],
    ['an event without its data', { event: 'settled' }]
  ])('reads nothing of %s', (_, message) => {
    expect(readMessage(message)).toBeNull();
  });

  it.each([
    ['neither right nor wrong', { ok: 1, result: {}, error: {} }],
    ['right without a result', { ok: true, error: { code: 'internal' } }],
    ['right with a list', { ok: true, result: [] }],
    ['wrong without an error', { ok: false, result: {} }],
    ['wrong with a text', { ok: false, error: 'internal' }],
    ['wrong for no known reason', { ok: false, error: { code: 'odd' } }]
  ])('reads of a reply that is %s only whose it is', (_, reply) => {
    expect(readMessage({ id: 'q1', ...reply })).toEqual({
      kind: 'invalid',
      id: 'q1'
    });
  });

  it('reads no detail that is not a text', () => {
    const error = { code: 'internal', detail: { name: 'KeyError' } };
    expect(readMessage({ id: 'q1', ok: false, error })).toEqual({
      kind: 'error',
      id: 'q1',
      code: 'internal',
      detail: null
    });
  });

  it('reads the code and the detail of an error', () => {
    const message = {
      id: 'q1',
      ok: false,
      error: { code: 'internal', detail: 'KeyError' }
    };
    expect(readMessage(message)).toEqual({
      kind: 'error',
      id: 'q1',
      code: 'internal',
      detail: 'KeyError'
    });
  });
});

describe('a message of more than 1 MB', () => {
  const { result } = samples.valid['reply.report'][0];

  it.each([
    ['a long text', 'x'.repeat(1_000_000)],
    ['many items', Array.from({ length: 600_000 }, () => 0)],
    [
      'many keys',
      Object.fromEntries(Array.from({ length: 2e5 }, (_, n) => [n, 0]))
    ]
  ])('is an invalid reply: %s', (_, extra) => {
    const reply = { id: 'a', ok: true, result: { ...result, extra } };
    expect(readMessage(reply)).toEqual({ kind: 'invalid', id: 'a' });
  });

  it('is no event', () => {
    const [event] = samples.valid['event.guard'];
    expect(readMessage(event)).not.toBeNull();
    const extra = 'x'.repeat(1_000_000);
    const large = { ...event, data: { ...event.data, extra } };
    expect(readMessage(large)).toBeNull();
  });

  const shapes: [string, (count: number) => unknown][] = [
    ['a text', count => 'x'.repeat(count)],
    ['numbers', count => Array.from({ length: count / 2 }, () => 0)],
    ['texts', count => Array.from({ length: count / 4 }, () => 'x')],
    ['empty texts', count => Array.from({ length: count / 3 }, () => '')],
    ['lists', count => Array.from({ length: count / 6 }, () => [1, 2])],
    [
      'many keys',
      count =>
        Object.fromEntries(
          Array.from({ length: count / 11 }, (_, n) => [100_000 + n, 1])
        )
    ]
  ];

  it.each(shapes)('is one that has more, and no shorter one: %s', (_, make) => {
    const reply = (extra: unknown) => ({
      id: 'a',
      ok: true,
      result: { extra }
    });
    const length = (extra: unknown) => JSON.stringify(reply(extra)).length;
    const most = make(999_950);
    const more = make(1_000_160);
    expect(length(most)).toBeGreaterThan(999_900);
    expect(length(most)).toBeLessThanOrEqual(1_000_000);
    expect(length(more)).toBeLessThan(1_001_000);
    expect(readMessage(reply(most))?.kind).toBe('result');
    expect(readMessage(reply(more))?.kind).toBe('invalid');
  });

  it('is not looked through to its end', () => {
    const items: unknown[] = [];
    items.length = 1_000_001;
    let looks = 0;
    const get = (): number => ++looks;
    Object.defineProperty(items, 0, { get });
    const last = Object.defineProperty({}, 'last', { get, enumerable: true });
    const reply = { id: 'a', ok: true, result: { last, items } };
    expect(readMessage(reply)?.kind).toBe('invalid');
    expect(looks).toBe(0);
  });
});

describe('fuzz', () => {
  it('reads anything at all without an exception', () => {
    fc.assert(
      fc.property(fc.anything(), data => {
        readMessage(data);
      })
    );
  });

  it('believes no message of random JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), data => {
        const read = readMessage(data);
        expect(read === null || read.kind === 'invalid').toBe(true);
      })
    );
  });

  it('gives an invalid reply the number of its request', () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), (id, error) => {
        const read = readMessage({ id, ok: false, error: [error] });
        expect(read).toEqual({ kind: 'invalid', id });
      })
    );
  });

  it('refuses a result without one of its keys', () => {
    const cases = replies.flatMap(([kind, , message]) => {
      const { result } = message as { result: Record<string, unknown> };
      return Object.keys(result).map(key => ({ kind, message, key }));
    });
    fc.assert(
      fc.property(fc.constantFrom(...cases), ({ kind, message, key }) => {
        const copy = JSON.parse(JSON.stringify(message));
        Reflect.deleteProperty(copy.result, key);
        expect(accepts(kind, copy)).toBe(false);
      }),
      { numRuns: cases.length * 4 }
    );
  });

  it('accepts what a later kernel adds', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...replies),
        fc.jsonValue(),
        ([kind, , message], extra) => {
          const { result } = message as { result: object };
          const later = { ...message, result: { ...result, later: extra } };
          expect(accepts(kind, later)).toBe(true);
        }
      )
    );
  });

  it('refuses sizes that are no whole numbers from 0 up', () => {
    const release = samples.valid['reply.release'][0];
    const wrong = fc.oneof(
      fc.integer({ max: -1 }),
      fc.double({ noInteger: true }),
      fc.constant(2 ** 53),
      fc.string(),
      fc.boolean()
    );
    fc.assert(
      fc.property(wrong, released => {
        const result = { ...release.result, released };
        expect(accepts('reply.release', { ...release, result })).toBe(false);
      })
    );
  });
});
