/** What a report of a fault needs to know, put into the clipboard. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import {
  Clipboard,
  Dialog,
  Notification,
  showDialog
} from '@jupyterlab/apputils';
import { URLExt } from '@jupyterlab/coreutils';
import { type Kernel, ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { isFree } from '../kernel/kernelFree';
import { KERNEL_CODE } from '../kernel/kernelCode';
import type { IWatched } from '../tokens';
import { PROTOCOL_VERSION, type IReport } from '../wire/protocol';

const BUDGET_MS = 1000;

/**
 * The kernel's versions as JSON in hexadecimal digits, which no `repr` alters.
 * Packages are looked for among those that are imported already.
 */
const VERSIONS = [
  '__import__("json").dumps({',
  '"python": __import__("platform").python_version(),',
  '"platform": __import__("platform").platform(),',
  '**{name: vars(module).get("__version__")',
  'for name, module in list(__import__("sys").modules.items())',
  'if name in ("IPython", "ipykernel", "jupyter_memguard", "numpy", "pandas",',
  '"polars", "pyarrow", "torch")}}, default=str).encode().hex()'
].join(' ');

/** The facts of a report, as they are copied. */
interface IDiagnostics {
  readonly jupyter_memguard: string;
  readonly protocol: number;
  readonly application: string;
  readonly browser: string;
  readonly server: unknown;
  readonly kernel: unknown;
  /** As `%memguard --json` has it; null where the kernel cannot be asked. */
  readonly report: object | null;
}

/**
 * Ask a person whether names may be copied, and copy.
 *
 * @param app - The application, for its versions and its server.
 * @param watched - The document; null copies what is known without one.
 * @param trans - The words.
 */
export async function copyDiagnostics(
  app: JupyterFrontEnd,
  watched: IWatched | null,
  trans: TranslationBundle
): Promise<void> {
  const { button, isChecked } = await showDialog({
    title: trans.__('Copy diagnostics'),
    body: trans.__(
      'The versions, and what the kernel keeps with types and sizes, go to the clipboard. Values are never part of it.'
    ),
    checkbox: {
      label: trans.__('With names of variables and lines of cells'),
      caption: trans.__('Without them they are counted, not named'),
      checked: false
    },
    buttons: [
      Dialog.cancelButton(),
      Dialog.okButton({ label: trans.__('Copy') })
    ]
  });
  if (!button.accept) {
    return;
  }
  const found = await collect(app, watched, isChecked === true);
  Clipboard.copyToSystem(JSON.stringify(found, null, 1));
  Notification.success(
    found.report === null && watched !== null
      ? trans.__(
          'The versions are in the clipboard. The kernel could not be asked.'
        )
      : trans.__('The diagnostics are in the clipboard.'),
    { autoClose: 5000 }
  );
}

/**
 * Collect what a report of a fault needs. The kernel is asked only if it runs
 * no cell.
 *
 * @param app - The application.
 * @param watched - The document, if there is one.
 * @param withNames - Whether the user's names and lines are part of it.
 */
export async function collect(
  app: JupyterFrontEnd,
  watched: IWatched | null,
  withNames: boolean
): Promise<IDiagnostics> {
  const { release } = await KERNEL_CODE.core.load();
  const isAsked = watched !== null && isFree(watched.agent);
  const report = isAsked
    ? await watched.agent
        .request('report', { budget_ms: BUDGET_MS })
        .catch(() => null)
    : null;
  return {
    jupyter_memguard: release,
    protocol: PROTOCOL_VERSION,
    application: `${app.name} ${app.version}`,
    browser: navigator.userAgent,
    server: await askServer(app.serviceManager.serverSettings),
    kernel:
      watched === null
        ? null
        : {
            state: watched.agent.state,
            is_busy: watched.agent.cellRunning,
            ...(await askKernel(
              watched.widget.sessionContext.session?.kernel ?? null,
              isAsked
            ))
          },
    report: report === null || withNames ? report : withoutNames(report)
  };
}

/** A report without what a person has named or written. */
function withoutNames(report: IReport): object {
  return {
    ...report,
    results: report.results.map(row => ({
      ...row,
      variables: row.variables.length,
      shared_variables: row.shared_variables.length,
      source: null
    }))
  };
}

/** The server's version, and whether our half of it answers. */
async function askServer(
  settings: ServerConnection.ISettings
): Promise<object> {
  const ask = (...path: string[]): Promise<Response | null> =>
    ServerConnection.makeRequest(
      URLExt.join(settings.baseUrl, ...path),
      {},
      settings
    ).catch(() => null);
  const [api, ours] = [
    await ask('api'),
    await ask('jupyter-memguard', 'kernels')
  ];
  const about = api?.ok ? ((await api.json()) as { version?: string }) : {};
  return {
    jupyter_server: about.version ?? null,
    extension: ours?.status ?? null
  };
}

/** What a kernel is, and the versions in it. */
async function askKernel(
  kernel: Kernel.IKernelConnection | null,
  isAsked: boolean
): Promise<object> {
  if (kernel === null) {
    return {};
  }
  const info = isAsked ? await kernel.info.catch(() => null) : null;
  const about = {
    name: kernel.name,
    implementation: info?.implementation ?? null,
    implementation_version: info?.implementation_version ?? null
  };
  return { ...about, versions: isAsked ? await versionsIn(kernel) : null };
}

/** The versions in a kernel that runs Python; null if it does not tell. */
async function versionsIn(kernel: Kernel.IKernelConnection): Promise<unknown> {
  const reply = await kernel
    .requestExecute({
      code: '',
      silent: true,
      store_history: false,
      user_expressions: { versions: VERSIONS }
    })
    .done.catch(() => null);
  const content = reply?.content;
  if (content?.status !== 'ok') {
    return null;
  }
  const { data } = Object(content.user_expressions?.versions) as {
    data?: Record<string, unknown>;
  };
  const digits = String(data?.['text/plain'] ?? '').replace(/[^0-9a-f]/g, '');
  const bytes = digits.match(/../g)?.map(pair => parseInt(pair, 16)) ?? [];
  try {
    return JSON.parse(String.fromCharCode(...bytes));
  } catch {
    return null;
  }
}
