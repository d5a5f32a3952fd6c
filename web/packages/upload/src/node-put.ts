// PUTs with `node:http` and `node:https`, which take a third of the processor time of Node's `fetch`. Knows no API, and tries only
// once. Only Node loads it; it imports only types and what only Node needs.

import { bytesOf, forget, WHOLE_BYTES } from "./node-read.ts";
import type { Answer, PutBody, Send } from "./put.ts";

/** Node 20.16 and later. Unlike an import, this is nothing that bundlers for pages would look for. */
declare const process: { getBuiltinModule(name: "node:http" | "node:https"): Http };
/** This script cannot be loaded where it is missing. */
const builtIn = process.getBuiltinModule.bind(process);

interface Http {
  Agent: new (options: { keepAlive: true; timeout: number }) => object;
  request(url: URL, options: object, onAnswer: (answer: Incoming) => void): Outgoing;
}
interface Incoming {
  statusCode: number;
  headers: Record<string, string | undefined>;
  setEncoding(encoding: "utf8"): void;
  on(event: "data", listener: (text: string) => void): void;
  on(event: "end" | "error", listener: (why?: Error) => void): void;
}
interface Outgoing {
  readonly writableFinished: boolean;
  on(event: "timeout" | "error", listener: (why?: Error) => void): void;
  write(bytes: Uint8Array, onWritten: (why?: Error | null) => void): void;
  end(bytes?: Uint8Array): void;
  destroy(why?: Error): void;
}

/** A connection that has moved no byte for this time counts as dead, even if the system does not know it. */
const STALLED_MS = 60_000;
/** How long an idle connection is kept. Many servers close theirs after 5 s. */
const KEPT_MS = 4_000;

/** Sends as `fetch` does, but follows no redirect, and reports the progress of large blobs. */
export const sendByHttp: Send = (url, sent) => send(url, sent).finally(() => sent.body instanceof Blob && forget(sent.body));

const send: Send = async (url, sent) => {
  const { body, signal, headers, onSent, method } = sent;
  const bytes = body instanceof Uint8Array ? body : body.size <= WHOLE_BYTES ? new Uint8Array(await bytesOf(body)) : null;
  signal.throwIfAborted();
  if (isFetchConfigured()) return fetch(url, { method, headers, signal, body: (bytes ?? body) as BodyInit });
  const to = new URL(url);
  const { request, agent } = connectionsTo(to);
  const init = { method, agent, signal, timeout: STALLED_MS, headers: { ...headers, "Content-Length": sizeOf(body) } };
  return new Promise((resolve, reject) => {
    let isAnswered = false;
    const put = request(to, init, (incoming) => {
      isAnswered = true;
      // A store may refuse before it has received everything. It does not get the rest.
      answerOf(incoming).then(resolve, reject).finally(() => put.writableFinished || put.destroy());
    });
    put.on("timeout", () => put.destroy(new Error("The connection moves no bytes.")));
    // If the store refuses early and closes the connection, its answer counts, and not that sending failed.
    put.on("error", (why) => isAnswered || reject(why));
    sendPieces(put, bytes ?? body, onSent).catch((why: Error) => put.destroy(why));
  });
};

const written = (put: Outgoing, bytes: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => put.write(bytes, (why) => (why ? reject(why) : resolve())));

/** Sends so much at once as is worth a report of progress. Large blobs are never in memory as a whole. */
async function sendPieces(put: Outgoing, body: PutBody, onSent: (bytes: number) => void): Promise<void> {
  const size = sizeOf(body);
  for (let at = 0; at < size; at += WHOLE_BYTES) {
    const to = Math.min(size, at + WHOLE_BYTES);
    const piece = body instanceof Uint8Array ? body.subarray(at, to) : new Uint8Array(await body.slice(at, to).arrayBuffer());
    if (to === size) return put.end(piece);
    await written(put, piece);
    onSent(to);
  }
  put.end();
}

const sizeOf = (body: PutBody): number => (body instanceof Uint8Array ? body.length : body.size);

function answerOf(incoming: Incoming): Promise<Answer> {
  let said = "";
  incoming.setEncoding("utf8");
  incoming.on("data", (text) => (said += text));
  return new Promise((resolve, reject) => {
    const { statusCode: status, headers } = incoming;
    incoming.on("end", () => resolve({ status, headers: { get: (name) => headers[name.toLowerCase()] ?? null }, text: async () => said }));
    incoming.on("error", reject);
  });
}

interface Connections {
  request: Http["request"];
  agent: object;
}
/** By protocol. */
const kept = new Map<string, Connections>();

function connectionsTo({ protocol }: URL): Connections {
  const known = kept.get(protocol);
  if (known) return known;
  const { request, Agent } = builtIn(protocol === "https:" ? "node:https" : "node:http");
  const made = { request, agent: new Agent({ keepAlive: true, timeout: KEPT_MS }) };
  kept.set(protocol, made);
  return made;
}

/** Where undici, which is Node's `fetch`, keeps what programs replace to set a proxy or certificates, or to imitate a server. */
const DISPATCHER = Symbol.for("undici.globalDispatcher.1");

/** Whether `fetch` reaches the network in another way than Node itself, so that only `fetch` may send. */
function isFetchConfigured(): boolean {
  const dispatcher = (globalThis as { [DISPATCHER]?: Record<symbol, { connect?: unknown } | undefined> })[DISPATCHER];
  if (!dispatcher) return false;
  const options = Object.getOwnPropertySymbols(dispatcher).find(({ description }) => description === "options");
  return dispatcher.constructor.name !== "Agent" || (options !== undefined && dispatcher[options]?.connect !== undefined);
}
