// The checksum of a blob, read and computed in this thread; the page and its worker both use it. Starts no worker.

import { finished, START, type Update } from "./crc64.ts";

/** The CRC-64/NVME of a blob's bytes. Rejects if they cannot be read. */
export type Checksum = (blob: Blob) => Promise<bigint>;

/** Bytes that are read at once: enough to be fast, and little enough that a page without a worker stays alive. */
const READ_BYTES = 4 << 20;

/** Reads and computes in this thread, and lets others run in between. `begin` is called with the first blob. */
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

/** What the worker is asked, and what it answers. */
export interface Question {
  id: number;
  blob: Blob;
  /** Compiled once, in the page. */
  module: WebAssembly.Module;
}
export type Answer = { id: number; crc: bigint } | { id: number; error: string };
