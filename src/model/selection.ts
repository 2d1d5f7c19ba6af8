/** What a person selects to release. */

import type { IReleased } from '../wire/protocol';
import type { IKernelAgent, IPushed, Selection } from '../tokens';
import { likelyBytes } from './figures';

/**
 * Ask the kernel for a release.
 *
 * @param agent - Talks with the kernel.
 * @param selection - What to release.
 * @param minimum - The least bytes of a large result.
 * @throws RequestError
 */
export function requestRelease(
  agent: IKernelAgent,
  selection: Selection,
  minimum: number
): Promise<IReleased> {
  switch (selection.kind) {
    case 'shown':
      return agent.request('release_shown', {});
    case 'tracebacks':
      return agent.request('release_tracebacks', {});
    case 'keys':
      return agent.request('release', { keys: selection.keys });
    case 'large':
      return agent.request('release', { min_bytes: minimum });
    case 'all':
      return agent.request('release', {});
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
