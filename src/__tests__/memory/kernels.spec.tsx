import { nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { KernelList } from '../../memory/kernels/kernelList';
import { KernelsSection } from '../../memory/kernels/kernelsSection';
import { MemorySource } from '../../memory/source';
import { UsageRequests } from '../../memory/usageRequest';
import { FakeKernel } from '../fakes/kernel';
import { FakeMemguard, aDocument } from '../fakes/memguard';
import { redrawn, shows } from '../fakes/render';
import { aReport, aRow } from '../fakes/rows';
import { FakeServer, GIB, aReply, noReply } from '../fakes/server';

const trans = nullTranslator.load('jupyter_memguard');

function inList(
  reply: object,
  notebook: string | null,
  title: string | null = null
) {
  const kind = notebook === null ? null : 'notebook';
  return { ...reply, name: 'python3', notebook, title, kind };
}

describe('the list of all kernels', () => {
  const server = new FakeServer();
  const doc = aDocument('open.ipynb', new FakeKernel({ id: 'open' }));
  const memguard = new FakeMemguard(doc.watched);
  const opened: jest.Mock = jest.fn();
  let list: KernelList;
  let section: KernelsSection;

  async function start(answer: (path: string) => unknown): Promise<void> {
    server.answer = answer;
    const source = new MemorySource(server.rest, new UsageRequests());
    list = new KernelList(memguard, server.rest, source, server.sessions);
    section = new KernelsSection(list, { memguard, open: opened, trans });
    await redrawn(() => Widget.attach(section, document.body));
  }

  afterEach(async () => {
    await redrawn(() => section.dispose());
    list.dispose();
  });

  async function shown(selector: string): Promise<HTMLElement[]> {
    await shows(() => section.node.querySelector(selector) !== null);
    return [...section.node.querySelectorAll<HTMLElement>(selector)];
  }

  function cells(row: HTMLElement): (string | null)[] {
    return [...row.children].map(cell => cell.textContent);
  }

  it('has the biggest first, with its share and what could be freed', async () => {
    doc.model.set({ report: aReport([aRow(1, GIB)]) });
    await start(() => ({
      kernels: [
        inList(
          aReply('small', { rss_bytes: GIB, level: 0.1 }),
          'b/small.ipynb'
        ),
        inList(noReply('dead', 'died'), null),
        inList(aReply('open', { children_bytes: GIB }), 'open.ipynb')
      ]
    }));
    const rows = await shown('tr[data-kernel-id]');
    expect(rows.map(row => row.dataset.kernelId)).toEqual([
      'open',
      'small',
      'dead'
    ]);
    expect(rows[0].dataset.bytes).toBe(String(3 * GIB));
    expect(cells(rows[0])).toEqual([
      'open.ipynb1 GiB of it child processes',
      '3 GiB',
      '25 %',
      '1 GiB'
    ]);
    expect(cells(rows[1])).toEqual(['small.ipynb', '1 GiB', '12 %', '–']);
    expect(rows[2].dataset.bytes).toBeUndefined();
    expect(cells(rows[2])).toEqual(['python3kernel died', '–', '–', '–']);
    const [together] = await shown('tfoot tr');
    expect(cells(together)[1]).toBe('4 GiB');
    rows[1].querySelector('button')?.click();
    expect(opened.mock.calls[0][0]).toMatchObject({ path: 'b/small.ipynb' });
  });

  it('counts once what a kernel shares with its forks', async () => {
    const forked = { rss_bytes: 8 * GIB, pss_bytes: GIB };
    await start(() => ({
      kernels: [
        inList(aReply('forked', { ...forked, children_bytes: 7 * GIB }), 'a'),
        inList(aReply('alone', { ...forked, children_bytes: 0 }), 'b')
      ]
    }));
    const rows = await shown('tr[data-kernel-id]');
    expect(rows.map(row => row.dataset.bytes)).toEqual(
      Array(2).fill(String(8 * GIB))
    );
  });

  it('adds up at least what is known, and nothing where nothing is', async () => {
    const starting = inList(noReply('starting', 'starting'), null);
    const known = inList(aReply('known', { rss_bytes: GIB }), 'a.ipynb');
    await start(() => ({ kernels: [known, starting] }));
    const [sum] = await shown('tfoot td');
    expect(sum.textContent).toBe('at least 1 GiB');
    const [name] = await shown('tfoot th');
    expect(name.textContent).toContain('Not every kernel tells its memory.');
    server.answer = () => ({ kernels: [starting] });
    list.readNow();
    await shows(() => sum.textContent === '–');
  });

  it('has a console by its name', async () => {
    await start(() => ({
      kernels: [inList(aReply('c'), null, 'Console 1')]
    }));
    const [row] = await shown('tr[data-kernel-id]');
    expect(cells(row)[0]).toBe('Console 1');
  });

  it('names all that use one kernel, and shows each that there is to show', async () => {
    const second = aDocument('', new FakeKernel({ id: 'open' }));
    doc.context.session = { ...doc.context.session!, id: 'one' };
    second.context.session = { ...second.context.session!, id: 'three' };
    memguard.open(second.watched);
    const aSession = (id: string, type: string, path: string, name = '') => ({
      ...{ id, type, path, name },
      kernel: { id: 'open', name: 'python3' }
    });
    server.running = [
      aSession('two', 'notebook', 'z/closed.ipynb'),
      aSession('three', 'console', 'c-uuid', 'Console 1'),
      aSession('four', 'console', 'd-uuid', 'Console 2'),
      aSession('one', 'notebook', 'open.ipynb')
    ];
    await start(() => ({
      kernels: [inList(aReply('open'), 'z/closed.ipynb')]
    }));
    const [row] = await shown('tr[data-kernel-id]');
    expect(cells(row)[0]).toBe(
      'closed.ipynb, Console 1, Console 2, open.ipynb'
    );
    const names = [...row.querySelectorAll('button')];
    expect(names.map(({ textContent }) => textContent)).toEqual([
      'closed.ipynb',
      'Console 1',
      'open.ipynb'
    ]);
    opened.mockClear();
    names.forEach(name => name.click());
    expect(opened.mock.calls.map(([{ watched }]) => watched)).toEqual([
      null,
      second.watched,
      doc.watched
    ]);
    server.running = [];
    memguard.watched.delete(second.watched);
  });

  it('has what is kept from the document in front, which is read', async () => {
    const front = aDocument('', new FakeKernel({ id: 'open' }));
    front.model.report = aReport([aRow(1, 3 * GIB)]);
    doc.model.report = aReport([aRow(1, GIB)]);
    memguard.bring(front.watched);
    await start(() => ({ kernels: [inList(aReply('open'), 'open.ipynb')] }));
    const [row] = await shown('tr[data-kernel-id]');
    expect(cells(row)[3]).toBe('3 GiB');
    // What was read of it is out of date: the other may know it.
    front.model.isStale = true;
    list.readNow();
    await shows(() => cells(row)[3] === '1 GiB');
    memguard.bring(doc.watched);
    memguard.watched.delete(front.watched);
  });

  it('tells of a shared limit what all use, and each its own part', async () => {
    const nearest = {
      source: 'cgroup2',
      limit_bytes: 10 * GIB,
      used_bytes: 9.6 * GIB
    };
    const shared = {
      level: 0.96,
      limit_bytes: 10 * GIB,
      limit_source: 'cgroup2',
      used_bytes: 9.6 * GIB,
      nearest
    };
    await start(() => ({
      kernels: [
        inList(aReply('one', { ...shared, rss_bytes: 5 * GIB }), 'one.ipynb'),
        inList(aReply('two', { ...shared, rss_bytes: GIB }), 'two.ipynb')
      ]
    }));
    const rows = await shown('tr[data-kernel-id]');
    expect(rows.map(row => [cells(row)[2], row.dataset.severity])).toEqual([
      ['50 %', 'normal'],
      ['10 %', 'normal']
    ]);
    const [together] = await shown('tfoot tr');
    expect(cells(together)).toEqual([
      'TogetherUsed by the whole container: 9.6 GiB of 10 GiB, 96 %',
      '6 GiB',
      '60 %',
      ''
    ]);
    expect(together.dataset.severity).toBe('critical');
  });

  it('asks a remote kernel itself, if its document is open', async () => {
    const kernel = new FakeKernel({ id: 'open' });
    kernel.usage = { kernel_memory: 5 * GIB };
    doc.context.session = { kernel };
    await start(path =>
      path === ''
        ? {
            kernels: [
              inList(noReply('open', 'remote'), 'open.ipynb'),
              inList(noReply('other', 'remote'), 'other.ipynb')
            ]
          }
        : noReply('open', 'remote')
    );
    await shown('tr[data-bytes]');
    const rows = await shown('tr[data-kernel-id]');
    expect(cells(rows[0])).toEqual([
      'open.ipynbPSS with children, as the kernel tells',
      '5 GiB',
      '–',
      '1 GiB'
    ]);
    expect(cells(rows[1])[0]).toBe('other.ipynbremote kernel');
  });

  it('says so when the server extension is missing', async () => {
    await start(() => new Response('<html>', { status: 404 }));
    const [text] = await shown('[role=status]');
    await shows(() => text.textContent !== 'Reading…');
    expect(text.textContent).toBe('server extension missing');
  });
});

it('the list is asked for no more while the server is gone, and comes back', async () => {
  jest.useFakeTimers();
  const server = new FakeServer();
  const kernel = new FakeKernel({ id: 'open' });
  kernel.connectionStatus = 'connecting';
  const memguard = new FakeMemguard(aDocument('a.ipynb', kernel).watched);
  const source = new MemorySource(server.rest, new UsageRequests());
  const list = new KernelList(memguard, server.rest, source, server.sessions);
  await jest.advanceTimersByTimeAsync(600_000);
  expect(list.failure).toBe('unreachable');
  expect(server.asked.length).toBe(1);
  kernel.connectionStatus = 'connected';
  server.answer = () => ({ kernels: [inList(aReply('open'), 'a.ipynb')] });
  await jest.advanceTimersByTimeAsync(60_000);
  expect(list.failure).toBeNull();
  expect(list.kernels?.map(({ id }) => id)).toEqual(['open']);
  list.dispose();
  jest.useRealTimers();
});
