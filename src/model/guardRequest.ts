/** Setting the guard of a kernel, which may have to wait for the kernel. */

import { codeOf } from '../wire/request';
import type { IGuard } from '../wire/protocol';
import type { IKernelAgent } from '../tokens';

/** Keeps a guard that was asked for until the kernel has answered. */
export class GuardRequest {
  /**
   * @param agent - Talks with the kernel.
   * @param events - What is called.
   */
  constructor(agent: IKernelAgent, events: GuardRequest.IEvents) {
    this._agent = agent;
    this._events = events;
  }

  /** The guard that was asked for; null once the kernel has answered. */
  get asked(): IGuard | null {
    return this._asked;
  }

  /**
   * Ask for a guard.
   *
   * @param guard - What the kernel shall do from now on.
   */
  async ask(guard: IGuard): Promise<void> {
    this._asked = guard;
    this._events.changed();
    await this._send(guard);
  }

  /** The kernel is ready: send what could not be sent before. */
  async resume(): Promise<void> {
    if (this._asked !== null) {
      await this._send(this._asked);
    }
  }

  private async _send(guard: IGuard): Promise<void> {
    // An earlier guard may still wait for the engine, and must not come after
    // this one.
    this._sending.abort();
    this._sending = new AbortController();
    const { signal } = this._sending;
    if (this._agent.state.kind !== 'ready') {
      return;
    }
    try {
      await this._agent.request('set_guard', guard, { signal });
    } catch (error) {
      const code = codeOf(error);
      if (signal.aborted || code === 'restarted' || code === 'disconnected') {
        // The next one is on its way, or `resume` sends this one again.
        return;
      }
      this._events.failed(code);
    }
    if (!signal.aborted) {
      this._asked = null;
    }
    this._events.changed();
  }

  private _agent: IKernelAgent;
  private _events: GuardRequest.IEvents;
  private _asked: IGuard | null = null;
  /** Takes back the request that is not answered yet. */
  private _sending = new AbortController();
}

/** A namespace for what a guard's request reports. */
export namespace GuardRequest {
  /** What is called. */
  export interface IEvents {
    /** What was asked for is another. */
    changed(): void;
    /** The kernel refused. */
    failed(code: string): void;
  }
}
