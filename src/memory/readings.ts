/** The readings of kernels' memory that several plugins share. */

import { Token } from '@lumino/coreutils';
import type { Rest } from '../wire/rest';
import type { KernelList } from './kernels/kernelList';
import type { MemoryPoll } from './poll';

/** What reads kernels' memory. */
export interface IMemoryReadings {
  /** Reads the kernel in front. */
  readonly poll: MemoryPoll;
  /** Reads all kernels of the server. */
  readonly list: KernelList;
  /** The server's half of the extension. */
  readonly rest: Rest;
}

/** The token of the readings. */
export const IMemoryReadings = new Token<IMemoryReadings>(
  'jupyter-memguard:IMemoryReadings',
  "The readings of kernels' memory."
);
