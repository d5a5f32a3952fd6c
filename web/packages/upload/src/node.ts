// What the kit does in another way in Node: a script of its own, which pages never load. It imports nothing that the engine runs:
// shared code would need a third script.

export { sendByHttp } from "./node-put.ts";
export { checksumInThread } from "./thread.ts";
