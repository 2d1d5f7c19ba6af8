/** The server's half of the extension, and what it answers. */

import { ServerConnection, type Session } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';
import type { IKinds } from '../../memory/source';
import { Rest } from '../../wire/rest';

export const GIB = 1024 ** 3;

/** What a system tells of a process that tells no kinds of memory. */
export const NO_KINDS: IKinds = {
  pss_bytes: null,
  swap_bytes: null,
  anonymous_bytes: null,
  file_bytes: null,
  shared_bytes: null
};

/** A memory reply as docs/rest.md has it. */
export function aReply(id: string, more?: object): Record<string, unknown> {
  return {
    id,
    rss_bytes: 2 * GIB,
    ...NO_KINDS,
    children_bytes: 0,
    limit_bytes: 8 * GIB,
    limit_source: 'config',
    used_bytes: 2 * GIB,
    level: 0.25,
    nearest: { source: 'config', limit_bytes: 8 * GIB, used_bytes: 2 * GIB },
    oom_kills: null,
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
  /** The sessions that JupyterLab knows of. */
  running: Session.IModel[] = [];
  readonly sessions = {
    runningChanged: this.sessionsChanged as Signal<unknown, unknown>,
    running: () => this.running.values()
  };
}
