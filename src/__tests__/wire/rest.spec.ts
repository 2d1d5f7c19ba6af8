import { Rest } from '../../wire/rest';
import { FakeServer, GIB, aReply, noReply } from '../fakes/server';
import { settled } from '../fakes/waiting';

function failure(code: string): unknown {
  return expect.objectContaining({ code });
}

describe('the door to the server', () => {
  it('reads a kernel’s memory and does not count as activity', async () => {
    const server = new FakeServer();
    server.answer = () => aReply('k/1');
    const memory = await server.rest.memory('k/1');
    expect(memory).toMatchObject({
      id: 'k/1',
      rss_bytes: 2 * GIB,
      limit: { source: 'config', limit_bytes: 8 * GIB, used_bytes: 2 * GIB },
      level: 0.25,
      reason: null
    });
    expect(server.asked[0].path).toBe('/k%2F1/memory');
    expect(server.asked[0].init.url).toMatch(
      /^http:\/\/server\/base\/jupyter-memguard\/kernels\/k%2F1\/memory\?/
    );
    expect(server.asked[0].query.get('no_track_activity')).toBe('1');
  });

  it('reads the reason where there is no figure', async () => {
    const server = new FakeServer();
    server.answer = () => noReply('k', 'remote');
    expect(await server.rest.memory('k')).toMatchObject({
      rss_bytes: null,
      limit: null,
      nearest: null,
      reason: 'remote'
    });
  });

  it('reads the answer of a server that tells less', async () => {
    const server = new FakeServer();
    const reply = aReply('k');
    const untold = {
      oom_kills: null,
      pss_bytes: null,
      swap_bytes: null,
      anonymous_bytes: null,
      file_bytes: null,
      shared_bytes: null
    };
    for (const name of Object.keys(untold)) {
      delete reply[name];
    }
    server.answer = () => reply;
    expect(await server.rest.memory('k')).toMatchObject(untold);
  });

  it('reads all kernels', async () => {
    const server = new FakeServer();
    const more = {
      name: 'python3',
      notebook: 'a.ipynb',
      title: null,
      kind: 'notebook'
    };
    server.answer = () => ({ kernels: [{ ...aReply('k'), ...more }] });
    expect(await server.rest.kernels()).toMatchObject([{ id: 'k', ...more }]);
    expect(server.asked[0].path).toBe('');
  });

  it('reads samples since a time', async () => {
    const server = new FakeServer();
    server.answer = () => ({
      samples: [
        [10, 100, 200],
        [11, 150, null]
      ]
    });
    expect(await server.rest.samples('k', 9.5)).toEqual([
      { time: 10, rssBytes: 100, highWaterBytes: 200 },
      { time: 11, rssBytes: 150, highWaterBytes: null }
    ]);
    expect(server.asked[0].path).toBe('/k/samples');
    expect(server.asked[0].query.get('since')).toBe('9.5');
    expect(server.asked[0].query.get('no_track_activity')).toBe('1');
  });

  it('tells what was freed', async () => {
    const server = new FakeServer();
    server.answer = () => new Response(null, { status: 204 });
    const event = { before_bytes: 3, after_bytes: 1, released: 2 };
    await server.rest.freed('k', event);
    expect(server.asked[0].path).toBe('/k/freed');
    expect(server.asked[0].init.method).toBe('POST');
    expect(await server.asked[0].init.json()).toEqual(event);
  });

  it.each([
    ['a 404 of ours', 404, 'application/json', 'unknown_kernel'],
    ['a 404 of nobody', 404, 'text/html', 'extension_missing'],
    ['a 404 of who knows', 404, '', 'extension_missing'],
    ['nobody logged in', 401, 'application/json', 'denied'],
    ['no token', 403, 'application/json', 'denied'],
    ['a proxy without a server', 503, 'text/html', 'unreachable']
  ])('tells %s from the others', async (_, status, type, code) => {
    const server = new FakeServer();
    server.answer = () =>
      new Response('{}', { status, headers: { 'Content-Type': type } });
    await expect(server.rest.memory('k')).rejects.toEqual(failure(code));
  });

  it('says so when nobody answers', async () => {
    const server = new FakeServer();
    await expect(server.rest.memory('k')).rejects.toEqual(
      failure('unreachable')
    );
  });

  it('waits for an answer for so long and no longer', async () => {
    jest.useFakeTimers();
    try {
      const server = new FakeServer();
      server.answer = () => new Promise(() => undefined);
      const rest = new Rest(
        {
          ...server.settings,
          fetch: (input: RequestInfo | URL) =>
            new Promise((_, reject) => {
              (input as Request).signal.addEventListener('abort', () =>
                reject(new Error('aborted'))
              );
            })
        },
        700
      );
      let code: unknown = null;
      void rest.memory('k').catch(error => {
        code = error.code;
      });
      jest.advanceTimersByTime(699);
      await settled();
      expect(code).toBeNull();
      jest.advanceTimersByTime(1);
      await settled();
      expect(code).toBe('unreachable');
    } finally {
      jest.useRealTimers();
    }
  });

  it('lets go of its clock once it has an answer', async () => {
    jest.useFakeTimers();
    try {
      const server = new FakeServer();
      server.answer = () => aReply('k');
      await server.rest.memory('k');
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });

  it('says in its error why', async () => {
    const server = new FakeServer();
    await expect(server.rest.memory('k')).rejects.toThrow(/^unreachable$/);
  });

  it('has no limit where the server knows none', async () => {
    const server = new FakeServer();
    server.answer = () =>
      aReply('k', { limit_source: null, limit_bytes: null, nearest: null });
    expect(await server.rest.memory('k')).toMatchObject({ limit: null });
  });

  it('takes a limit that is reached, and none that is passed', async () => {
    const server = new FakeServer();
    server.answer = () => aReply('k', { level: 1 });
    expect(await server.rest.memory('k')).toMatchObject({ level: 1 });
    server.answer = () => aReply('k', { level: 0 });
    expect(await server.rest.memory('k')).toMatchObject({ level: 0 });
    server.answer = () => aReply('k', { level: -0.1 });
    await expect(server.rest.memory('k')).rejects.toEqual(
      failure('invalid_reply')
    );
  });

  it.each([
    ['no list', { kernels: {} }],
    ['no object in the list', { kernels: [7] }],
    ['no name', { kernels: [aReply('k')] }],
    ['nothing', null]
  ])('refuses kernels: %s', async (_, answer) => {
    const server = new FakeServer();
    server.answer = () => answer;
    await expect(server.rest.kernels()).rejects.toEqual(
      failure('invalid_reply')
    );
  });

  it.each([
    ['no list', { samples: {} }],
    ['no list in the list', { samples: [7] }],
    ['an object that looks like one', { samples: [{ 0: 1, 1: 2, 2: 3 }] }],
    ['a text for a time', { samples: [['1', 2, 3]] }],
    ['no bytes', { samples: [[1, null, 3]] }],
    ['a text for the most', { samples: [[1, 2, '3']] }],
    ['no most', { samples: [[1, 2]] }]
  ])('refuses samples: %s', async (_, answer) => {
    const server = new FakeServer();
    server.answer = () => answer;
    await expect(server.rest.samples('k', 0)).rejects.toEqual(
      failure('invalid_reply')
    );
  });

  it.each([
    ['a list', []],
    ['nothing', null],
    ['a word for bytes', aReply('k', { rss_bytes: 'many' })],
    ['negative bytes', aReply('k', { rss_bytes: -1 })],
    ['a level above 1', aReply('k', { level: 1.5 })],
    ['an unknown reason', aReply('k', { reason: 'why' })],
    ['an unknown source', aReply('k', { limit_source: 'me' })],
    ['no time', aReply('k', { sampled: null })],
    ['no JSON', new Response('<html>login</html>')]
  ])('refuses %s', async (_, answer) => {
    const server = new FakeServer();
    server.answer = () => answer;
    await expect(server.rest.memory('k')).rejects.toEqual(
      failure('invalid_reply')
    );
  });
});
