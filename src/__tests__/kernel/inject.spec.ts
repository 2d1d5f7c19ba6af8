/// <reference types="node" />

import fc from 'fast-check';
import * as fs from 'fs';
import * as path from 'path';
import { DIGEST, FILES, installRequest, readInstalled } from '../../kernel/inject';

const KERNEL = path.resolve(__dirname, '../../jupyter_memguard/kernel');

describe('FILES', () => {
  it('are the files of the kernel package, but for the loader', () => {
    const onDisk = fs
      .readdirSync(KERNEL)
      .filter(name => name.endsWith('.py') && name !== 'bootstrap.py');
    expect(Object.keys(FILES).sort()).toEqual(onDisk.sort());
    for (const name of onDisk) {
      expect(FILES[name]).toBe(
        fs.readFileSync(path.join(KERNEL, name), 'utf8')
      );
    }
  });

  it('are ASCII, so that a literal of JSON is one of Python', () => {
    for (const text of Object.values(FILES)) {
      expect(text).toMatch(/^[\n\x20-\x7e]*$/);
    }
  });
});

describe('installRequest', () => {
  it('leaves no trace in history and count', () => {
    expect(installRequest(null)).toMatchObject({
      silent: true,
      store_history: false,
      allow_stdin: false,
      stop_on_error: false
    });
  });

  it('is one statement on one line', () => {
    const { code } = installRequest({ mode: 'large' });
    expect(code).not.toContain('\n');
    expect(code).toMatch(/^__import__\("builtins"\)\.exec\(.*\)$/);
  });

  it('carries files, digest and guard as texts', () => {
    const guard = { mode: 'last' as const, keep_last: 3 };
    const { code } = installRequest(guard);
    const literal = code.slice(code.indexOf('{"__name__"'), -1);
    const values = JSON.parse(literal);
    expect(JSON.parse(values.FILES_JSON)).toEqual(FILES);
    expect(values.DIGEST).toBe(DIGEST);
    expect(JSON.parse(values.OPTIONS_JSON)).toEqual({ guard });
  });
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
          version: 1
        });
      })
    );
  });
});
