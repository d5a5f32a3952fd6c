// Many small files in one request to the store: what is sent, and what happens to each if something fails. Runs against a real HTTP
// server.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, test } from "node:test";
import { s3Error, StandIn } from "../../../test/stand-in.mjs";
import { base64, finished, inJavaScript, START } from "../src/crc64.ts";
import { createUploads, fromBlob, fromStream, putWithFetch, type Options, type Source, type Upload, type Uploads } from "../src/index.ts";

let server: StandIn;
beforeEach(async () => {
  server = await new StandIn().start();
  server.batches = true;
  server.pipelines = true;
  server.partSize = 1 << 20;
  server.checksumOf = crcOf;
});
afterEach(() => server.stop());

const uploadsOf = (more: Partial<Options> = {}): Uploads => createUploads({ url: server.apiUrl, token: server.token, ...more });
const asked = (line: string): number => server.log.filter((entry) => entry === line).length;
const crcOf = (bytes: Uint8Array): string => base64(finished(inJavaScript()(START, bytes)));
const bytesOf = (at: number): Buffer => Buffer.from(`bytes of ${at}`.repeat(at));
const pick = (uploads: Uploads, count: number): Upload[] =>
  uploads.addAll(Array.from({ length: count }, (_, at) => ({ file: fromBlob(new Blob([new Uint8Array(bytesOf(at))]), `${at}`) })));
const all = (uploads: Upload[]) => Promise.all(uploads.map((upload) => upload.finished()));

/** Every file is there once, with its bytes. */
function isWhole(uploads: Upload[]): void {
  for (const { file } of uploads) assert.deepEqual(server.bytesOf(file.name), bytesOf(Number(file.name)));
  assert.equal(server.uploads.size, uploads.length);
}

test("small files are sent in pipelines, with their checksums and their progress", async () => {
  const uploads = uploadsOf();
  const picked = pick(uploads, 250);
  await all(picked);
  isWhole(picked);
  assert.deepEqual([asked("PUT part 1"), asked("POST pipeline")], [0, 3]);
  assert.deepEqual(server.pipelineSizes.sort((a, b) => b - a), [100, 100, 50]);
  for (const held of server.uploads.values()) assert.equal(held.checksum, crcOf(held.parts.get(1)!));
  assert.deepEqual([uploads.totals.sent, uploads.totals.of.done], [uploads.totals.bytes, 250]);
});

test("without checksums none is sent, and streams go in pipelines too", async () => {
  const uploads = uploadsOf({ checksum: null });
  const streams = Array.from({ length: 9 }, (_, at) => {
    const stream = new Blob([new Uint8Array(bytesOf(at))]).stream();
    return { file: fromStream(stream, { name: `${at}`, size: bytesOf(at).length }) };
  });
  const picked = uploads.addAll(streams);
  await all(picked);
  isWhole(picked);
  assert.deepEqual([asked("PUT part 1"), asked("POST pipeline")], [0, 1]);
  for (const held of server.uploads.values()) assert.equal(held.checksum, null);
});

test("a pipeline is short, and larger files go by themselves", async () => {
  const uploads = uploadsOf();
  const files = Array.from({ length: 40 }, (_, at) => ({ file: fromBlob(new Blob([randomBytes(at === 7 ? 300_000 : 250_000)]), `${at}`) }));
  await all(uploads.addAll(files));
  assert.deepEqual([asked("PUT part 1"), asked("POST pipeline")], [1, 3]);
  assert.ok(Math.max(...server.pipelineSizes) <= 16, `${server.pipelineSizes}`);
});

test("a drive whose store takes no pipelines gets file by file", async () => {
  server.pipelines = false;
  const picked = pick(uploadsOf(), 20);
  await all(picked);
  isWhole(picked);
  assert.deepEqual([asked("PUT part 1"), asked("POST pipeline")], [20, 0]);
});

test("a store or a proxy that refuses a pipeline is asked once, and gets file by file", async () => {
  for (const status of [403, 404, 405, 411, 413, 415, 501]) {
    server.log = [];
    server.onPipeline = async () => ({ status, body: "<html>no</html>" });
    const uploads = uploadsOf();
    await all(pick(uploads, 20));
    await all(pick(uploads, 20));
    assert.deepEqual([asked("PUT part 1"), asked("POST pipeline")], [40, 1], `${status}`);
  }
});

test("a busy store refuses one pipeline, and takes the next", async () => {
  let refused = 0;
  server.onPipeline = async () => (refused++ === 0 ? { status: 503, body: s3Error("SlowDown", "Later.") } : undefined);
  const uploads = uploadsOf();
  await all(pick(uploads, 20));
  await all(pick(uploads, 20));
  assert.deepEqual([asked("PUT part 1"), asked("POST pipeline")], [20, 2]);
});

test("a page that answers for the store, and an answer that is no JSON, lose nothing", async () => {
  server.onPipeline = async () => ({ status: 200, body: "<html>Sign in</html>" });
  const picked = pick(uploadsOf(), 20);
  await all(picked);
  isWhole(picked);
});

test("a connection that breaks, before or after the store has the files, costs no file and doubles none", async () => {
  for (const isBefore of [true, false]) {
    let broken = 0;
    server.onPipeline = async (paths) => {
      if (broken++ > 0) return undefined;
      for (const path of isBefore ? [] : paths) {
        const held = server.uploads.get(path.split("/")[2]!)!;
        held.parts.set(1, bytesOf(Number(held.name)));
      }
      return "cut";
    };
    const picked = pick(uploadsOf(), 20);
    await all(picked);
    isWhole(picked);
    server.uploads.clear();
  }
});

