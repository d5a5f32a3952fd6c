// Computes checksums in a thread of Node. It reads blobs in the main thread and hands their bytes over, because Node 20 crashes if
// another thread reads a blob of a file. Only Node loads it; it imports only types, text and what only Node needs.

import type { Checksum } from "./checksum-here.ts";
import type { Update } from "./crc64.ts";
import { bytesOf, WHOLE_BYTES } from "./node-read.ts";
import threadSource from "./thread-worker.ts?worker";

/** Node 20.16 and later. Unlike an import, this is nothing that bundlers for pages would look for. */
declare const process: { getBuiltinModule(name: "node:worker_threads"): Threads };
interface Threads {
  Worker: new (source: string, options: { eval: true; workerData: WebAssembly.Module }) => Thread;
}
interface Thread {
  on(event: "message", listener: (answer: Part) => void): void;
  on(event: "error", listener: () => void): void;
  postMessage(question: Part, transferred: ArrayBuffer[]): void;
  ref(): void;
  unref(): void;
}

/** A message to the thread, with bytes, or from it, with the state after them. */
export interface Part {
  id: number;
  state: bigint;
  bytes?: ArrayBuffer;
}

/** Bytes that are read at once, of blobs that are not read as a whole. */
const READ_BYTES = 4 << 20;
/** Shorter blobs are computed in the main thread: that takes less time than to hand them over. */
const SHORT_BYTES = 128 << 10;
/** The state before the first byte; a checksum is the inverted state. */
const ALL_ONES = 0xffff_ffff_ffff_ffffn;

/**
 * Computes in a thread of its own, and with `here` if the thread dies; short blobs with `update`. The thread keeps the process alive
 * only while it computes. Throws where there are no threads.
 */
export function checksumInThread(here: Checksum, module: WebAssembly.Module, update: Update): Checksum {
  const { Worker } = process.getBuiltinModule("node:worker_threads");
  const asked = new Map<number, { resolve: (state: bigint) => void; reject: (why: Error) => void }>();
  let thread: Thread | null = null;
  let isDead = false;
  let lastId = 0;
  const begin = (): Thread => {
    const made = new Worker(threadSource, { eval: true, workerData: module });
    made.on("error", () => {
      isDead = true;
      for (const { reject } of asked.values()) reject(new Error("The thread ended."));
    });
    made.on("message", ({ id, state }) => {
      asked.get(id)?.resolve(state);
      asked.delete(id);
      if (asked.size === 0) made.unref();
    });
    return made;
  };
  const updateThere = (state: bigint, bytes: ArrayBuffer): Promise<bigint> =>
    new Promise((resolve, reject) => {
      const id = ++lastId;
      asked.set(id, { resolve, reject });
      thread ??= begin();
      thread.ref();
      thread.postMessage({ id, state, bytes }, [bytes]);
    });
  return async (blob) => {
    if (isDead) return here(blob);
    if (blob.size < SHORT_BYTES) return update(ALL_ONES, new Uint8Array(await bytesOf(blob))) ^ ALL_ONES;
    let state = ALL_ONES;
    for (let at = 0; at < blob.size; at += READ_BYTES) {
      const bytes = blob.size <= WHOLE_BYTES ? (await bytesOf(blob)).slice(0) : await blob.slice(at, at + READ_BYTES).arrayBuffer();
      // `here` must not see a failure to read, but only that of the thread.
      const next = await updateThere(state, bytes).catch(() => null);
      if (next === null) return here(blob);
      state = next;
    }
    return state ^ ALL_ONES;
  };
}
