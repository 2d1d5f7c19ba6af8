/** Waiting for what a test has set going. */

/** Let everything that is resolved already run. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) {
    await Promise.resolve();
  }
}

/** Wait until something holds. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) {
    await new Promise(resolve => setTimeout(resolve, 5));
  }
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
