import fc from 'fast-check';
import {
  guardNeedsEngine,
  installRequest,
  readInstalled
} from '../../kernel/inject';
import { KERNEL_CODE } from '../../kernel/kernelCode';
import type { IGuard } from '../../wire/protocol';
import { PROTOCOL_VERSION } from '../../wire/protocol';

const CORE = { digest: 'd', release: '0.1.0', head: 'install(', tail: ')' };

function expressionOf(...args: Parameters<typeof installRequest>): string {
  const expressions = installRequest(...args).user_expressions;
  return String(expressions?.memguard);
}

describe('the code of this build', () => {
  it('has a core and an engine of one digest', async () => {
    const core = await KERNEL_CODE.core.load();
    const engine = await KERNEL_CODE.engine.load();
    expect(engine.digest).toBe(core.digest);
    expect(KERNEL_CODE.core.loaded).toBe(core);
    expect(KERNEL_CODE.engine.loaded).toBe(engine);
  });

  it('is one expression on one line', async () => {
    const core = await KERNEL_CODE.core.load();
    const expression = expressionOf(core, { mode: 'large' }, 'text');
    // ASCII, so that a literal of JSON is one of Python.
    expect(expression).toMatch(
      /^\[__import__\("builtins"\)\.exec\([\x20-\x7e]*\)\]\[1\]$/
    );
  });
});

describe('installRequest', () => {
  it('leaves no trace in history and count', () => {
    expect(installRequest(CORE, null, '')).toMatchObject({
      silent: true,
      store_history: false,
      allow_stdin: false,
      stop_on_error: false
    });
  });

  it('carries the guard and the engine as texts', () => {
    const guard = { mode: 'last' as const, keep_last: 3 };
    const text = expressionOf(CORE, guard, 'the engine');
    const values = JSON.parse(text.slice(CORE.head.length, -CORE.tail.length));
    expect(JSON.parse(values.OPTIONS_JSON)).toEqual({ guard });
    expect(values.ENGINE).toBe('the engine');
  });
});

it.each<[IGuard | null, boolean]>([
  [null, false],
  [{ mode: 'off' }, false],
  [{ mode: 'large' }, true],
  [{ mode: 'all' }, true]
])('the guard %j needs the engine: %j', (guard, needs) => {
  expect(guardNeedsEngine(guard)).toBe(needs);
});

describe('readInstalled', () => {
  const answered = (text: unknown): object => ({
    status: 'ok',
    user_expressions: {
      memguard: { status: 'ok', data: { 'text/plain': text }, metadata: {} }
    }
  });

  it.each([
    [answered('1'), { kind: 'version', version: 1 }],
    [answered('27'), { kind: 'version', version: 27 }],
    [answered('0'), { kind: 'version', version: 0 }],
    [answered('-1'), { kind: 'failed', detail: 'install' }],
    [answered('<b>'), { kind: 'version', version: 0 }],
    [answered(1), { kind: 'version', version: 0 }],
    [{ status: 'ok' }, { kind: 'version', version: 0 }],
    [{ status: 'aborted' }, { kind: 'aborted' }],
    [
      { status: 'error', ename: 'SyntaxError' },
      { kind: 'failed', detail: 'SyntaxError' }
    ],
    [
      {
        status: 'ok',
        user_expressions: { memguard: { status: 'error', ename: 'NameError' } }
      },
      { kind: 'failed', detail: 'NameError' }
    ],
    [null, { kind: 'failed', detail: 'unknown' }]
  ])('reads %j as %j', (content, expected) => {
    expect(readInstalled(content)).toEqual(expected);
  });

  it('reads anything without an exception, and never as this version', () => {
    fc.assert(
      fc.property(fc.jsonValue(), content => {
        expect(readInstalled(content)).not.toEqual({
          kind: 'version',
          version: PROTOCOL_VERSION
        });
      })
    );
  });
});
