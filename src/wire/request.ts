/** A request to the kernel, from being sent to its answer. */

import { PromiseDelegate } from '@lumino/coreutils';
import type { Check } from './checks';
import type { ISent } from './comm';
import type { ErrorCode } from './protocol';

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

/** What ends the waiting for an answer early. */
export interface IRequestOptions {
  signal?: AbortSignal;
}

/** The code of the error with which a request was rejected. */
export function codeOf(error: unknown): string {
  return error instanceof RequestError ? error.code : 'internal';
}

/** What a pending request needs of its channel. */
interface IRequestHost {
  /** Send the request over the present comm. */
  send(): ISent;
  /** Whether a cell runs; requests wait behind it. */
  isBusy(): boolean;
  /** Called once, when the request has its answer or has failed. */
  done(): void;
}

/** A request that has no answer yet. */
export class PendingRequest<T> {
  /**
   * @param check - Tells whether a result is one of the request's method.
   * @param options - What ends the waiting early.
   * @param host - The channel.
   */
  constructor(check: Check<T>, options: IRequestOptions, host: IRequestHost) {
    this._check = check;
    this._host = host;
    this._signal = options.signal;
  }

  /** Resolves with the checked result, or rejects with a RequestError. */
  get result(): Promise<T> {
    return this._result.promise;
  }

  /** Send the request, and wait from now on. */
  start(): void {
    if (this._signal?.aborted) {
      this._onAbort();
      return;
    }
    this._signal?.addEventListener('abort', this._onAbort);
    this._startTimer();
    this.send();
  }

  /** Send the request over the present comm, which may be another by now. */
  send(): void {
    let sent: ISent;
    try {
      sent = this._host.send();
    } catch {
      this.fail(new RequestError('not_ready'));
      return;
    }
    this._sent = sent;
    void sent.handled.then(() => {
      if (this._sent === sent) {
        // The kernel is done, and a reply would have come before this.
        this.fail(new RequestError('invalid_reply'));
      }
    });
  }

  /**
   * Take the kernel's result.
   *
   * @param result - What the kernel sent; it is not checked yet.
   */
  settle(result: unknown): void {
    if (this._check(result)) {
      this._finish();
      this._result.resolve(result);
    } else {
      this.fail(new RequestError('invalid_reply'));
    }
  }

  /**
   * Give the request up; nothing happens if it is done.
   *
   * @param error - Why.
   */
  fail(error: RequestError): void {
    if (!this._isDone) {
      this._finish();
      this._result.reject(error);
    }
  }

  private _startTimer(): void {
    this._timer = setTimeout(() => {
      if (this._host.isBusy() || this._sent?.begun) {
        this._startTimer();
      } else {
        this.fail(new RequestError('timeout'));
      }
    }, REQUEST_TIMEOUT_MS);
  }

  private _onAbort = (): void => this.fail(new RequestError('cancelled'));

  private _finish(): void {
    this._isDone = true;
    clearTimeout(this._timer);
    this._signal?.removeEventListener('abort', this._onAbort);
    this._host.done();
  }

  private _check: Check<T>;
  private _host: IRequestHost;
  private _signal: AbortSignal | undefined;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _sent: ISent | null = null;
  private _isDone = false;
  private _result = new PromiseDelegate<T>();
}
