/** Parts of the page that are loaded when they are first needed. */

/**
 * A chunk of the bundle. What could not be loaded is asked for again by the
 * next call: whoever needs the chunk calls `load` whenever there is a reason.
 */
export class Chunk<T> {
  /** @param load - Loads or makes what is asked for. */
  constructor(load: () => Promise<T>) {
    this._load = load;
  }

  /** What was loaded, or null as long as nothing was. */
  get loaded(): T | null {
    return this._loaded;
  }

  /**
   * Load the chunk, unless that has happened or is under way.
   *
   * @returns what was loaded; a failure is in the browser's log, too.
   */
  load(): Promise<T> {
    this._loading ??= this._load().then(
      loaded => (this._loaded = loaded),
      error => {
        this._loading = null;
        console.error('A part of jupyter-memguard cannot be loaded.', error);
        throw error;
      }
    );
    return this._loading;
  }

  private readonly _load: () => Promise<T>;
  private _loading: Promise<T> | null = null;
  private _loaded: T | null = null;
}

/** What the users of a chunk know of it. */
export type ChunkOf<T> = Pick<Chunk<T>, 'loaded' | 'load'>;
