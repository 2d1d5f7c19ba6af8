/** Code that the panel offers, and what takes it. */

import type { IWatched } from '../tokens';

/** Puts code into a new cell of a document, and does not run it. */
export type OfferCode = (watched: IWatched, code: string) => Promise<void>;
