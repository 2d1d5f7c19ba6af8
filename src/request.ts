import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

/** Why the server's half gave no answer that can be used. */
export type RestFailure =
  /** The endpoints are not there: the server extension is not installed. */
  | 'extension_missing'
  | 'unknown_kernel'
  | 'denied'
  /** No answer in time, or an answer of something between us and the server. */
  | 'unreachable'
  | 'invalid_reply';

/** Why the server has no figure for a kernel. */
export const NO_FIGURE = [
  'no_kernel',
  'remote',
  'not_permitted',
  'died',
  'starting',
  'unsupported'
] as const;

/** Who sets a limit. */
export const LIMIT_SOURCES = [
  'config',
  'mem_limit_env',
  'cgroup2',
  'cgroup1',
  'rlimit_as',
  'machine'
] as const;

export type NoFigure = (typeof NO_FIGURE)[number];
export type LimitSource = (typeof LIMIT_SOURCES)[number];

/** A limit, and what counts against it now; both in bytes. */
export interface ILimit {
  source: LimitSource;
  limit_bytes: number;
  used_bytes: number | null;
}

/** One kernel's memory as the server tells it (docs/rest.md). */
export interface IMemory {
  id: string;
  rss_bytes: number | null;
  children_bytes: number | null;
  /** The limit to show. */
  limit: ILimit | null;
  /** The used part, 0 to 1, of the limit that is nearest. */
  level: number | null;
  /** The limit that `level` is of, which may be another than `limit`. */
  nearest: ILimit | null;
  reason: NoFigure | null;
  /** When the figure was read, in seconds since the epoch, by the server's clock. */
  sampled: number;
}

/** One of the server's running kernels. */
export interface IKernelMemory extends IMemory {
  /** The kernelspec's name. */
  name: string;
  /** Path of its document, if it has one. */
  notebook: string | null;
  /** Its session's name, such as `Console 1`. */
  title: string | null;
  kind: 'notebook' | 'console' | null;
}

/** One sample of a kernel's memory. */
export interface ISample {
  /** Seconds since the epoch, by the server's clock. */
  time: number;
  rssBytes: number;
  /** The most that was ever resident until then, where the system tells it. */
  highWaterBytes: number | null;
}

/** A request to the server's half that gave no usable answer. */
export class RestError extends Error {
  constructor(readonly code: RestFailure) {
    super(code);
  }
}

/**
 * The server's half of the extension. Nothing asked here counts as activity.
 */
export class Rest {
  /**
   * @param settings - how to reach the server.
   * @param timeoutMs - an answer that takes longer is none, in milliseconds.
   */
  constructor(
    private readonly settings: ServerConnection.ISettings,
    private readonly timeoutMs = 5000
  ) {}

  /**
   * Ask for one kernel's memory.
   *
   * @param id - the kernel.
   * @throws RestError.
   */
  async memory(id: string): Promise<IMemory> {
    return memoryOf(await this.get([id, 'memory']));
  }

  /**
   * Ask for the memory of all kernels of this server.
   *
   * @throws RestError.
   */
  async kernels(): Promise<IKernelMemory[]> {
    const { kernels } = objectOf(await this.get([]));
    return arrayOf(kernels).map(kernelOf);
  }

  /**
   * Ask for what the server noted of a kernel's memory.
   *
   * @param id - the kernel.
   * @param since - only samples taken later, in seconds since the epoch.
   * @throws RestError.
   */
  async samples(id: string, since: number): Promise<ISample[]> {
    const reply = await this.get([id, 'samples'], { since: `${since}` });
    return arrayOf(objectOf(reply).samples).map(sampleOf);
  }

  /**
   * Tell the server that memory was freed, for its event log.
   *
   * @param id - the kernel.
   * @param event - resident bytes before and after, and the count of results.
   * @throws RestError.
   */
  async freed(
    id: string,
    event: { before_bytes: number; after_bytes: number; released: number }
  ): Promise<void> {
    await this.send([id, 'freed'], {
      method: 'POST',
      body: JSON.stringify(event)
    });
  }

