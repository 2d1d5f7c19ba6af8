/** What a release is asked for. */

import type { IReleased } from '../wire/protocol';
import type { IKernelAgent, Selection } from '../tokens';

/**
 * Ask the kernel for a release.
 *
 * @param agent - Who talks with it.
 * @param selection - What to let go of.
 * @param minimum - From how many bytes on a result is a large one.
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
 * Tells which results are among those selected.
 *
 * @param selection - The selection.
 * @param minimum - From how many bytes on a result is a large one.
 * @returns what says it of a result's key and the bytes that it keeps.
 */
export function selects(
  selection: Selection,
  minimum: number
): (result: { key: string; bytes: number }) => boolean {
  switch (selection.kind) {
    case 'all':
      return () => true;
    case 'large':
      return ({ bytes }) => bytes >= minimum;
    case 'keys': {
      const keys = new Set(selection.keys);
      return ({ key }) => keys.has(key);
    }
    default:
      return () => false;
  }
}
