/**
 * Wait for something that others wait for, too, and that goes on when one of
 * them gives up.
 */

import { RequestError } from '../wire/request';

/**
 * @param promise - What is waited for.
 * @param signal - Takes the waiting back; absent: nothing does.
 * @returns what the promise resolves with.
 * @throws RequestError `cancelled` if the waiting was taken back first.
 */
export function cancellable<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined
): Promise<T> {
  if (signal === undefined) {
    return promise;
  }
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new RequestError('cancelled'));
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) {
      onAbort();
    }
    promise
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort));
  });
}
