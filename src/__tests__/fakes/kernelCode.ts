import type { ChunkOf } from '../../chunk';
import type { IKernelCode } from '../../kernel/kernelCode';

/** The digest of `KERNEL_CODE`. */
export const DIGEST = 'this-build';

/** Code for kernels that is loaded already, as it is soon after the start. */
export const KERNEL_CODE: IKernelCode = {
  core: aChunk({
    digest: DIGEST,
    release: '0.1.0',
    head: 'install(',
    tail: ')'
  }),
  engine: aChunk({ digest: DIGEST, text: 'the engine' })
};

/** A chunk that is loaded. */
export function aChunk<T>(loaded: T): ChunkOf<T> {
  return { loaded, load: async () => loaded };
}