test("files that a pipeline did not reach go by themselves, and a refused one alone tries again", async () => {
  const tried = new Map<string, number>();
  server.onPut = async (_, url) => {
    const { name } = server.uploads.get(url.pathname.split("/")[2]!)!;
    const times = (tried.get(name) ?? 0) + 1;
    tried.set(name, times);
    if (name === "3" && times === 1) return { status: 503, body: s3Error("SlowDown", "Later."), headers: { "Retry-After": "1" } };
    if (name === "4" && times === 1) return { status: 403, body: s3Error("AccessDenied", "Request has expired") };
    return name === "15" && times === 1 ? "cut" : undefined;
  };
  const picked = pick(uploadsOf(), 20);
  await all(picked);
  isWhole(picked);
  assert.deepEqual([asked("POST pipeline"), asked("PUT part 1")], [1, 7], "3, 4 and the last five");
});

test("a file that is cancelled or paused in a pipeline hinders no other, and a paused one continues", async () => {
  const uploads = uploadsOf();
  const picked = pick(uploads, 30);
  let go = (): void => {};
  server.onPipeline = () => new Promise((resolve) => (go = () => resolve(undefined)));
  await new Promise<void>((resolve) => {
    const look = setInterval(() => {
      if (asked("POST pipeline") === 0 || server.pipelineSizes.length === 0) return;
      clearInterval(look);
      resolve();
    }, 5);
  });
  uploads.cancel(picked[29]!);
  uploads.pause(picked[28]!);
  assert.equal(uploads.totals.of.cancelled, 1);
  await server.until("POST /abort");
  go();
  await all(picked.slice(0, 28));
  assert.equal(picked[28]!.state, "paused");
  assert.equal(picked[28]!.sent, 0);
  uploads.resume(picked[28]!);
  await picked[28]!.finished();
  isWhole(picked.slice(0, 29));
  await assert.rejects(picked[29]!.finished(), /cancelled/);
});

test("if all files of a pipeline are cancelled, it is not sent any further", async () => {
  const uploads = uploadsOf();
  const picked = pick(uploads, 10);
  let closed = false;
  server.store.on("connection", (socket) => socket.on("close", () => (closed = true)));
  server.onPipeline = () => new Promise(() => {});
  while (server.pipelineSizes.length === 0) await new Promise((resolve) => setImmediate(resolve));
  for (const upload of picked) uploads.cancel(upload);
  while (!closed) await new Promise((resolve) => setImmediate(resolve));
  await server.until("POST /abort", 10);
  assert.equal(uploads.totals.of.cancelled, 10);
});

test("a file that has changed fails alone", async () => {
  const uploads = uploadsOf();
  const changed = new Blob(["x"]);
  changed.slice = () => ({ arrayBuffer: () => Promise.reject(new Error("NotReadableError")), size: 1 }) as unknown as Blob;
  const files = Array.from({ length: 12 }, (_, at) => ({ file: fromBlob(at === 5 ? changed : new Blob([new Uint8Array(bytesOf(at))]), `${at}`) }));
  const picked = uploads.addAll(files);
  const outcomes = await Promise.allSettled(picked.map((upload) => upload.finished()));
  assert.deepEqual(outcomes.flatMap(({ status }, at) => (status === "rejected" ? [at] : [])), [5]);
});

for (const userAgent of ["Chrome/143.0.0.0", "another browser"]) {
  test(`what one file has lost and another has gained is never sent as the other's (${userAgent})`, async (context) => {
    const own = Object.getOwnPropertyDescriptor(globalThis, "navigator");
    Object.defineProperty(globalThis, "navigator", { value: { userAgent }, configurable: true });
    context.after(() => (own ? Object.defineProperty(globalThis, "navigator", own) : Reflect.deleteProperty(globalThis, "navigator")));
    const of = (text: string, size: number): Source => ({ name: text, type: "", size, slice: () => Promise.resolve(new Blob([text])) });
    const uploads = uploadsOf();
    const picked = uploads.addAll([...Array.from({ length: 10 }, (_, at) => of(`${at}`, 1)), of("AAAAA", 4), of("BBB", 4)].map((file) => ({ file })));
    const outcomes = await Promise.allSettled(picked.map((upload) => upload.finished()));
    assert.deepEqual(outcomes.flatMap(({ status }, at) => (status === "rejected" ? [at] : [])), [10, 11]);
    for (const { file } of picked.slice(0, 10)) assert.deepEqual(server.bytesOf(file.name), Buffer.from(file.name));
    await server.until("POST /abort", 2);
  });
}

test("a `put` of the program's own sees pipelines as POSTs, and may refuse them", async () => {
  const methods: string[] = [];
  const put: Options["put"] = (url, body, options) => {
    methods.push(options.method ?? "PUT");
    return putWithFetch(url, body, options);
  };
  const picked = pick(uploadsOf({ put }), 20);
  await all(picked);
  assert.deepEqual(methods, ["POST"]);
  server.uploads.clear();
  const putOnly: Options["put"] = (url, body, { method: _, ...options }) => putWithFetch(url, body, options);
  const others = pick(uploadsOf({ put: putOnly }), 20);
  await all(others);
  isWhole(others);
});
