/** Brings the engine into a kernel when a request first needs it. */

import { codeOf, RequestError } from '../wire/request';
import type { IRequests, Method } from '../wire/protocol';
import { guardNeedsEngine } from './inject';
import type { IKernelCode } from './kernelCode';

/**
 * Whether a request needs the engine in the kernel.
 *
 * @param method - The request's name.
 * @param params - The request's parameters.
 */
export function needsEngine<K extends Method>(
  method: K,
  params: IRequests[K]['params']
): boolean {
  switch (method) {
    case 'set_guard':
      return guardNeedsEngine(params as IRequests['set_guard']['params']);
    case 'subscribe':
      return (params as IRequests['subscribe']['params']).cell_end;
    case 'rescue':
    case 'load_engine':
      return false;
    default:
      return true;
  }
}

/** What bringing the engine needs of the agent. */
export interface IEngineHost {
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

  /** Whether the engine is in the kernel, as far as the kernel has said. */
  isPresent = false;

  /**
   * Make sure that the engine is in the kernel. Requests that come together
   * share one load.
   *
   * @throws RequestError if the engine cannot be brought.
   */
  ensure(): Promise<void> {
    if (this.isPresent) {
      return Promise.resolve();
    }
    this._loading ??= this._bring().finally(() => {
      this._loading = null;
    });
    return this._loading;
  }

  private async _bring(): Promise<void> {
    try {
      await this._load();
    } catch (error) {
      if (codeOf(error) !== 'wrong_engine') {
        throw error;
      }
      await loaded(this._code.engine.load());
      await this._host.reinstall();
    }
  }

  private async _load(): Promise<void> {
    const { digest, text } = await loaded(this._code.engine.load());
    await this._host.load({ digest, text });
    this.isPresent = true;
  }

  private _code: IKernelCode;
  private _host: IEngineHost;
  private _loading: Promise<void> | null = null;
}

/** Turn the failure of loading a chunk into one of a request. */
async function loaded<T>(chunk: Promise<T>): Promise<T> {
  try {
    return await chunk;
  } catch {
    throw new RequestError('no_engine', 'chunk');
  }
}
