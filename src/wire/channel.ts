/** Requests and events over one comm. */

import type { JSONObject } from '@lumino/coreutils';
import { UUID } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { ISent, MainShellComm } from './comm';
import type { ErrorCode, IRequests, KernelEvent, Method } from './protocol';
import { PROTOCOL_VERSION, RESULTS } from './protocol';
import { readMessage } from './messages';

/**
 * How long a request may wait for the kernel to begin with it while no cell
 * runs, in milliseconds. A request that the kernel has begun with may take as
 * long as it takes.
 */
export const REQUEST_TIMEOUT_MS = 30000;

/** Why a request got no answer, where the kernel gave no reason. */
export type RequestFailure =
  | 'not_ready'
  | 'timeout'
  | 'cancelled'
  | 'restarted'
  | 'dead'
  | 'disconnected'
  | 'invalid_reply';

/** Why a request has no result; `code` is for programs, not for people. */
export class RequestError extends Error {
  /**
   * @param code - The kernel's code, or the reason why the kernel gave none.
   * @param detail - The name of what was wrong, if the kernel told it.
   */
  constructor(
    readonly code: ErrorCode | RequestFailure,
    readonly detail: string | null = null
  ) {
    super(detail === null ? code : `${code}: ${detail}`);
    this.name = 'RequestError';
  }
}

/** How long a request waits, and what ends it early. */
export interface IRequestOptions {
  /**
   * In milliseconds, until the kernel begins with it; the time while a cell
   * runs does not count.
   */
  timeoutMs?: number;
  signal?: AbortSignal;
}

interface IPending {
  /** Send the request over the present comm. */
  send(): void;
  settle(result: unknown): void;
  fail(error: RequestError): void;
}

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
   * @returns the checked result.
   * @throws RequestError with the reason as `code`.
   */
  request<K extends Method>(
    method: K,
    params: IRequests[K]['params'],
    options: IRequestOptions = {}
  ): Promise<IRequests[K]['result']> {
    const { signal, timeoutMs = REQUEST_TIMEOUT_MS } = options;
    const id = UUID.uuid4();
    return new Promise<IRequests[K]['result']>((resolve, reject) => {
      let sent: ISent | null = null;
      const fail = (error: RequestError): void => {
        done();
        reject(error);
      };
      const onAbort = (): void => fail(new RequestError('cancelled'));
      const onTimeout = (): void => {
        if (this._isBusy() || sent?.begun) {
          timer = setTimeout(onTimeout, timeoutMs);
        } else {
          fail(new RequestError('timeout'));
        }
      };
      let timer = setTimeout(onTimeout, timeoutMs);
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        this._pending.delete(id);
      };
      const settle = (result: unknown): void => {
        if (RESULTS[method](result)) {
          done();
          resolve(result);
        } else {
          fail(new RequestError('invalid_reply'));
        }
      };
      if (this._isDisposed) {
        fail(new RequestError('not_ready'));
        return;
      }
      if (signal?.aborted) {
        onAbort();
        return;
      }
      const send = (): void => {
        let now: ISent;
        try {
          now = this._comm.send({ id, method, params: params as JSONObject });
        } catch {
          fail(new RequestError('not_ready'));
          return;
        }
        sent = now;
        void now.handled.then(() => {
          if (sent === now && this._pending.has(id)) {
            // The kernel is done, and a reply would have come before this.
            fail(new RequestError('invalid_reply'));
          }
        });
      };
      signal?.addEventListener('abort', onAbort);
      this._pending.set(id, { send, settle, fail });
      send();
    });
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
  private _pending = new Map<string, IPending>();
  private _event = new Signal<this, KernelEvent>(this);
  private _closed = new Signal<this, void>(this);
}

/** The code of the error with which a request was rejected. */
export function codeOf(error: unknown): string {
  return error instanceof RequestError ? error.code : 'internal';
}
