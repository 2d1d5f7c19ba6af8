/** Whether a kernel is still the one that was installed into. */

import type { KernelMessage } from '@jupyterlab/services';

/**
 * Knows a kernel by the session in its messages, which changes when the kernel
 * restarts. A restart by another client gives no other sign.
 */
export class KernelSession {
  /**
   * Remember the session of the kernel that has answered an install message.
   *
   * @param session - The session in the header of the answer.
   */
  note(session: string): void {
    // If sessions change from message to message, they do not tell restarts.
    if (this._suspected !== null && this._suspected !== session) {
      this._isTrusted = false;
    }
    this._suspected = null;
    this._current = session;
  }

  /** The kernel is restarting: its next session is not a surprise. */
  forget(): void {
    this._current = null;
  }

  /**
   * Whether a message comes from another kernel than before.
   *
   * @param msg - A message that was received.
   */
  isAnother(msg: KernelMessage.IMessage): boolean {
    if (
      this._current === null ||
      !this._isTrusted ||
      msg.header.session === this._current ||
      !isFromKernel(msg)
    ) {
      return false;
    }
    this._current = null;
    this._suspected = msg.header.session;
    return true;
  }

  private _current: string | null = null;
  private _suspected: string | null = null;
  private _isTrusted = true;
}

/** Whether a message answers another one; the server's own answer none. */
function isFromKernel(msg: KernelMessage.IMessage): boolean {
  return 'msg_id' in msg.parent_header && msg.parent_header.msg_id !== '';
}
