import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { Widget } from '@lumino/widgets';
import { memoryPlugin } from '../plugins/memory';
import { FakeMemguard } from './fakes';
import { aReply, FakeServer, settled, shows } from './memory.fakes';

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
    const app = {
      commands,
      serviceManager: {
        serverSettings: server.settings,
        sessions: { runningChanged: server.sessionsChanged }
      },
      shell: {}
    } as unknown as JupyterFrontEnd;
    const panel = { addSection: (each: Widget) => sections.push(each) };
    await memoryPlugin.activate(
      app,
      new FakeMemguard(null),
      null,
      null,
      panel,
      null
    );
  });

  beforeEach(async () => {
    opened.length = 0;
    await settled(() => Widget.attach(sections[0], document.body));
    await shows(() => sections[0].node.querySelector('button') !== null);
  });

  afterEach(() => settled(() => Widget.detach(sections[0])));

  function messages(): string[] {
    return Notification.manager.notifications.map(each => each.message);
  }

  it('opens on a click', async () => {
    await settled(() => sections[0].node.querySelector('button')?.click());
    expect(opened).toEqual(OPENED);
    expect(messages()).toEqual([]);
  });

  it('is said to be gone where it was renamed or deleted', async () => {
    opens = false;
    await settled(() => sections[0].node.querySelector('button')?.click());
    expect(opened).toEqual(OPENED);
    expect(messages()).toEqual(['b/a.ipynb cannot be opened.']);
  });
});
