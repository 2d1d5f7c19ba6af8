/**
 * The one silent message that puts the kernel code into a kernel. The code
 * travels as text, so that the kernel's environment need not have it.
 */

import type { KernelMessage } from '@jupyterlab/services';
import init from '../../jupyter_memguard/kernel/__init__.py';
import adapter from '../../jupyter_memguard/kernel/adapter.py';
import adapters from '../../jupyter_memguard/kernel/adapters.py';
import allocation from '../../jupyter_memguard/kernel/allocation.py';
import arrow from '../../jupyter_memguard/kernel/arrow.py';
import bootstrap from '../../jupyter_memguard/kernel/bootstrap.py';
import cells from '../../jupyter_memguard/kernel/cells.py';
import channel from '../../jupyter_memguard/kernel/channel.py';
import cycles from '../../jupyter_memguard/kernel/cycles.py';
import describe from '../../jupyter_memguard/kernel/describe.py';
import foreign from '../../jupyter_memguard/kernel/foreign.py';
import frontier from '../../jupyter_memguard/kernel/frontier.py';
import guard from '../../jupyter_memguard/kernel/guard.py';
import holders from '../../jupyter_memguard/kernel/holders.py';
import keys from '../../jupyter_memguard/kernel/keys.py';
import knownTypes from '../../jupyter_memguard/kernel/known_types.py';
import memory from '../../jupyter_memguard/kernel/memory.py';
import otherThreads from '../../jupyter_memguard/kernel/other_threads.py';
import pages from '../../jupyter_memguard/kernel/pages.py';
import peel from '../../jupyter_memguard/kernel/peel.py';
import placeholder from '../../jupyter_memguard/kernel/placeholder.py';
import protocol from '../../jupyter_memguard/kernel/protocol.py';
import quick from '../../jupyter_memguard/kernel/quick.py';
import reach from '../../jupyter_memguard/kernel/reach.py';
import refcounts from '../../jupyter_memguard/kernel/refcounts.py';
import referrers from '../../jupyter_memguard/kernel/referrers.py';
import release from '../../jupyter_memguard/kernel/release.py';
import report from '../../jupyter_memguard/kernel/report.py';
import session from '../../jupyter_memguard/kernel/session.py';
import shown from '../../jupyter_memguard/kernel/shown.py';
import sizes from '../../jupyter_memguard/kernel/sizes.py';
import sizing from '../../jupyter_memguard/kernel/sizing.py';
import survey from '../../jupyter_memguard/kernel/survey.py';
import told from '../../jupyter_memguard/kernel/told.py';
import tracebacks from '../../jupyter_memguard/kernel/tracebacks.py';
import trial from '../../jupyter_memguard/kernel/trial.py';
import type { IGuard } from '../wire/protocol';

/** The kernel package's files by name, without the loader. */
export const FILES: Readonly<Record<string, string>> = {
  '__init__.py': init,
  'adapter.py': adapter,
  'adapters.py': adapters,
  'allocation.py': allocation,
  'arrow.py': arrow,
  'cells.py': cells,
  'channel.py': channel,
  'cycles.py': cycles,
  'describe.py': describe,
  'foreign.py': foreign,
  'frontier.py': frontier,
  'guard.py': guard,
  'holders.py': holders,
  'keys.py': keys,
  'known_types.py': knownTypes,
  'memory.py': memory,
  'other_threads.py': otherThreads,
  'pages.py': pages,
  'peel.py': peel,
  'placeholder.py': placeholder,
  'protocol.py': protocol,
  'quick.py': quick,
  'reach.py': reach,
  'refcounts.py': refcounts,
  'referrers.py': referrers,
  'release.py': release,
  'report.py': report,
  'session.py': session,
  'shown.py': shown,
  'sizes.py': sizes,
  'sizing.py': sizing,
  'survey.py': survey,
  'told.py': told,
  'tracebacks.py': tracebacks,
  'trial.py': trial
};

/** Changes with the files, so that a kernel knows whether it has these. */
export const DIGEST = digest(JSON.stringify(FILES));

/**
 * Evaluates to the protocol's version; where nothing was installed, to 0
 * without an IPython shell and to -1 with one: kernels that are built on
 * ipykernel import IPython and need not have a shell. It runs in the user's
 * namespace: it binds nothing there, and takes `getattr` from its module in
 * case the user has one of their own.
 */
const VERSION_EXPRESSION =
  '__import__("builtins").getattr(__import__("sys").modules.get(' +
  '"_jupyter_memguard.protocol"), "VERSION", ' +
  '0 - ("IPython" in __import__("sys").modules ' +
  'and __import__("IPython").get_ipython() is not None))';

/** The name under which the version is asked for. */
const VERSION_NAME = 'memguard';

/** What a kernel answered to the install message. */
export type Installed =
  | { kind: 'version'; version: number }
  /** The kernel gave up this message because the cell before it failed. */
  | { kind: 'aborted' }
  | { kind: 'failed'; detail: string };

/**
 * The content of the install message.
 *
 * @param guard - The guard to set if none was set since the kernel's start;
 * null sets nothing.
 */
export function installRequest(
  guard: IGuard | null
): KernelMessage.IExecuteRequestMsg['content'] {
  const values = {
    __name__: '_jupyter_memguard_bootstrap',
    FILES_JSON: JSON.stringify(FILES),
    DIGEST,
    OPTIONS_JSON: JSON.stringify({ guard })
  };
  // JSON's texts are Python's too, and so is a map from texts to texts.
  const code =
    '__import__("builtins").exec(__import__("builtins").compile(' +
    `${JSON.stringify(bootstrap)}, "<jupyter-memguard>", "exec"), ` +
    `${JSON.stringify(values)})`;
  return {
    code,
    silent: true,
    store_history: false,
    allow_stdin: false,
    stop_on_error: false,
    user_expressions: { [VERSION_NAME]: VERSION_EXPRESSION }
  };
}

/**
 * Read the answer to the install message.
 *
 * @param content - The reply's content, which is not trusted.
 */
export function readInstalled(content: unknown): Installed {
  const reply = fields(content);
  if (reply.status === 'aborted' || reply.status === 'abort') {
    return { kind: 'aborted' };
  }
  if (reply.status !== 'ok') {
    return { kind: 'failed', detail: name(reply.ename) };
  }
  const answer = fields(fields(reply.user_expressions)[VERSION_NAME]);
  if (answer.status === 'error') {
    return { kind: 'failed', detail: name(answer.ename) };
  }
  const text = fields(answer.data)['text/plain'];
  if (text === '-1') {
    return { kind: 'failed', detail: 'install' };
  }
  const isNumber = typeof text === 'string' && /^\d{1,9}$/.test(text);
  return { kind: 'version', version: isNumber ? Number(text) : 0 };
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function name(value: unknown): string {
  return typeof value === 'string' ? value : 'unknown';
}

/** FNV-1a with 32 bits, and the length: told apart are builds, not enemies. */
function digest(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return `${(hash >>> 0).toString(16)}-${text.length}`;
}
