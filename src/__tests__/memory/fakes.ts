import type { Kernel } from '@jupyterlab/services';
import { ServerConnection } from '@jupyterlab/services';
import { MessageLoop } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { act } from 'react';
import { Rest } from '../../wire/rest';
import type { IWatched } from '../../tokens';
import { FakeModel } from '../fakes';

// React then says so when a test forgets to wait for it.
Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

export const GIB = 1024 ** 3;

/** A memory reply as docs/rest.md has it. */
export function aReply(id: string, more?: object): Record<string, unknown> {
  return {
    id,
    rss_bytes: 2 * GIB,
    children_bytes: 0,
    limit_bytes: 8 * GIB,
    limit_source: 'config',
    used_bytes: 2 * GIB,
    level: 0.25,
    nearest: { source: 'config', limit_bytes: 8 * GIB, used_bytes: 2 * GIB },
    reason: null,
    source: 'process',
    started: 1,
    sampled: 100,
    ...more
  };
}

/** A memory reply without a figure. */
export function noReply(id: string, reason: string): Record<string, unknown> {
  return aReply(id, {
    rss_bytes: null,
    children_bytes: null,
    limit_bytes: null,
    limit_source: null,
    used_bytes: null,
    level: null,
    nearest: null,
    reason,
    source: null,
    started: null
  });
}

/** What a server that a test plays answers to a path, and what it was asked. */
export class FakeServer {
  readonly asked: { path: string; query: URLSearchParams; init: Request }[] =
    [];
  answer: (path: string) => unknown = () => {
    throw new TypeError('nobody there');
  };
  readonly settings = ServerConnection.makeSettings({
    baseUrl: 'http://server/base/',
    fetch: async (input: RequestInfo | URL) => {
      const request = input as Request;
      const url = new URL(request.url);
      const path = url.pathname.replace('/base/jupyter-memguard/kernels', '');
      this.asked.push({ path, query: url.searchParams, init: request });
      const answer = await this.answer(path);
      return answer instanceof Response
        ? answer
        : new Response(JSON.stringify(answer), {
            headers: { 'Content-Type': 'application/json' }
          });
    }
  });
  readonly rest = new Rest(this.settings);
  /** As JupyterLab tells of the server's sessions. */
  readonly sessionsChanged = new Signal<FakeServer, void>(this);
}

/** A kernel connection that says what a test makes it say. */
export class FakeKernel {
  constructor(readonly id: string) {}
  readonly username = 'me';
  readonly clientId = 'client';
  connectionStatus: Kernel.ConnectionStatus = 'connected';
  readonly anyMessage = new Signal<FakeKernel, Kernel.IAnyMessageArgs>(this);
  /** What `usage_request` is answered with; null: it is not. */
  usage: object | null = null;
  usageAsked = 0;
  sendControlMessage(): { done: Promise<unknown>; dispose: () => void } {
    this.usageAsked += 1;
    return {
      done: this.usage
        ? Promise.resolve({ content: this.usage })
        : new Promise(() => undefined),
      dispose: () => undefined
    };
  }
  get connection(): Kernel.IKernelConnection {
    return this as unknown as Kernel.IKernelConnection;
  }
}

/** A document's session. */
export class FakeContext {
  constructor(kernel: FakeKernel | null) {
    this.session = { kernel };
  }
  session: { kernel: FakeKernel | null };
  readonly kernelChanged = new Signal<FakeContext, null>(this);
  readonly statusChanged = new Signal<FakeContext, Kernel.Status>(this);
  readonly connectionStatusChanged = new Signal<
    FakeContext,
    Kernel.ConnectionStatus
  >(this);
}

/** A document that is open. */
export function aDocument(
  name: string,
  kernel: FakeKernel | null
): { watched: IWatched; context: FakeContext; model: FakeModel } {
  const context = new FakeContext(kernel);
  const model = new FakeModel();
  const widget = Object.assign(new Widget(), { sessionContext: context });
  widget.title.label = name;
  const watched = {
    widget,
    kind: 'notebook',
    agent: model.agent,
    model
  } as unknown as IWatched;
  return { watched, context, model };
}

/** A promise, and how to keep it. */
export function aPromise<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
} {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>(keep => {
    resolve = keep;
  });
  return { promise, resolve };
}

/** Do something, and what Lumino and React do after it. */
export async function settled(what?: () => unknown): Promise<void> {
  await act(async () => {
    await what?.();
    MessageLoop.flush();
    await new Promise(resolve => setTimeout(resolve, 5));
    MessageLoop.flush();
  });
}

/** Wait until something on the page holds. */
export async function shows(holds: () => boolean): Promise<void> {
  do {
    await settled();
  } while (!holds());
}

/** Wait until something holds. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) {
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}
