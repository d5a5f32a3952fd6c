// Computes the checksum of a blob in a worker, or in this thread where there can be no worker. Sends nothing.

import { checksumBy, type Answer, type Checksum, type Question } from "./checksum-here.ts";

export type { Checksum };
import { compiled, inWebAssembly, update } from "./crc64.ts";
import { inNode } from "./in-node.ts";
import workerSource from "./worker.ts?worker";

/** Computes in this thread. */
export const checksumHere = (): Checksum => checksumBy(update);

/**
 * Computes in a separate worker, or in Node in a thread, which is started with the first blob. It computes in this thread where
 * the policy of a page forbids workers from `blob:` URLs, or WebAssembly.
 */
export function checksumInWorker(): Checksum {
  const here = checksumHere();
  let module = compiled();
  if (!module) return here;
  if (inNode) {
    const wasm = module;
    const loading = inNode.then((node) => node?.checksumInThread(here, wasm, inWebAssembly(wasm)));
    return async (blob) => ((await loading) ?? here)(blob);
  }
  const asked = new Map<number, { blob: Blob; resolve: (crc: bigint | Promise<bigint>) => void }>();
  let worker: Worker | null = null;
  let lastId = 0;
  const giveUp = (): void => {
    module = null;
    worker?.terminate();
    for (const { blob, resolve } of asked.values()) resolve(here(blob));
    asked.clear();
  };
  const begin = (): Worker => {
    const url = URL.createObjectURL(new Blob([workerSource], { type: "text/javascript" }));
    const made = new Worker(url);
    made.onerror = giveUp;
    made.onmessage = ({ data: { id, crc } }: MessageEvent<Answer>) => {
      const question = asked.get(id);
      asked.delete(id);
      question?.resolve(crc ?? Promise.reject());
    };
    return made;
  };
  return (blob) => {
    if (!module) return here(blob);
    const question: Question = { id: ++lastId, blob, module };
    return new Promise((resolve) => {
      asked.set(question.id, { blob, resolve });
      try {
        worker ??= begin();
        worker.postMessage(question);
      } catch {
        giveUp();
      }
    });
  };
}
