import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import {
  isRecord,
  listOf,
  measure,
  nullable,
  oneOf,
  shaped,
  text,
  type Check,
  type Checked
} from './checks';

/** Why the server's half gave no answer that can be used. */
export type RestFailure =
  /** The endpoints are not there: the server extension is not installed. */
  | 'extension_missing'
  | 'unknown_kernel'
  | 'denied'
  /** No answer in time, or an answer of something between us and the server. */
  | 'unreachable'
  | 'invalid_reply';

const isNoFigure = oneOf(
  'no_kernel',
  'remote',
  'not_permitted',
  'died',
  'starting',
  'unsupported'
);

/** Why the server has no figure for a kernel. */
export type NoFigure = Checked<typeof isNoFigure>;

const isLimitSource = oneOf(
  'config',
  'mem_limit_env',
  'cgroup2',
  'cgroup1',
  'rlimit_as',
  'machine'
);

/** Who sets a limit. */
export type LimitSource = Checked<typeof isLimitSource>;

const isLimit = shaped({
  source: isLimitSource,
  limit_bytes: measure,
  used_bytes: nullable(measure)
});

/** A limit, and what counts against it now; both in bytes. */
export type ILimit = Checked<typeof isLimit>;

const isShare: Check<number> = (value): value is number =>
  measure(value) && value <= 1;

const MEMORY = {
  id: text,
  rss_bytes: nullable(measure),
  /** The kernel's PSS: what it shares counts by the number of sharers. */
  pss_bytes: nullable(measure),
  /** What of it is swapped out. */
  swap_bytes: nullable(measure),
  /** Of the resident memory: what the process has allocated. */
  anonymous_bytes: nullable(measure),
  /** Of the resident memory: pages of files. */
  file_bytes: nullable(measure),
  /** Of the resident memory: shared memory. */
  shared_bytes: nullable(measure),
  /** The child processes' PSS, where that is known, else their RSS. */
  children_bytes: nullable(measure),
  /** The limit to show. */
  limit: nullable(isLimit),
  /** The used part, 0 to 1, of the nearest limit. */
  level: nullable(isShare),
  /** The limit that `level` belongs to; it may be another than `limit`. */
  nearest: nullable(isLimit),
  /** How many processes the system has killed in the kernel's control group. */
  oom_kills: nullable(measure),
  reason: nullable(isNoFigure),
  /** When the figure was read, in epoch seconds by the server's clock. */
  sampled: measure
};

const isMemory = shaped(MEMORY);

/** One kernel's memory as the server tells it (docs/rest.md). */
export type IMemory = Checked<typeof isMemory>;

const isKernel = shaped({
  ...MEMORY,
  /** The kernelspec's name. */
  name: text,
  /** The path of the kernel's document, if it has one. */
  notebook: nullable(text),
  /** The name of the kernel's session, such as `Console 1`. */
  title: nullable(text),
  kind: nullable(oneOf('notebook', 'console'))
});

/** One of the server's running kernels. */
export type IKernelMemory = Checked<typeof isKernel>;

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
   * @param settings - How to reach the server.
   * @param timeoutMs - How long to wait for an answer, in milliseconds.
   */
  constructor(
    private readonly _settings: ServerConnection.ISettings,
    private readonly _timeoutMs = 5000
  ) {}

  /**
   * Ask for one kernel's memory.
   *
   * @param id - The kernel.
   * @throws RestError.
   */
  async memory(id: string): Promise<IMemory> {
    return checked(isMemory, withLimit(await this._get([id, 'memory'])));
  }

  /**
   * Ask for the memory of all kernels of this server.
   *
   * @throws RestError.
   */
  async kernels(): Promise<IKernelMemory[]> {
    const { kernels } = checked(isRecord, await this._get([]));
    const each = checked(Array.isArray, kernels).map(withLimit);
    return checked(listOf(isKernel), each);
  }

  /**
   * Ask for what the server noted of a kernel's memory.
   *
   * @param id - The kernel.
   * @param since - Only samples taken later, in seconds since the epoch.
   * @throws RestError.
   */
  async samples(id: string, since: number): Promise<ISample[]> {
    const reply = await this._get([id, 'samples'], { since: `${since}` });
    const { samples } = checked(isRecord, reply);
    return checked(listOf(isSample), samples).map(
      ([time, rssBytes, highWaterBytes]) => ({ time, rssBytes, highWaterBytes })
    );
  }

  /**
   * Tell the server that memory was freed, for its event log.
   *
   * @param id - The kernel.
   * @param event - Resident bytes before and after, and the count of results.
   * @throws RestError.
   */
  async freed(
    id: string,
    event: { before_bytes: number; after_bytes: number; released: number }
  ): Promise<void> {
    await this._send([id, 'freed'], {
      method: 'POST',
      body: JSON.stringify(event)
    });
  }

  private async _get(
    path: string[],
    query: Record<string, string> = {}
  ): Promise<unknown> {
    const response = await this._send(path, {}, query);
    try {
      return await response.json();
    } catch {
      throw new RestError('invalid_reply');
    }
  }

  private async _send(
    path: string[],
    init: RequestInit,
    query: Record<string, string> = {}
  ): Promise<Response> {
    const url =
      URLExt.join(
        this._settings.baseUrl,
        'jupyter-memguard',
        'kernels',
        ...path.map(encodeURIComponent)
      ) + URLExt.objectToQueryString({ ...query, no_track_activity: '1' });
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), this._timeoutMs);
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(
        url,
        { ...init, signal: abort.signal },
        this._settings
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

const isSample: Check<[number, number, number | null]> = (
  value
): value is [number, number, number | null] =>
  Array.isArray(value) &&
  measure(value[0]) &&
  measure(value[1]) &&
  nullable(measure)(value[2]);

/** @throws RestError if a value is not what it should be. */
function checked<T>(check: Check<T>, value: unknown): T {
  if (!check(value)) {
    throw new RestError('invalid_reply');
  }
  return value;
}

/** What a server does not tell that was not restarted since an update. */
const NOT_TOLD = {
  oom_kills: null,
  pss_bytes: null,
  swap_bytes: null,
  anonymous_bytes: null,
  file_bytes: null,
  shared_bytes: null
};

/**
 * Put a reply's limit, which comes in three fields, into one; `nearest` is
 * one field already.
 */
function withLimit(value: unknown): Record<string, unknown> {
  const reply = checked(isRecord, value);
  const { limit_source: source, limit_bytes, used_bytes } = reply;
  const limit = source === null ? null : { source, limit_bytes, used_bytes };
  return { ...NOT_TOLD, ...reply, limit };
}
