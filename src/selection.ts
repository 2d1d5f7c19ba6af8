/** What a release is asked for. */

import type { IReleased } from './protocol';
import type { IKernelAgent, Selection } from './tokens';

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
 * Whether a result is among those selected.
 *
 * @param selection - The selection.
 * @param result - The result's key and the bytes that it keeps.
 * @param minimum - From how many bytes on a result is a large one.
 */
export function isSelected(
  selection: Selection,
  result: { key: string; bytes: number },
  minimum: number
): boolean {
  return (
    selection.kind === 'all' ||
    (selection.kind === 'large' && result.bytes >= minimum) ||
    (selection.kind === 'keys' && selection.keys.includes(result.key))
  );
}
