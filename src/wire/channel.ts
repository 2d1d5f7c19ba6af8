/** Requests and events over one comm. */

import type { JSONObject } from '@lumino/coreutils';
import { UUID } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { Check } from './checks';
import type { MainShellComm } from './comm';
import { readMessage } from './messages';
import type { IRequests, KernelEvent, Method } from './protocol';
import { PROTOCOL_VERSION, RESULTS } from './protocol';
import type { IRequestOptions, RequestFailure } from './request';
import { PendingRequest, RequestError } from './request';

/** A pending request of any method. */
type IAnswered = Pick<PendingRequest<unknown>, 'send' | 'settle' | 'fail'>;

/** Sends requests over a comm, and finds the replies that belong to them. */
export class Channel implements IDisposable {
  /**
   * @param comm - A comm that is not open yet; owned.
   * @param isBusy - Whether a cell runs; requests wait behind it.
   */
  constructor(comm: MainShellComm, isBusy: () => boolean) {
    this._comm = comm;
    this._isBusy = isBusy;
    this._listen();
  }

  /** Emitted when the kernel tells something by itself. */
  get event(): ISignal<this, KernelEvent> {
    return this._event;
  }

  /** Emitted when the kernel closes the comm, or does not know its target. */
  get closed(): ISignal<this, void> {
    return this._closed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Open the comm; the kernel greets with the event `hello`.
   *
   * @returns a promise that resolves when the kernel has greeted, or has not.
   */
  open(): Promise<void> {
    return this._comm.open({ version: PROTOCOL_VERSION }).handled;
  }

  /**
   * Go on over another comm, after the kernel has closed the one before. The
   * kernel has not begun with the requests that it has not answered, so they
   * are sent again.
   *
   * @param comm - A comm that is not open yet; owned.
   * @returns as `open` does.
   */
  reopen(comm: MainShellComm): Promise<void> {
    this._comm.dispose();
    this._comm = comm;
    this._listen();
    const opened = this.open();
    // The kernel handles messages in order: the comm is open by then.
    for (const pending of [...this._pending.values()]) {
      pending.send();
    }
    return opened;
  }

  /**
   * Ask the kernel.
   *
   * @param method - The request's name.
   * @param params - The parameters of that method.
   * @param options - What ends the waiting early.
   * @returns the checked result.
   * @throws RequestError with the reason as `code`.
   */
  request<K extends Method>(
    method: K,
    params: IRequests[K]['params'],
    options: IRequestOptions = {}
  ): Promise<IRequests[K]['result']> {
    const id = UUID.uuid4();
    const check: Check<IRequests[K]['result']> = RESULTS[method];
    const pending = new PendingRequest(check, options, {
      send: () => this._comm.send({ id, method, params: params as JSONObject }),
      isBusy: this._isBusy,
      done: () => this._pending.delete(id)
    });
    if (this._isDisposed) {
      pending.fail(new RequestError('not_ready'));
    } else {
      this._pending.set(id, pending);
      pending.start();
    }
    return pending.result;
  }

  /** Close the comm; outstanding requests fail as not ready. */
  dispose(): void {
    this.end('not_ready');
  }

  /**
   * Close the comm for a reason.
   *
   * @param reason - The code with which outstanding requests fail.
   */
  end(reason: RequestFailure): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    for (const pending of [...this._pending.values()]) {
      pending.fail(new RequestError(reason));
    }
    if (reason === 'restarted' || reason === 'dead') {
      // There is nobody to tell: the kernel that knew the comm is gone.
      this._comm.dispose();
    } else {
      this._comm.close();
    }
    Signal.clearData(this);
  }

  private _listen(): void {
    this._comm.message.connect(this._receive, this);
    this._comm.closed.connect(() => this._closed.emit());
  }

  private _receive(_: MainShellComm, data: unknown): void {
    const message = readMessage(data);
    if (message === null) {
      return;
    }
    if (message.kind === 'event') {
      this._event.emit(message.event);
      return;
    }
    // A late reply belongs to no request any more.
    const pending = this._pending.get(message.id);
    switch (message.kind) {
      case 'result':
        pending?.settle(message.result);
        return;
      case 'error':
        pending?.fail(new RequestError(message.code, message.detail));
        return;
      case 'invalid':
        pending?.fail(new RequestError('invalid_reply'));
        return;
    }
  }

  private _comm: MainShellComm;
  private _isBusy: () => boolean;
  private _isDisposed = false;
  private _pending = new Map<string, IAnswered>();
  private _event = new Signal<this, KernelEvent>(this);
  private _closed = new Signal<this, void>(this);
}
