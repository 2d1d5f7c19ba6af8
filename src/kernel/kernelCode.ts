/**
 * The code for kernels, as `scripts/kernel_bundle.py` packs it. Each stage is
 * a chunk of the bundle of its own, which the page loads when it first needs
 * it.
 */

import { Chunk, type ChunkOf } from '../chunk';

/** The core: it goes into every Python kernel before the first cell. */
export interface ICoreCode {
  /** The build; core and engine of a build have the same. `head` has it too. */
  readonly digest: string;
  /** The version of this extension. */
  readonly release: string;
  /** The expression that installs the core, up to the values for it. */
  readonly head: string;
  /** The end of that expression. */
  readonly tail: string;
}

/** The engine: it goes into a kernel when a request first needs it. */
export interface IEngineCode {
  readonly digest: string;
  readonly text: string;
}

/** Both stages of the code for kernels. */
export interface IKernelCode {
  readonly core: ChunkOf<ICoreCode>;
  readonly engine: ChunkOf<IEngineCode>;
}

/** The code of this build. */
export const KERNEL_CODE: IKernelCode = {
  core: new Chunk<ICoreCode>(() =>
    import(/* webpackChunkName: "kernel-core" */ './sources/core.json').then(
      core => core.default
    )
  ),
  engine: new Chunk<IEngineCode>(() =>
    import(
      /* webpackChunkName: "kernel-engine" */ './sources/engine.json'
    ).then(engine => engine.default)
  )
};
