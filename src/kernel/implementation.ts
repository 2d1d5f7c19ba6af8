/**
 * Which kernels run the code that they are sent themselves, in an IPython
 * shell. A kernelspec may say `python` and the kernel pass the code on:
 * sparkmagic's sends it to a Livy server, which would start a session there.
 * What tells is the kernel's own answer to `kernel_info_request`.
 */

import type { Kernel, KernelMessage } from '@jupyterlab/services';

/** Implementations by the names that they give themselves. */
const OWN_SHELL = ['ipython', 'xeus-python', 'pyodide'];

/** The argument that leaves IPython out of a kernel of xeus-python. */
const RAW = /^--raw(-mode)?$/;

/** The feature of a kernel that answers this extension's requests itself. */
const FEATURE = 'memguard';

/** What a kernel has told of itself. */
interface ITold {
  readonly implementation: string;
  readonly answers: boolean;
}

/** What each connection's kernel has told; a restart does not change it. */
const KNOWN = new WeakMap<Kernel.IKernelConnection, ITold>();

/**
 * The implementation of a kernel, or null while the kernel has not told it.
 *
 * @param kernel - The kernel's connection.
 */
export function implementationOf(
  kernel: Kernel.IKernelConnection
): string | null {
  return KNOWN.get(kernel)?.implementation ?? null;
}

/**
 * Whether a kernel, of whatever language, has said that it answers this
 * extension's requests itself, so that nothing has to be put into it.
 *
 * @param kernel - The kernel's connection.
 */
export function answersItself(kernel: Kernel.IKernelConnection): boolean {
  return KNOWN.get(kernel)?.answers ?? false;
}

/**
 * Take the name of a kernel's implementation from a message, if it is there.
 *
 * @param kernel - The kernel's connection.
 * @param msg - Any message that was received from it.
 * @returns whether the name was not known before.
 */
export function learnFrom(
  kernel: Kernel.IKernelConnection,
  msg: KernelMessage.IMessage
): boolean {
  return (
    msg.header.msg_type === 'kernel_info_reply' && learn(kernel, msg.content)
  );
}

/**
 * Take the name of a kernel's implementation.
 *
 * @param kernel - The kernel's connection.
 * @param info - What it tells of itself, which is not trusted.
 * @returns whether the name was not known before.
 */
export function learn(kernel: Kernel.IKernelConnection, info: object): boolean {
  if (KNOWN.has(kernel)) {
    return false;
  }
  const name: unknown = 'implementation' in info ? info.implementation : '';
  const features: unknown =
    'supported_features' in info ? info.supported_features : [];
  KNOWN.set(kernel, {
    implementation: typeof name === 'string' ? name : '',
    answers: Array.isArray(features) && features.includes(FEATURE)
  });
  return true;
}

/**
 * Whether an implementation runs code itself, in an IPython shell.
 *
 * @param implementation - Its name.
 * @param added - Names that a person has added.
 * @param argv - The command of the kernelspec.
 */
export function hasOwnShell(
  implementation: string,
  added: readonly string[],
  argv: readonly string[] = []
): boolean {
  const name = implementation.toLowerCase();
  if (added.some(other => other.trim().toLowerCase() === name)) {
    return true;
  }
  return OWN_SHELL.includes(name) && !argv.some(word => RAW.test(word));
}

/**
 * A request that JupyterLab keeps until the kernel has told what it is.
 *
 * JupyterLab sends nothing to a new kernel before that, and then all that
 * waits, in order. To be before the first cell, a request has to wait with
 * the others before it is known whether it may go out. So it waits as a
 * second question for what the kernel is, which does no harm, and becomes
 * itself again when the answer is seen, right before all that waits is sent.
 */
export class HeldRequest {
  /** @param msg - The request, which is not sent yet. */
  constructor(msg: KernelMessage.IMessage) {
    this._msg = msg as unknown as IChangeable;
    this._itself = {
      type: this._msg.header.msg_type,
      content: this._msg.content
    };
    this._become('kernel_info_request', {});
  }

  /** Let it go out. */
  release(): void {
    this._become(this._itself.type, this._itself.content);
  }

  private _become(type: string, content: object): void {
    this._msg.header.msg_type = type;
    this._msg.content = content;
  }

  private _msg: IChangeable;
  private _itself: { type: string; content: object };
}

/** A message before it is sent. */
interface IChangeable {
  header: { msg_type: string };
  content: object;
}
