import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { Widget } from '@lumino/widgets';
import type { IMemoryReadings } from '../../memory/readings';
import { kernelsPlugin } from '../../plugins/kernels';
import { memoryPlugin } from '../../plugins/memory';
import { FakeKernel } from '../fakes/kernel';
import { FakeMemguard, aDocument } from '../fakes/memguard';
import { button, redrawn, shows } from '../fakes/render';
import { FakeServer, aReply, noReply } from '../fakes/server';
import { until } from '../fakes/waiting';

/** The server's answer about a kernel that it does not have. */
const GONE = new Response('{}', {
  status: 404,
  headers: { 'Content-Type': 'application/json' }
});

/** An application on a server that a test plays. */
function anApp(server: FakeServer, commands: object = {}): JupyterFrontEnd {
  return {
    commands,
    serviceManager: {
      serverSettings: server.settings,
      sessions: server.sessions
    },
    shell: {}
  } as unknown as JupyterFrontEnd;
}

it('tells the model that a kernel has ended, and not of each start in vain', async () => {
  const server = new FakeServer();
  const { watched, context } = aDocument(
    'a.ipynb',
    new FakeKernel({ id: 'k' })
  );
  const { model } = watched;
  const told = async (answer: object): Promise<boolean> => {
    server.answer = path => (path === '/k/memory' ? answer : { kernels: [] });
    const reads = (): number =>
      server.asked.filter(({ path }) => path === '/k/memory').length;
    const before = reads();
    context.connectionStatusChanged.emit('connecting');
    await until(() => reads() > before);
    await redrawn();
    return model.processEnded;
  };
  server.answer = () => noReply('k', 'starting');
  await memoryPlugin.activate(anApp(server), new FakeMemguard(watched));
  expect(await told(noReply('k', 'starting'))).toBe(false);
  expect(await told(noReply('k', 'died'))).toBe(true);
  expect(await told(noReply('k', 'starting'))).toBe(true);
  expect(await told(aReply('k'))).toBe(false);
  expect(await told(GONE)).toBe(true);
  expect(await told(aReply('k'))).toBe(false);
  expect(await told(noReply('k', 'died'))).toBe(true);
  context.kernelChanged.emit(null);
  expect(model.processEnded).toBe(false);
});

describe("a kernel's notebook in the list", () => {
  const server = new FakeServer();
  const opened: unknown[][] = [];
  const sections: Widget[] = [];
  let opens = true;
  const commands = {
    // As JupyterLab's does: it rejects where there is no such file.
    execute: async (...asked: unknown[]) => {
      opened.push(asked);
      if (!opens) {
        throw new Error('404');
      }
    }
  };
  const OPENED = [['docmanager:open', { path: 'b/a.ipynb' }]];

  beforeAll(async () => {
    server.answer = () => ({
      kernels: [
        {
          ...aReply('k'),
          name: 'python3',
          notebook: 'b/a.ipynb',
          title: null,
          kind: 'notebook'
        }
      ]
    });
    const panel = { addSection: (each: Widget) => sections.push(each) };
    const app = anApp(server, commands);
    const memguard = new FakeMemguard(null);
    const readings: IMemoryReadings = await memoryPlugin.activate(
      app,
      memguard
    );
    await kernelsPlugin.activate(app, memguard, readings, panel, null);
  });

  beforeEach(async () => {
    opened.length = 0;
    await redrawn(() => Widget.attach(sections[0], document.body));
    await shows(() => sections[0].node.querySelector('button') !== null);
  });

  afterEach(() => redrawn(() => Widget.detach(sections[0])));

  function messages(): string[] {
    return Notification.manager.notifications.map(each => each.message);
  }

  it('opens on a click', async () => {
    await redrawn(() => sections[0].node.querySelector('button')?.click());
    expect(opened).toEqual(OPENED);
    expect(messages()).toEqual([]);
  });

  it('opens by itself also where another notebook uses the kernel', async () => {
    server.running = ['b/a.ipynb', 'c.ipynb'].map(path => ({
      id: path,
      path,
      name: '',
      type: 'notebook',
      kernel: { id: 'k', name: 'python3' }
    }));
    await redrawn(() => server.sessionsChanged.emit());
    await shows(() => sections[0].node.textContent!.includes('c.ipynb'));
    await redrawn(() => button(sections[0].node, 'c.ipynb').click());
    expect(opened).toEqual([['docmanager:open', { path: 'c.ipynb' }]]);
    server.running = [];
    await redrawn(() => server.sessionsChanged.emit());
    await shows(() => !sections[0].node.textContent!.includes('c.ipynb'));
  });

  it('is said to be gone where it was renamed or deleted', async () => {
    opens = false;
    await redrawn(() => sections[0].node.querySelector('button')?.click());
    expect(opened).toEqual(OPENED);
    expect(messages()).toEqual(['b/a.ipynb cannot be opened.']);
  });
});