  private async get(
    path: string[],
    query: Record<string, string> = {}
  ): Promise<unknown> {
    const response = await this.send(path, {}, query);
    try {
      return await response.json();
    } catch {
      throw new RestError('invalid_reply');
    }
  }

  private async send(
    path: string[],
    init: RequestInit,
    query: Record<string, string> = {}
  ): Promise<Response> {
    const url =
      URLExt.join(
        this.settings.baseUrl,
        'jupyter-memguard',
        'kernels',
        ...path.map(encodeURIComponent)
      ) + URLExt.objectToQueryString({ ...query, no_track_activity: '1' });
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), this.timeoutMs);
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(
        url,
        { ...init, signal: abort.signal },
        this.settings
      );
    } catch {
      throw new RestError('unreachable');
    } finally {
      clearTimeout(timer);
    }
    if (!response.ok) {
      throw new RestError(failureOf(response));
    }
    return response;
  }
}

function failureOf(response: Response): RestFailure {
  switch (response.status) {
    case 401:
    case 403:
      return 'denied';
    case 404:
      // Our endpoints answer in JSON; the server's page for a path that nobody
      // serves is HTML.
      return response.headers.get('Content-Type')?.includes('json')
        ? 'unknown_kernel'
        : 'extension_missing';
    default:
      return 'unreachable';
  }
}

function kernelOf(value: unknown): IKernelMemory {
  const { name, notebook, title, kind } = objectOf(value);
  if (
    typeof name !== 'string' ||
    (notebook !== null && typeof notebook !== 'string') ||
    (title !== null && typeof title !== 'string') ||
    (kind !== null && kind !== 'notebook' && kind !== 'console')
  ) {
    throw new RestError('invalid_reply');
  }
  return { ...memoryOf(value), name, notebook, title, kind };
}

function memoryOf(value: unknown): IMemory {
  const reply = objectOf(value);
  const { id, level } = reply;
  if (typeof id !== 'string' || !(level === null || isAmount(level, 1))) {
    throw new RestError('invalid_reply');
  }
  return {
    id,
    rss_bytes: bytesOf(reply.rss_bytes),
    children_bytes: bytesOf(reply.children_bytes),
    limit: reply.limit_source === null ? null : limitOf(reply, 'limit_source'),
    level,
    nearest:
      (reply.nearest ?? null) === null
        ? null
        : limitOf(objectOf(reply.nearest), 'source'),
    reason: reply.reason === null ? null : oneOf(NO_FIGURE, reply.reason),
    sampled: numberOf(reply.sampled)
  };
}

function limitOf(reply: Record<string, unknown>, source: string): ILimit {
  return {
    source: oneOf(LIMIT_SOURCES, reply[source]),
    limit_bytes: numberOf(reply.limit_bytes),
    used_bytes: bytesOf(reply.used_bytes)
  };
}

function sampleOf(value: unknown): ISample {
  const [time, rss, highWater] = arrayOf(value);
  return {
    time: numberOf(time),
    rssBytes: numberOf(rss),
    highWaterBytes: bytesOf(highWater ?? null)
  };
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RestError('invalid_reply');
  }
  return value as Record<string, unknown>;
}

function arrayOf(value: unknown): unknown[] {
  if (!Array.isArray(value)) {
    throw new RestError('invalid_reply');
  }
  return value;
}

function bytesOf(value: unknown): number | null {
  return value === null ? null : numberOf(value);
}

function numberOf(value: unknown): number {
  if (!isAmount(value, Infinity)) {
    throw new RestError('invalid_reply');
  }
  return value;
}

function oneOf<T extends string>(codes: readonly T[], value: unknown): T {
  const code = codes.find(known => known === value);
  if (code === undefined) {
    throw new RestError('invalid_reply');
  }
  return code;
}

/** Whether a value is a number from 0 to a greatest one. */
function isAmount(value: unknown, greatest: number): value is number {
  return (
    typeof value === 'number' &&
    Number.isFinite(value) &&
    value >= 0 &&
    value <= greatest
  );
}
