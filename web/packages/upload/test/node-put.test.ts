// Tests the PUTs of Node with real servers: that they behave as those of `fetch`, and what they do better.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { openAsBlob } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { NoAnswer } from "../src/api.ts";
import { putWithFetch, type PutBody, type PutAnswer } from "../src/put.ts";
import { PEM } from "./tls.ts";

const MIB = 1 << 20;
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function listening(server: Server): Promise<number> {
  servers.push(server.listen(0, "127.0.0.1"));
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
const serve = async (answer: RequestListener): Promise<string> => `http://127.0.0.1:${await listening(createServer(answer))}`;
const put = (url: string, body: PutBody, more: Partial<Parameters<typeof putWithFetch>[2]> = {}): Promise<PutAnswer> =>
  putWithFetch(url, body, { signal: new AbortController().signal, onSent: () => {}, ...more });

// Node reads NODE_EXTRA_CA_CERTS when it starts, so one test starts this file again.
const { DRAY_TEST_PUT_TO: to } = process.env;
if (to) {
  console.log((await put(to, new Blob(["a"]))).status);
  process.exit();
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
const stored = (answer: ServerResponse): unknown => answer.writeHead(200, { ETag: '"e"' }).end();

test("the store gets the signed address, the headers and the bytes as they are", async () => {
  const seen: unknown[] = [];
  const store = await serve(async (request, answer) => {
    const { url, method, headers } = request;
    seen.push(method, url, headers.host === new URL(store).host, headers["content-length"], headers["if-none-match"], headers["transfer-encoding"]);
    seen.push((await bodyOf(request)).toString());
    stored(answer);
  });
  const path = "/b/a%20b%2Fc/%C3%A4?X-Amz-Signature=ab%2Fcd&x-id=PutObject";
  assert.equal((await put(store + path, new Blob(["bytes"]), { headers: { "if-none-match": "*" } })).eTag, '"e"');
  assert.equal((await put(`${store}/empty`, new Blob([]))).status, 200);
  assert.deepEqual(seen, ["PUT", path, true, "5", "*", undefined, "bytes", "PUT", "/empty", true, "0", undefined, undefined, ""]);
});

test("a large file is sent in pieces, and its progress is reported on the way", async () => {
  const bytes = randomBytes(5 * MIB + 3);
  const folder = await mkdtemp(join(tmpdir(), "dray-"));
  await writeFile(join(folder, "file"), bytes);
  let arrived: Buffer = Buffer.alloc(0);
  const store = await serve(async (request, answer) => {
    arrived = await bodyOf(request);
    stored(answer);
  });
  const sent: number[] = [];
  await put(store, await openAsBlob(join(folder, "file")), { onSent: (count) => sent.push(count) });
  await rm(folder, { recursive: true });
  assert.ok(arrived.equals(bytes));
  assert.deepEqual(sent, [MIB, 2 * MIB, 3 * MIB, 4 * MIB, 5 * MIB, bytes.length]);
});

test("bytes in memory are sent as they are, and their progress is reported on the way", async () => {
  let arrived: Buffer = Buffer.alloc(0);
  const store = await serve(async (request, answer) => {
    arrived = await bodyOf(request);
    stored(answer);
  });
  const body = new Uint8Array(randomBytes(3_000_000));
  const sent: number[] = [];
  await put(store, body, { method: "POST", onSent: (count) => sent.push(count) });
  assert.ok(arrived.equals(body));
  assert.deepEqual(sent, [MIB, 2 * MIB, 3_000_000]);
  await put(store, body.slice(0, 7));
  assert.equal(arrived.length, 7);
});

test("what a broken connection has not taken is not reported as sent", async () => {
  const store = await serve((request) => void setTimeout(() => request.socket.destroy(), 200));
  const body = new Uint8Array(randomBytes(40_000_000));
  const sent: number[] = [0];
  await assert.rejects(put(store, body, { onSent: (count) => sent.push(count) }), NoAnswer);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.ok(sent.at(-1)! < body.length / 2, `${sent.at(-1)}`);
});

test("PUTs one after the other use one connection", async () => {
  const store = await serve(async (request, answer) => {
    await bodyOf(request);
    stored(answer);
  });
  let connections = 0;
  servers[0]!.on("connection", () => (connections += 1));
  for (const bytes of [0, 10, MIB, 2 * MIB, 10]) await put(store, new Blob([new Uint8Array(bytes)]));
  assert.equal(connections, 1);
});

test("a refusal's status, body and Retry-After are read, also if it comes before everything is sent", async () => {
  const store = await serve((_, answer) => void answer.writeHead(413, { "Retry-After": "7", Connection: "close" }).end("<Code>EntityTooLarge</Code>"));
  for (const bytes of [10, 40 * MIB]) {
    const answer = await put(store, new Blob([new Uint8Array(bytes)]));
    assert.deepEqual(answer, { status: 413, body: "<Code>EntityTooLarge</Code>", eTag: null, retryAfterSecs: 7 });
  }
});

test("a redirect is an answer, and nothing is sent to where it points", async () => {
  let followed = 0;
  const elsewhere = await serve((_, answer) => void ((followed += 1), stored(answer)));
  const store = await serve((_, answer) => void answer.writeHead(307, { Location: elsewhere }).end("<Code>TemporaryRedirect</Code>"));
  assert.deepEqual([(await put(store, new Blob(["a"]))).status, followed], [307, 0]);
});

test("a connection that breaks before, in, or instead of the answer is no answer", async () => {
  const store = await serve((request, answer) => {
    if (request.url === "/cut") request.socket.destroy();
    else answer.writeHead(200, { "Content-Length": "10" }).write("half", () => request.socket.destroy());
  });
  for (const path of ["/cut", "/half"]) await assert.rejects(put(store + path, new Blob(["a"])), NoAnswer);
  await assert.rejects(put(`${store}/cut`, new Blob([new Uint8Array(20 * MIB)])), NoAnswer);
  const closed = await listening(createServer());
  servers.at(-1)!.close();
  await assert.rejects(put(`http://127.0.0.1:${closed}`, new Blob(["a"])), NoAnswer);
});

test("an aborted PUT rejects with the reason, and its connection is closed", async () => {
  for (const bytes of [10, 40 * MIB]) {
    const run = new AbortController();
    const reason = new Error("paused");
    const store = await serve((request) => {
      request.resume();
      run.abort(reason);
    });
    const closed = new Promise((resolve) => servers.at(-1)!.on("connection", (socket: Socket) => socket.on("close", resolve)));
    await assert.rejects(put(store, new Blob([new Uint8Array(bytes)]), { signal: run.signal }), reason);
    await closed;
    await assert.rejects(put(store, new Blob(["a"]), { signal: run.signal }), reason);
  }
});

test("a program that has told fetch how to reach the network is obeyed", async () => {
  await fetch("data:,");
  const key = Symbol.for("undici.globalDispatcher.1");
  const all = globalThis as unknown as Record<symbol, { constructor: new (options: object) => unknown }>;
  const own = all[key]!;
  const store = await serve((_, answer) => stored(answer));
  try {
    let asked = 0;
    const connect = (_: unknown, callback: (why: Error) => void): void => void ((asked += 1), callback(new Error("through the proxy")));
    all[key] = new own.constructor({ connect }) as typeof own;
    await assert.rejects(put(store, new Blob(["a"])), NoAnswer);
    assert.equal(asked, 1);
  } finally {
    all[key] = own;
  }
  assert.equal((await put(store, new Blob(["a"]))).status, 200);
});

test("HTTPS needs a certificate that Node trusts, and NODE_EXTRA_CA_CERTS is respected", async () => {
  const store = `https://127.0.0.1:${await listening(createTlsServer({ cert: PEM, key: PEM }, (_, answer) => stored(answer)))}`;
  await assert.rejects(put(store, new Blob(["a"])), NoAnswer);
  const folder = await mkdtemp(join(tmpdir(), "dray-"));
  await writeFile(join(folder, "ca.pem"), PEM);
  const env = { ...process.env, DRAY_TEST_PUT_TO: store, NODE_EXTRA_CA_CERTS: join(folder, "ca.pem") };
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url)], { env, stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (text) => (said += text));
  assert.deepEqual([...(await once(child, "close")), said], [0, null, "200\n"]);
  await rm(folder, { recursive: true });
});
