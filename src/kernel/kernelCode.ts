/**
 * The code for kernels, as `scripts/kernel_bundle.py` packs it. Each stage is
 * a chunk of the bundle of its own, which the page loads when it first needs
 * it.
 */

/** The core: it goes into every Python kernel before the first cell. */
export interface ICoreCode {
  /** The build; core and engine of a build have the same. */
  readonly digest: string;
  /** The statement that installs the core, up to the values for it. */
  readonly head: string;
  /** The end of that statement. */
  readonly tail: string;
}

/** The engine: it goes into a kernel when a request first needs it. */
export interface IEngineCode {
  readonly digest: string;
  readonly text: string;
}

/** A chunk of the bundle. */
export class Chunk<T> {
  /** @param load - Loads the chunk as a module with a default export. */
  constructor(load: () => Promise<{ default: T }>) {
    this._load = load;
  }

  /** What was loaded, or null as long as nothing was. */
  get loaded(): T | null {
    return this._loaded;
  }

  /**
   * Load the chunk, unless that has happened or is under way.
   *
   * @returns what was loaded; after a failure, the next call tries again.
   */
  load(): Promise<T> {
    this._loading ??= this._load().then(
      module => (this._loaded = module.default),
      error => {
        this._loading = null;
        throw error;
      }
    );
    return this._loading;
  }

  private _load: () => Promise<{ default: T }>;
  private _loading: Promise<T> | null = null;
  private _loaded: T | null = null;
}

/** What the users of a chunk know of it. */
export type ChunkOf<T> = Pick<Chunk<T>, 'loaded' | 'load'>;

/** Both stages of the code for kernels. */
export interface IKernelCode {
  readonly core: ChunkOf<ICoreCode>;
  readonly engine: ChunkOf<IEngineCode>;
}

/** The code of this build. */
export const KERNEL_CODE: IKernelCode = {
  core: new Chunk<ICoreCode>(
    () => import(/* webpackChunkName: "kernel-core" */ './sources/core.json')
  ),
  engine: new Chunk<IEngineCode>(
    () =>
      import(/* webpackChunkName: "kernel-engine" */ './sources/engine.json')
  )
};
