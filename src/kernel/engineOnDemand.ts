/** Brings the engine into a kernel when a request first needs it. */

import { codeOf, RequestError } from '../wire/request';
import type { IEvents, IGuard, IRequests, Method } from '../wire/protocol';
import { guardNeedsEngine } from './inject';
import type { IEngineCode, IKernelCode } from './kernelCode';

/** When a request wants the engine in the kernel: before it, after it, or not. */
type EngineUse = 'first' | 'later' | 'none';

/**
 * When a request wants the engine in the kernel.
 *
 * @param method - The request's name.
 * @param params - The request's parameters.
 */
export function engineUse<K extends Method>(
  method: K,
  params: IRequests[K]['params']
): EngineUse {
  switch (method) {
    case 'set_guard':
      return useOfGuard(params as IRequests['set_guard']['params']);
    case 'subscribe':
      return (params as IRequests['subscribe']['params']).cell_end
        ? 'first'
        : 'none';
    case 'rescue':
    case 'load_engine':
      return 'none';
    default:
      return 'first';
  }
}

/** The mode `large` decides by sizes; `last` and `all` only show them. */
function useOfGuard(guard: IGuard): EngineUse {
  if (guard.mode === 'large') {
    return 'first';
  }
  return guardNeedsEngine(guard) ? 'later' : 'none';
}

/** What bringing the engine needs of the agent. */
interface IEngineHost {
  /** Send the request `load_engine`. */
  load(
    params: IRequests['load_engine']['params']
  ): Promise<IRequests['load_engine']['result']>;
  /**
   * Install core and engine anew, because another build's core is in the
   * kernel.
   *
   * @returns a promise that resolves when the kernel is ready again.
   * @throws RequestError if that will not come about.
   */
  reinstall(): Promise<void>;
}

/** Knows whether the engine is in the kernel, and brings it there. */
export class EngineOnDemand {
  /**
   * @param code - The code for kernels.
   * @param host - Talks with the kernel.
   */
  constructor(code: IKernelCode, host: IEngineHost) {
    this._code = code;
    this._host = host;
  }

  /** Whether the engine is in the kernel, or was sent to it. */
  get isComing(): boolean {
    return this._isComing;
  }

  /**
   * Take what the kernel says of its code.
   *
   * @param hello - The kernel's greeting.
   */
  note(hello: Pick<IEvents['hello'], 'engine' | 'digest'>): void {
    this._isComing = hello.engine;
    this._digest = hello.digest;
  }

  /** The kernel has no engine, or nothing is known of it. */
  miss(): void {
    this._isComing = false;
  }

  /**
   * Make sure that a request finds the engine in the kernel if it is sent when
   * the promise has resolved. The kernel handles messages in order, so the
   * promise does not wait for the kernel to have loaded the engine.
   *
   * @throws RequestError if the engine cannot be brought.
   */
  async bring(): Promise<void> {
    if (this._isComing) {
      return;
    }
    this._bringing ??= this._bring().finally(() => {
      this._bringing = null;
    });
    await this._bringing;
  }

  private async _bring(): Promise<void> {
    const engine = await loaded(this._code.engine.load());
    if (this._isComing) {
      return;
    }
    if (engine.digest === this._digest) {
      this._send(engine);
    } else {
      await this._host.reinstall();
    }
  }

  private _send({ digest, text }: IEngineCode): void {
    this._isComing = true;
    this._host.load({ digest, text }).then(
      ({ engine }) => {
        this._isComing = engine;
      },
      error => {
        // The request behind it fails as well, and tells why.
        this._isComing = false;
        if (codeOf(error) === 'wrong_engine') {
          this._digest = '';
        }
      }
    );
  }

  private _code: IKernelCode;
  private _host: IEngineHost;
  private _isComing = false;
  /** The build of the core in the kernel; empty if it is not known. */
  private _digest = '';
  private _bringing: Promise<void> | null = null;
}

/** Turn the failure of loading a chunk into one of a request. */
async function loaded<T>(chunk: Promise<T>): Promise<T> {
  try {
    return await chunk;
  } catch {
    throw new RequestError('no_engine', 'chunk');
  }
}
