// Uploads to a Dray drive, from pages, workers and Node: what is published, and what it chooses for this place.

import { Api, type Token } from "./api.ts";
import { checksumInWorker, type Checksum } from "./checksum.ts";
import { Journal } from "./journal.ts";
import { Memory, ownerByToken, type Owner } from "./memory.ts";
import { putWithFetch, putWithXhr, type PutPart } from "./put.ts";
import { Uploads } from "./uploads.ts";

export { Api, ApiError, NoAnswer, type Item, type OnConflict, type Token } from "./api.ts";
export type { Checksum } from "./checksum.ts";
export { Failure } from "./failure.ts";
export { Meter } from "./meter.ts";
export type { Part } from "./parts.ts";
export { pickedFrom, droppedIn, pickFiles } from "./picking.ts";
export { putWithFetch, putWithXhr, type PutAnswer, type PutPart } from "./put.ts";
export { fromBlob, fromStream, type Source } from "./source.ts";
export { Totals } from "./totals.ts";
export { Upload, type Destination, type Progress, type Session, type State } from "./upload.ts";
export { Uploads, type Events, type Picked } from "./uploads.ts";

export interface Options {
  /** The drive's address, with the path it is below, if any. In a page that the drive serves: that page's. */
  url: string;
  /** A token that may upload: a text, or a function that answers the one of now. */
  token: Token;
  /** Most parts of all files on their way at once. Default: 4. */
  partsInFlight?: number;
  /** Most files that are open on the server at once. Default: 8. */
  filesInFlight?: number;
  /**
   * Whose uploads these are, so that they are found again after a reload, and by nobody else at this browser. Default: the
   * token tells. `null`: nothing outlives the page.
   */
  owner?: Owner | null;
  /** Instead of what this place has. */
  fetch?: typeof globalThis.fetch;
  put?: PutPart;
  /** Computes each part's checksum; `null`: files are not proved. Default: in a worker, where there can be one. */
  checksum?: Checksum | null;
}

/** Uploads to one drive. In a page one of them is enough: its uploads share what the line gives. */
export function createUploads(options: Options): Uploads {
  const { url, token, owner = ownerByToken(url, token), fetch, partsInFlight = 4, filesInFlight = 8 } = options;
  const api = new Api(url, token, fetch);
  const uploads = new Uploads({
    api: () => api,
    put: options.put ?? (typeof XMLHttpRequest === "undefined" ? putWithFetch : putWithXhr),
    checksum: options.checksum === undefined ? checksumInWorker() : options.checksum,
    memory: (onNews) => new Memory(owner ?? (() => ""), onNews, owner ? () => Journal.open() : async () => null),
    now: () => performance.now(),
    after: (ms, callback) => {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
    random: Math.random,
    pageOrigin: globalThis.location?.origin ?? "",
    partsInFlight,
    filesInFlight,
  });
  globalThis.addEventListener?.("online", () => uploads.wake());
  return uploads;
}
