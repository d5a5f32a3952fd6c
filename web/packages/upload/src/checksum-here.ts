// Reads a blob and computes its checksum in this thread. The page and its worker both use it. It starts no worker.

import { finished, START, type Update } from "./crc64.ts";

/** The CRC-64/NVME of a blob's bytes. Rejects if they cannot be read. */
export type Checksum = (blob: Blob) => Promise<bigint>;

/** Bytes that are read at once: enough to be fast, and few enough that a page without a worker stays responsive. */
const READ_BYTES = 4 << 20;

/** Reads and computes in this thread, and lets other tasks run in between. `begin` is called with the first blob. */
export function checksumBy(begin: () => Update): Checksum {
  let next: Update | null = null;
  return async (blob) => {
    next ??= begin();
    let state = START;
    for (let at = 0; at < blob.size; at += READ_BYTES) {
      state = next(state, new Uint8Array(await blob.slice(at, at + READ_BYTES).arrayBuffer()));
    }
    return finished(state);
  };
}

/** The messages to the worker and from it. */
export interface Question {
  id: number;
  blob: Blob;
  /** Compiled once, in the page. */
  module: WebAssembly.Module;
}
/** Without a checksum, the blob could not be read. */
export type Answer = { id: number; crc?: bigint };
