/** Tells a document's model that its kernel's process has ended. */

import type { IMemguard } from '../tokens';
import type { MemoryPoll } from './poll';
import type { Reading } from './source';

/**
 * Let the model in front know whether the server sees its kernel's process.
 *
 * @param memguard - Tells which document is in front.
 * @param poll - Reads its kernel's memory.
 */
export function followProcessEnd(memguard: IMemguard, poll: MemoryPoll): void {
  poll.changed.connect((_, reading) => {
    const model = memguard.current?.model;
    if (model) {
      model.processEnded = hasEnded(reading, model.processEnded);
    }
  });
}

/**
 * Whether a kernel's process has ended. The server starts it anew again and
 * again: until an attempt succeeds, the process counts as ended.
 */
function hasEnded(reading: Reading, before: boolean): boolean {
  if (reading.kind !== 'none') {
    return false;
  }
  switch (reading.reason) {
    case 'starting':
      return before;
    case 'died':
      return true;
    default:
      // The server no longer knows the kernel.
      return reading.reason === 'no_kernel' && reading.kernelId !== null;
  }
}
