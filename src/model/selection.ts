/** What a person selects to release. */

import type { IReleased } from '../wire/protocol';
import { RequestError } from '../wire/request';
import type { IKernelAgent, IPushed, Selection } from '../tokens';
import { likelyBytes } from './figures';

/** What a release did with a selection. */
interface IRelease {
  readonly result: IReleased;
  /** How many of the selected results were gone already. */
  readonly gone: number;
}

/**
 * Ask the kernel for a release. Of selected results those are released that
 * are still there.
 *
 * @param agent - Talks with the kernel.
 * @param selection - What to release.
 * @param minimum - The least bytes of a large result.
 * @throws RequestError, with `unknown_key` if none is there any more.
 */
export async function requestRelease(
  agent: IKernelAgent,
  selection: Selection,
  minimum: number
): Promise<IRelease> {
  switch (selection.kind) {
    case 'shown':
      return { result: await agent.request('release_shown', {}), gone: 0 };
    case 'tracebacks':
      return { result: await agent.request('release_tracebacks', {}), gone: 0 };
    case 'keys':
      return releaseThere(agent, selection.keys);
    case 'large': {
      const params = { min_bytes: minimum };
      return { result: await agent.request('release', params), gone: 0 };
    }
    case 'all':
      return { result: await agent.request('release', {}), gone: 0 };
  }
}

/** Release those of some results that are still there. */
async function releaseThere(
  agent: IKernelAgent,
  keys: readonly string[]
): Promise<IRelease> {
  const there = new Set(keys);
  const count = there.size;
  for (;;) {
    try {
      const result = await agent.request('release', { keys: [...there] });
      return { result, gone: count - there.size };
    } catch (error) {
      // The kernel refuses the whole, and names the first that is gone.
      const gone =
        error instanceof RequestError && error.code === 'unknown_key'
          ? (error.detail ?? '')
          : '';
      if (!there.delete(gone) || there.size === 0) {
        throw error;
      }
    }
  }
}

/**
 * Make a test of which results are selected.
 *
 * @param selection - The selection.
 * @param minimum - The least bytes of a large result.
 * @returns the test, of a result's key and what it frees.
 */
export function selects(
  selection: Selection,
  minimum: number
): (result: Pick<IPushed, 'key' | 'figure'>) => boolean {
  switch (selection.kind) {
    case 'all':
      return () => true;
    case 'large':
      return ({ figure }) => likelyBytes(figure) >= minimum;
    case 'keys': {
      const keys = new Set(selection.keys);
      return ({ key }) => keys.has(key);
    }
    default:
      return () => false;
  }
}
