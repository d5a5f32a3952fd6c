// Uploads to a Dray drive from pages, workers and Node: the exports, and the defaults for each environment.

import { Api, type Token } from "./api.ts";
import { checksumInWorker, type Checksum } from "./checksum.ts";
import { canKeep, Memory, openJournal, ownerByToken, type Owner } from "./memory.ts";
import { putWithFetch, putWithXhr, type PutPart } from "./put.ts";
import { Uploads } from "./uploads.ts";

export { Api, ApiError, NoAnswer, type Item, type OnConflict, type Token } from "./api.ts";
export type { Checksum } from "./checksum.ts";
export { Failure } from "./failure.ts";
export { Meter } from "./meter.ts";
export type { Part } from "./parts.ts";
export { pickedFrom, droppedIn, pickFiles, type Dropped } from "./picking.ts";
export { putWithFetch, putWithXhr, type PutBody, type PutAnswer, type PutPart } from "./put.ts";
export { fromBlob, fromStream, type Source } from "./source.ts";
export { Totals } from "./totals.ts";
export { Upload, type Destination, type FileHandle, type Progress, type Session, type State } from "./upload.ts";
export type { Events, Picked, Rules } from "./surroundings.ts";
export { Uploads } from "./uploads.ts";

export interface Options {
  /** The drive's address, with its base path, if it has one. In a page that the drive serves, that page's address. */
  url: string;
  /** A token that may upload: a string, or a function that returns the current one. */
  token: Token;
  /** How many parts are sent at once, over all files. Default: 4. */
  partsInFlight?: number;
  /** How many files are uploaded at once. Default: 8. */
  filesInFlight?: number;
  /**
   * Whose uploads these are, so that this person finds them again after a reload, and nobody else in this browser does.
   * Default: the token identifies the person. `null`: nothing is kept after the page is closed.
   */
  owner?: Owner | null;
  /**
   * Names the place in the pages of this origin where files are added, if there are several: `restore` finds only what was added there
   * (and what was added without naming a place).
   */
  place?: string;
  /** Replaces the `fetch` of this environment. */
  fetch?: typeof globalThis.fetch;
  put?: PutPart;
  /** Computes each part's checksum; `null`: only those of uploads that continue after a reload. Default: in a worker, if there can be one. */
  checksum?: Checksum | null;
}

/** Uploads to one drive. One object per page is enough: all its uploads share the connection. */
export function createUploads(options: Options): Uploads {
  const { url, token, owner = canKeep() ? ownerByToken(url, token) : null, place, fetch, partsInFlight = 4, filesInFlight = 8 } = options;
  const api = new Api(url, token, fetch);
  return new Uploads({
    api: () => api,
    put: options.put ?? (typeof XMLHttpRequest === "undefined" ? putWithFetch : putWithXhr),
    checksum: options.checksum === undefined ? checksumInWorker() : options.checksum,
    memory: (onNews) => new Memory(owner ?? (() => null), onNews, async () => (owner ? openJournal(place) : null)),
    now: () => performance.now(),
    after: (ms, callback) => {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
    random: Math.random,
    pageOrigin: globalThis.location?.origin ?? "",
    partsInFlight,
    filesInFlight,
    online: (callback) => {
      globalThis.addEventListener?.("online", callback);
      return () => globalThis.removeEventListener?.("online", callback);
    },
  });
}
