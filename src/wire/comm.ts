/** A comm over any connection to a kernel. */

import type { Kernel } from '@jupyterlab/services';
import { KernelMessage } from '@jupyterlab/services';
import type { JSONObject } from '@lumino/coreutils';
import { UUID } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

/** A message that was sent. */
export interface ISent {
  /** Whether the kernel has begun to handle it. */
  readonly begun: boolean;
  /** Resolves when the kernel has handled it; never if it is lost. */
  readonly handled: Promise<void>;
}

/**
 * A comm on the kernel's main shell. JupyterLab's `createComm` works on one
 * connection per kernel and page only, while two notebooks may share a kernel;
 * a second connection that handles comms would close the comms of widgets. The
 * messages name no subshell, so that they wait behind a running cell and the
 * kernel handles them in its main thread.
 */
export class MainShellComm implements IDisposable {
  /**
   * @param kernel - The connection; not owned.
   * @param target - The name that the kernel has registered.
   */
  constructor(kernel: Kernel.IKernelConnection, target: string) {
    this._kernel = kernel;
    this._target = target;
    kernel.iopubMessage.connect(this._onIopub, this);
  }

  /** Emitted with the data of each message. */
  get message(): ISignal<this, unknown> {
    return this._message;
  }

  /** Emitted when the kernel closes the comm, or does not know its target. */
  get closed(): ISignal<this, void> {
    return this._closed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Open the comm on the kernel's side.
   *
   * @param data - What the kernel's handler of the target gets.
   * @returns the message.
   * @throws Error if the connection has gone.
   */
  open(data: JSONObject): ISent {
    return this._post(
      KernelMessage.createMessage<KernelMessage.ICommOpenMsg<'shell'>>({
        ...this._header('comm_open'),
        content: { comm_id: this._id, target_name: this._target, data }
      })
    );
  }

  /**
   * Send a message.
   *
   * @param data - The message's data.
   * @returns the message.
   * @throws Error if the connection has gone.
   */
  send(data: JSONObject): ISent {
    return this._post(
      KernelMessage.createMessage<KernelMessage.ICommMsgMsg<'shell'>>({
        ...this._header('comm_msg'),
        content: { comm_id: this._id, data }
      })
    );
  }

  /** Close the comm on the kernel's side too, and dispose. */
  close(): void {
    if (this._isDisposed) {
      return;
    }
    this.dispose();
    try {
      this._post(
        KernelMessage.createMessage<KernelMessage.ICommCloseMsg<'shell'>>({
          ...this._header('comm_close'),
          content: { comm_id: this._id, data: {} }
        })
      );
    } catch {
      // The connection is gone, and the comm with it.
    }
  }

  /** Stop listening. */
  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private _header<T extends KernelMessage.ShellMessageType>(
    msgType: T
  ): { msgType: T; channel: 'shell'; username: string; session: string } {
    const { username, clientId } = this._kernel;
    return { msgType, channel: 'shell', username, session: clientId };
  }

  private _post(
    message: KernelMessage.IShellMessage<
      'comm_open' | 'comm_msg' | 'comm_close'
    >
  ): ISent {
    const future = this._kernel.sendShellMessage(message, false, true);
    const sent = {
      begun: false,
      handled: new Promise<void>(resolve => {
        // A restart rejects the outstanding messages; others signal it.
        future.done.then(
          () => resolve(),
          () => undefined
        );
      })
    };
    future.onIOPub = () => {
      sent.begun = true;
    };
    return sent;
  }

  private _onIopub(
    _: Kernel.IKernelConnection,
    message: KernelMessage.IIOPubMessage
  ): void {
    if (
      KernelMessage.isCommMsgMsg(message) &&
      message.content.comm_id === this._id
    ) {
      this._message.emit(message.content.data);
    } else if (
      KernelMessage.isCommCloseMsg(message) &&
      message.content.comm_id === this._id
    ) {
      this._closed.emit();
    }
  }

  private _kernel: Kernel.IKernelConnection;
  private _target: string;
  private _id = UUID.uuid4();
  private _isDisposed = false;
  private _message = new Signal<this, unknown>(this);
  private _closed = new Signal<this, void>(this);
}
