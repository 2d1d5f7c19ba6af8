import { flag } from '../../wire/checks';
import type { ISent } from '../../wire/comm';
import {
  codeOf,
  PendingRequest,
  REQUEST_TIMEOUT_MS,
  RequestError
} from '../../wire/request';
import { failing } from '../fakes/kernelAgents';
import { settled } from '../fakes/waiting';

/** A request for a flag, over a channel that a test plays. */
function aRequest(signal?: AbortSignal) {
  const messages: { begun: boolean; end: () => Promise<void> }[] = [];
  const host = {
    send: jest.fn((): ISent => {
      let resolve = (): void => undefined;
      const handled = new Promise<void>(done => {
        resolve = done;
      });
      const end = (): Promise<void> => {
        resolve();
        return settled();
      };
      const message = { begun: false, handled, end };
      messages.push(message);
      return message;
    }),
    isBusy: jest.fn(() => false),
    done: jest.fn()
  };
  const request = new PendingRequest(flag, { signal }, host);
  return { request, host, messages };
}

describe('a request', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('has its answer once, and waits for nothing then', async () => {
    const { request, host } = aRequest();
    request.start();
    expect(host.send).toHaveBeenCalledTimes(1);
    expect(jest.getTimerCount()).toBe(1);
    request.settle(true);
    request.fail(new RequestError('restarted'));
    expect(await request.result).toBe(true);
    expect(host.done).toHaveBeenCalledTimes(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('is done when it has failed, and is told no second time', async () => {
    const { request, host } = aRequest();
    request.start();
    request.fail(new RequestError('dead'));
    request.fail(new RequestError('restarted'));
    expect(await failing(request.result)).toBe('dead');
    expect(host.done).toHaveBeenCalledTimes(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('fails with an answer of another kind', async () => {
    const { request } = aRequest();
    request.start();
    request.settle('yes');
    expect(await failing(request.result)).toBe('invalid_reply');
  });

  it('fails where it cannot be sent', async () => {
    const { request, host } = aRequest();
    host.send.mockImplementation(() => {
      throw new Error('disposed');
    });
    request.start();
    expect(await failing(request.result)).toBe('not_ready');
    expect(jest.getTimerCount()).toBe(0);
  });

  it('waits no longer than half a minute for a kernel that is free', async () => {
    const { request } = aRequest();
    request.start();
    let code: string | null = null;
    void failing(request.result).then(failed => {
      code = failed;
    });
    jest.advanceTimersByTime(REQUEST_TIMEOUT_MS - 1);
    await settled();
    expect(code).toBeNull();
    jest.advanceTimersByTime(1);
    await settled();
    expect(code).toBe('timeout');
    expect(REQUEST_TIMEOUT_MS).toBe(30_000);
  });

  it('waits for a kernel that has begun with it, also over another comm', async () => {
    const { request, messages } = aRequest();
    request.start();
    request.send();
    messages[1].begun = true;
    jest.advanceTimersByTime(10 * REQUEST_TIMEOUT_MS);
    request.settle(false);
    expect(await request.result).toBe(false);
  });

  it('does not wait for a kernel that had begun with it over a comm before', async () => {
    const { request, messages } = aRequest();
    request.start();
    messages[0].begun = true;
    request.send();
    jest.advanceTimersByTime(REQUEST_TIMEOUT_MS);
    expect(await failing(request.result)).toBe('timeout');
  });

  it('has an answer where the kernel is through with what was sent again', async () => {
    const { request, messages } = aRequest();
    request.start();
    request.send();
    await messages[0].end();
    request.settle(true);
    await messages[1].end();
    expect(await request.result).toBe(true);
  });

  it('is not sent where it was given up before', async () => {
    const abort = new AbortController();
    abort.abort();
    const { request, host } = aRequest(abort.signal);
    request.start();
    expect(await failing(request.result)).toBe('cancelled');
    expect(host.send).not.toHaveBeenCalled();
    expect(host.done).toHaveBeenCalledTimes(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('leaves nothing with the signal that could give it up', async () => {
    const { signal } = new AbortController();
    const listens = jest.spyOn(signal, 'addEventListener');
    const leaves = jest.spyOn(signal, 'removeEventListener');
    const { request } = aRequest(signal);
    request.start();
    request.settle(true);
    await request.result;
    expect(listens).toHaveBeenCalledTimes(1);
    const [, listener] = listens.mock.calls[0];
    expect(leaves).toHaveBeenCalledWith('abort', listener);
  });
});

describe('the error of a request', () => {
  it('says in its message what was wrong', () => {
    expect(new RequestError('dead')).toMatchObject({
      name: 'RequestError',
      message: 'dead',
      detail: null
    });
    expect(new RequestError('internal', 'KeyError').message).toBe(
      'internal: KeyError'
    );
  });

  it('has a code, which others do not', () => {
    expect(codeOf(new RequestError('name_taken'))).toBe('name_taken');
    expect(codeOf(new TypeError('dead'))).toBe('internal');
    expect(codeOf(null)).toBe('internal');
  });
});
