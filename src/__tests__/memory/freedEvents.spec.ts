import { tellFreed } from '../../memory/freedEvents';
import { FakeKernel } from '../fakes/kernel';
import { FakeMemguard, aDocument } from '../fakes/memguard';
import { aRelease } from '../fakes/rows';
import { FakeServer } from '../fakes/server';
import { until } from '../fakes/waiting';

describe('telling the server what was freed', () => {
  it('sends each release once, also of documents opened later', async () => {
    const server = new FakeServer();
    server.answer = () => new Response(null, { status: 204 });
    const memguard = new FakeMemguard(null);
    const telling = tellFreed(memguard, server.rest);
    const { watched, model } = aDocument('a', new FakeKernel({ id: 'k' }));
    memguard.bring(watched);
    model.set({ outcome: aRelease() });
    model.set({ refreshed: 1 });
    await until(() => server.asked.length > 0);
    expect(server.asked.length).toBe(1);
    expect(server.asked[0].path).toBe('/k/freed');
    expect(await server.asked[0].init.json()).toEqual({
      before_bytes: 1_000_000_000,
      after_bytes: 200_000_000,
      released: 1
    });
    telling.dispose();
  });

  it.each(['shown', 'tracebacks'] as const)(
    'counts no results where %s were released',
    async kind => {
      const server = new FakeServer();
      server.answer = () => new Response(null, { status: 204 });
      const { watched, model } = aDocument('a', new FakeKernel({ id: 'k' }));
      const telling = tellFreed(new FakeMemguard(watched), server.rest);
      model.set({ outcome: aRelease({ released: 7 }, { kind }) });
      await until(() => server.asked.length > 0);
      expect(await server.asked[0].init.json()).toMatchObject({ released: 0 });
      telling.dispose();
    }
  );

  it('sends nothing where nothing was released or measured', async () => {
    const server = new FakeServer();
    const { watched, model } = aDocument('a', new FakeKernel({ id: 'k' }));
    const telling = tellFreed(new FakeMemguard(watched), server.rest);
    model.set({ outcome: { kind: 'failed', selection: null, code: 'dead' } });
    model.set({ outcome: aRelease({ before_rss_bytes: null }) });
    expect(server.asked).toEqual([]);
    telling.dispose();
    model.set({ outcome: aRelease() });
    expect(server.asked).toEqual([]);
  });
});
