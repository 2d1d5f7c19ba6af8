import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Clipboard, Notification } from '@jupyterlab/apputils';
import { ServerConnection } from '@jupyterlab/services';
import { acceptDialog, dismissDialog } from '@jupyterlab/testing';
import { nullTranslator } from '@jupyterlab/translation';
import type { IWatched } from '../../tokens';
import { copyDiagnostics } from '../../ui/diagnostics';
import type { IReport } from '../../wire/protocol';
import { sampleReport } from '../fakes/samples';

jest.mock('../../kernel/kernelCode', () => ({
  KERNEL_CODE: { core: { load: async () => ({ release: '1.2.3' }) } }
}));

const NAMES = ['my_secret_name', 'another_name'];
const LINE = 'my_secret_name.head()';

/** The kernel's versions as it gives them: `repr` of hexadecimal digits. */
const VERSIONS = `'${Buffer.from('{"python": "3.8.18"}').toString('hex')}'`;

function aReport(): IReport {
  const report = sampleReport();
  const row = {
    ...report.results[0],
    variables: [NAMES[0]],
    shared_variables: [NAMES[1]],
    source: LINE
  };
  return { ...report, results: [row] };
}

/** A document with a kernel, on which a cell may run. */
function aDocument(cellRunning = false) {
  const asked: object[] = [];
  const kernel = {
    name: 'python3',
    info: Promise.resolve({
      implementation: 'ipython',
      implementation_version: '9.18.1'
    }),
    requestExecute: (content: object) => {
      asked.push(content);
      const data = { 'text/plain': VERSIONS };
      const versions = { status: 'ok', data, metadata: {} };
      const reply = { status: 'ok', user_expressions: { versions } };
      return { done: Promise.resolve({ content: reply }) };
    }
  };
  const watched = {
    widget: { sessionContext: { session: { kernel } } },
    agent: {
      state: { kind: 'ready' },
      cellRunning,
      request: async (method: string) => {
        asked.push({ method });
        return aReport();
      }
    }
  };
  return { watched: watched as unknown as IWatched, asked };
}

const app = {
  name: 'JupyterLab',
  version: '4.6.6',
  serviceManager: { serverSettings: ServerConnection.makeSettings() }
} as unknown as JupyterFrontEnd;

let copied: string[] = [];

beforeEach(() => {
  copied = [];
  jest
    .spyOn(Clipboard, 'copyToSystem')
    .mockImplementation(text => void copied.push(String(text)));
  jest
    .spyOn(ServerConnection, 'makeRequest')
    .mockImplementation(async url =>
      url.endsWith('/api')
        ? new Response('{"version": "2.13.0"}')
        : new Response('{}', { status: 404 })
    );
});

afterEach(() => {
  jest.restoreAllMocks();
  Notification.manager.notifications.forEach(({ id }) =>
    Notification.dismiss(id)
  );
});

/** Copy, as a person answers the dialog; returns what was copied. */
async function copy(
  watched: IWatched | null,
  answer: () => Promise<void> = acceptDialog
): Promise<Record<string, unknown>> {
  const done = copyDiagnostics(
    app,
    watched,
    nullTranslator.load('jupyter_memguard')
  );
  await answer();
  await done;
  return copied.length === 0 ? {} : JSON.parse(copied[0]);
}

const tick = async (): Promise<void> => {
  while (document.querySelector('.jp-Dialog-checkbox input') === null) {
    await new Promise(resolve => setTimeout(resolve, 5));
  }
  document
    .querySelector<HTMLInputElement>('.jp-Dialog-checkbox input')!
    .click();
  await acceptDialog();
};

it('copies versions and the report without names and lines', async () => {
  const { watched } = aDocument();
  const found = await copy(watched);
  expect(found).toMatchObject({
    jupyter_memguard: '1.2.3',
    application: 'JupyterLab 4.6.6',
    server: { jupyter_server: '2.13.0', extension: 404 },
    kernel: {
      implementation_version: '9.18.1',
      versions: { python: '3.8.18' }
    },
    report: { results: [{ variables: 1, shared_variables: 1, source: null }] }
  });
  for (const name of [...NAMES, LINE]) {
    expect(copied[0]).not.toContain(name);
  }
});

it('copies names and lines where a person ticks that', async () => {
  const { watched } = aDocument();
  const found = await copy(watched, tick);
  expect(found).toMatchObject({
    report: { results: [{ variables: [NAMES[0]], source: LINE }] }
  });
});

it('copies nothing where a person cancels', async () => {
  const { watched, asked } = aDocument();
  await copy(watched, dismissDialog);
  expect([copied, asked]).toEqual([[], []]);
});

it('asks no kernel that runs a cell, and says so', async () => {
  const { watched, asked } = aDocument(true);
  const found = await copy(watched);
  expect(asked).toEqual([]);
  expect(found).toMatchObject({
    kernel: { is_busy: true, versions: null },
    report: null
  });
  const [told] = Notification.manager.notifications;
  expect(told.message).toContain('The kernel could not be asked.');
});

it('copies what is known without a document', async () => {
  expect(await copy(null)).toMatchObject({
    jupyter_memguard: '1.2.3',
    kernel: null,
    report: null
  });
});
