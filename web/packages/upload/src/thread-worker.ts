// The thread of Node that computes checksums: it gets bytes and the state before them, and returns the state after them. The build
// embeds it into thread.ts as text.

import { inWebAssembly } from "./crc64.ts";
import type { Part } from "./thread.ts";

declare const process: { getBuiltinModule(name: "node:worker_threads"): InThread };
interface InThread {
  workerData: WebAssembly.Module;
  parentPort: { on(event: "message", listener: (part: Part) => void): void; postMessage(part: Part): void };
}

const { workerData, parentPort } = process.getBuiltinModule("node:worker_threads");
const update = inWebAssembly(workerData);
parentPort.on("message", ({ id, state, bytes }) => {
  parentPort.postMessage({ id, state: bytes ? update(state, new Uint8Array(bytes)) : state });
});
