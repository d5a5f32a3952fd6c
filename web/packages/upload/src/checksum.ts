// Computes the checksum of a blob in a worker, or in this thread where there can be no worker. Sends nothing.

import { checksumBy, type Answer, type Checksum, type Question } from "./checksum-here.ts";

export type { Checksum };
import { compiled, update } from "./crc64.ts";
import workerSource from "./worker.ts?worker";

/** Computes in this thread. */
export const checksumHere = (): Checksum => checksumBy(update);

/**
 * Computes in a separate worker, which is started with the first blob. It computes in this thread in Node, and where the
 * policy of a page forbids workers from `blob:` URLs, or WebAssembly.
 */
export function checksumInWorker(): Checksum {
  const here = checksumHere();
  if (typeof Worker === "undefined" || typeof URL.createObjectURL === "undefined") return here;
  const asked = new Map<number, { blob: Blob; resolve: (crc: bigint | Promise<bigint>) => void; reject: (why: Error) => void }>();
  let worker: Worker | null = null;
  const module = compiled();
  let refused = !module;
  let lastId = 0;
  const giveUp = (): void => {
    refused = true;
    worker?.terminate();
    for (const { blob, resolve } of asked.values()) resolve(here(blob));
    asked.clear();
  };
  const begin = (): Worker => {
    const url = URL.createObjectURL(new Blob([workerSource], { type: "text/javascript" }));
    const made = new Worker(url);
    made.onerror = giveUp;
    made.onmessage = ({ data }: MessageEvent<Answer>) => {
      const question = asked.get(data.id);
      asked.delete(data.id);
      if ("crc" in data) question?.resolve(data.crc);
      else question?.reject(new Error(data.error));
    };
    return made;
  };
  return (blob) => {
    if (refused || !module) return here(blob);
    return new Promise((resolve, reject) => {
      const id = ++lastId;
      asked.set(id, { blob, resolve, reject });
      try {
        worker ??= begin();
        worker.postMessage({ id, blob, module } satisfies Question);
      } catch {
        giveUp();
      }
    });
  };
}
