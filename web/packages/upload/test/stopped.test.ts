// Tests that a stopped run does nothing more: after a pause, a cancel or a clear, no late answer changes an upload, the totals or the drive.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { apiError, StandIn } from "../../../test/stand-in.mjs";
import { believed, entryOf } from "../src/entry.ts";
import { createUploads, fromBlob, fromStream, Upload, type Picked, type Uploads } from "../src/index.ts";

let server: StandIn;
let uploads: Uploads;
beforeEach(async () => {
  server = await new StandIn().start();
  uploads = createUploads({ url: server.apiUrl, token: server.token });
});
afterEach(async () => {
  // What is still to be aborted would be tried for a minute.
  await settle();
  await server.stop();
});

const asked = (line: string): number => server.log.filter((entry) => entry === line).length;
const named = (name: string, more: Partial<Picked> = {}): Picked => ({ file: fromBlob(new Blob([name]), name), ...more });
/** Lets everything happen that needs no timer. */
const settle = (ms = 100): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, ms));
const many = (count: number): Upload[] => uploads.addAll(Array.from({ length: count }, (_, at) => named(`${at}`)));

/** Holds back the answer to a route, until `go`; `arrived` resolves with the first request. */
function hold(route: string): { arrived: Promise<unknown>; go: () => void } {
  let go = (): void => {};
  const held = new Promise<undefined>((resolve) => (go = () => resolve(undefined)));
  const arrived = new Promise((resolve) => {
    server.onApi = async (asked) => (asked === route ? (resolve(null), held) : undefined);
  });
  return { arrived, go };
}

test("a file that is paused and resumed while its folders are created goes into its folder", async () => {
  const waiting: (() => void)[] = [];
  server.onApi = (route) => new Promise((resolve) => (route === "/drive/folders" ? waiting.push(() => resolve(undefined)) : resolve(undefined)));
  const turn = async (): Promise<void> => {
    await server.until("POST /drive/folders", 0);
    while (waiting.length === 0) await settle(5);
    waiting.splice(0).forEach((go) => go());
  };
  const [one, two] = uploads.addAll(["one", "two"].map((name) => named(name, { path: ["a", "b"] }))) as [Upload, Upload];
  await settle(20);
  uploads.pause(two);
  uploads.resume(two);
  await turn();
  while (two.folderIds.length === 0) await settle(5);
  uploads.pause(two);
  uploads.resume(two);
  await turn();
  await Promise.all([one.finished(), two.finished()]);
  const parents = ["one", "two"].map((name) => [...server.uploads.values()].find((held) => held.name === name)?.parentId);
  assert.deepEqual(server.folders.map(({ name }) => name), ["a", "b"]);
  assert.deepEqual(parents, [server.folders[1]?.id, server.folders[1]?.id]);
  assert.deepEqual(two.folderIds, server.folders.map(({ id }) => id));
});

test("a file that is cancelled while another creates its folder is not started", async () => {
  const { arrived, go } = hold("/drive/folders");
  const [one, two] = uploads.addAll(["one", "two"].map((name) => named(name, { path: ["a"] }))) as [Upload, Upload];
  await arrived;
  uploads.cancel(two);
  go();
  await one.finished();
  await settle();
  assert.deepEqual([asked("POST /start"), two.state, two.session, server.uploads.size], [1, "cancelled", null, 1]);
});

test("a file that is cancelled while its batch is finalized stays cancelled, and its item goes to the trash", async () => {
  server.batches = true;
  const { arrived, go } = hold("/drive/files/upload/batch/finalize");
  const all = many(10);
  const victim = all[3]!;
  const done: Upload[] = [];
  uploads.on("done", (upload) => done.push(upload));
  await arrived;
  const inTime = apiError(409, "already_finalized", "It is finalized.");
  uploads.cancel(victim);
  server.onApi = async (route) => (route === "/abort" ? inTime : route.startsWith("/drive/files/") && !route.includes("batch") ? { status: 204, body: "" } : undefined);
  go();
  await Promise.all(all.filter((upload) => upload !== victim).map((upload) => upload.finished()));
  await assert.rejects(victim.finished(), /cancelled/);
  await settle();
  assert.deepEqual([victim.state, victim.item, done.includes(victim), done.length], ["cancelled", null, false, 9]);
  const { of, files, sent } = uploads.totals;
  assert.deepEqual([of.done, of.cancelled, files, sent], [9, 1, 9, 9]);
});

test("after a clear while a batch is finalized, nothing is counted and nothing is reported", async () => {
  server.batches = true;
  const { arrived, go } = hold("/drive/files/upload/batch/finalize");
  const all = many(10);
  await arrived;
  uploads.clear();
  const events: string[] = [];
  for (const event of ["change", "done", "failed"] as const) uploads.on(event, ({ file, state }) => events.push(`${event} ${file.name} ${state}`));
  go();
  await server.until("POST /abort", 10);
  const { of, files, bytes, sent } = uploads.totals;
  assert.deepEqual([files, bytes, sent, ...Object.values(of)], Array(11).fill(0));
  assert.deepEqual([events, [...new Set(all.map(({ state }) => state))]], [[], ["cancelled"]]);
});

test("after a clear while a batch is started, what the server has started is aborted", async () => {
  server.batches = true;
  const { arrived, go } = hold("/drive/files/upload/batch/start");
  many(10);
  await arrived;
  uploads.clear();
  go();
  await server.until("POST /abort", 10);
  assert.equal(server.uploads.size, 0);
});

test("a cancelled file of a batch that waits to be finalized is not finalized with it", async () => {
  server.batches = true;
  let slow = (): void => {};
  server.onPut = async (_, url) => (server.uploads.get(url.pathname.split("/")[2]!)?.name === "9" ? new Promise((go) => (slow = () => go(undefined))) : undefined);
  const finalized: string[] = [];
  server.onFile = (step, name) => void (step === "finalize" && finalized.push(name));
  const all = many(10);
  while (all.filter(({ state }) => state === "finishing").length < 9) await settle(5);
  uploads.cancel(all[0]!);
  slow();
  await Promise.all(all.slice(1).map((upload) => upload.finished()));
  assert.deepEqual(finalized.sort(), ["1", "2", "3", "4", "5", "6", "7", "8", "9"]);
});

test("a file that is paused with its last byte stays paused, and continues", async () => {
  const upload = uploads.addAll([named("a")])[0]!;
  const end = uploads.on("change", () => upload.parts[0]?.eTag && uploads.pause(upload));
  while (upload.state !== "paused") await settle(5);
  end();
  await settle();
  assert.deepEqual([upload.state, asked("POST /finalize")], ["paused", 0]);
  uploads.resume(upload);
  await upload.finished();
});

test("a file of a batch that is paused and resumed at once is not stopped with the batch", async () => {
  server.batches = true;
  const all = many(8);
  while (!all[0]!.batch) await settle(0);
  for (const upload of all.slice(1)) uploads.cancel(upload);
  uploads.pause(all[0]!);
  uploads.resume(all[0]!);
  await all[0]!.finished();
});

test("a failure keeps its message while its batch is still at work for others", async () => {
  server.batches = true;
  let times = 0;
  server.onApi = async (route) => (route.endsWith("batch/start") && times++ === 0 ? apiError(503, "store_unreachable", "Later.", 0) : undefined);
  const all = many(8);
  while (times === 0) await settle(5);
  const first = all[0]!;
  uploads.pause(first);
  first.note = "mine";
  await Promise.all(all.slice(1).map((upload) => upload.finished()));
  assert.equal(first.note, "mine");
  await server.until("POST /abort");
});

test("what was removed from the list is not counted, whatever is done with it", async () => {
  const { arrived, go } = hold("/start");
  const upload = uploads.addAll([named("a")])[0]!;
  await arrived;
  uploads.pause(upload);
  uploads.forget(upload);
  uploads.resume(upload);
  assert.equal(upload.state, "cancelled");
  uploads.cancel(upload);
  go();
  await server.until("POST /abort");
  const { of, files, bytes } = uploads.totals;
  assert.deepEqual([upload.state, files, bytes, ...Object.values(of)], ["cancelled", ...Array(10).fill(0)]);
});

test("what is removed from the list has ended for all who follow it, also on the server", async () => {
  server.partSize = 1;
  const { arrived, go } = hold("/presigned-urls");
  const upload = uploads.addAll([named("paused")])[0]!;
  const ended = (async () => {
    for await (const _ of upload);
  })();
  const finished = assert.rejects(upload.finished(), /was cancelled/);
  await arrived;
  uploads.pause(upload);
  uploads.forget(upload);
  go();
  await Promise.all([ended, finished, server.until("POST /abort")]);
  assert.deepEqual([upload.state, uploads.all.size], ["cancelled", 0]);
});

test("a listener that throws hinders no upload and no other listener, and its error is reported", async () => {
  server.batches = true;
  const reported: unknown[] = [];
  const listeners = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (error) => reported.push(error.message));
  let told = 0;
  try {
    for (const state of ["queued", "uploading", "finishing", "done"]) {
      const count = reported.length;
      const off = uploads.on("change", (upload) => {
        if (upload.state === state && reported.length === count) throw new Error(`a bug at ${state}`);
      });
      const offToo = uploads.on("done", () => (told += 1));
      await Promise.all([...many(1), ...many(10)].map((upload) => upload.finished()));
      await settle(20);
      off();
      offToo();
    }
  } finally {
    process.removeAllListeners("uncaughtException");
    for (const listener of listeners) process.on("uncaughtException", listener);
  }
  assert.equal(told, 44);
  assert.deepEqual([...new Set(reported)].sort(), ["a bug at done", "a bug at finishing", "a bug at queued", "a bug at uploading"]);
});

test("a stream is cancelled once its upload has ended or cannot be sent any more, and not while it may continue", async () => {
  const ended: string[] = [];
  const streamed = (name: string, pieces: number): Upload => {
    let left = pieces;
    const pull = (to: ReadableStreamDefaultController<Uint8Array>): void => (left-- > 0 ? to.enqueue(new Uint8Array(1)) : to.close());
    return uploads.add(fromStream(new ReadableStream({ pull, cancel: () => void ended.push(name) }, { highWaterMark: 0 }), { name, size: 20 }));
  };
  const { arrived, go } = hold("/start");
  const all = [streamed("cancelled", 20), streamed("removed", 20), streamed("paused", 20), streamed("too long", 30)] as [Upload, Upload, Upload, Upload];
  await arrived;
  uploads.cancel(all[0]);
  uploads.pause(all[1]);
  uploads.forget(all[1]);
  uploads.pause(all[2]);
  go();
  await assert.rejects(all[3].finished(), /has more than the 20 bytes/);
  await settle();
  assert.deepEqual(ended.sort(), ["cancelled", "removed", "too long"]);
  uploads.resume(all[2]);
  await all[2].finished();
});

test("whoever hears an event may stop any upload in the middle of it", async () => {
  server.batches = true;
  const all = many(10);
  const [first, second] = [all[0]!, all[1]!];
  let isTold = false;
  uploads.on("change", (upload) => {
    if (upload === first && upload.state === "uploading" && !isTold) {
      isTold = true;
      uploads.cancel(second);
      uploads.pause(first);
    }
    if (upload === first && upload.state === "queued") uploads.cancel(first);
  });
  await Promise.all(all.slice(2).map((upload) => upload.finished()));
  uploads.resume(first);
  await settle();
  assert.deepEqual([first.state, second.state, server.uploads.size], ["cancelled", "cancelled", 8]);
});

test("an upload that was started alone, and meanwhile in a batch, goes on with one of both, and the other is aborted", async () => {
  const { arrived, go } = hold("/start");
  const upload = uploads.addAll([named("alone")])[0]!;
  await arrived;
  uploads.pause(upload);
  server.batches = true;
  const held = server.onApi;
  const batch = hold("/drive/files/upload/batch/start");
  const holdsBatch = server.onApi;
  server.onApi = (route) => (route === "/start" ? held(route) : holdsBatch(route));
  const others = many(8);
  uploads.resume(upload);
  await batch.arrived;
  go();
  while (!upload.session) await settle(5);
  batch.go();
  await Promise.all([upload, ...others].map((one) => one.finished()));
  await settle();
  assert.deepEqual([...server.uploads.values()].filter(({ item }) => item === null), []);
  assert.equal(server.uploads.size, 9);
});

test("an upload that cannot go on with what was sent aborts that at once", async () => {
  server.onFinalize = () => apiError(400, "checksum_mismatch", "The stored bytes have another one.");
  const upload = uploads.addAll([named("a")])[0]!;
  await assert.rejects(upload.finished(), /another one/);
  await server.until("POST /abort");
  assert.deepEqual([server.uploads.size, upload.session], [0, null]);
  server.onFinalize = () => undefined;
  uploads.resume(upload);
  await upload.finished();
});

test("a stream of strings is refused with what to do", async () => {
  const stream = new ReadableStream<unknown>({ start: (to) => (to.enqueue("abc"), to.close()) }) as unknown as ReadableStream<Uint8Array>;
  await assert.rejects(uploads.add(fromStream(stream, { name: "s.txt", size: 3 })).finished(), /s\.txt is a stream of string, not Uint8Array\. Use TextEncoderStream/);
  await server.until("POST /abort");
});

test("lists of folders that earlier versions wrote twice are not believed", () => {
  const upload = new Upload("1", "pick", fromBlob(new Blob([]), "a"), { path: ["a", "b"] }, () => {});
  const after = (...folderIds: string[]): readonly string[] => believed({ ...entryOf(upload, "me", "tab"), folderIds }).folderIds;
  assert.deepEqual([after(), after("A"), after("A", "B")], [[], ["A"], ["A", "B"]]);
  assert.deepEqual([after("A", "A"), after("A", "A", "B"), after("A", "B", "C")], [[], [], []]);
});

/** What need not be `still` after a wait, and why. */
const EXEMPT = new Map([
  ["const giveBack = await (upload.headers ? this.#smallSlots : this.slots).take(signal);", "whoever has a slot gives it back"],
  ["const answer = await question(this.timing.api());", "what a batch has started must be known"],
  ["const { upload: whole, error, pipeline } = await this.#starts.add(upload, wanted, signal);", "the same; the next lines abort what is of no more use"],
  ["await this.timing.api().workspace(signal);", "nothing follows"],
  ["const begin = (api: Api): Promise<void> => api.start(file, key).then((started) => this.begun(upload, key, started, started.partSize));", "`begun` compares the key"],
]);

test("everything that a run waits for is followed by a look whether the run still has its upload", async () => {
  const wrong: string[] = [];
  const seen = new Set<string>();
  for (const name of ["sender", "folders", "patience", "whose", "again", "batch"]) {
    // The tests run in web/.
    const text = await readFile(join("packages/upload/src", `${name}.ts`), "utf8");
    for (const line of text.split("\n").map((line) => line.trim())) {
      if (/^(\/\/|\*|\/\*)/.test(line)) continue;
      const waits = line.match(/\bawait\b/g)?.length ?? 0;
      const checked = line.match(/\bstill\((run\.)?signal, await\b/g)?.length ?? 0;
      const ends = /^return await [^;]+;$/.test(line) ? 1 : 0;
      const handed = /\.then\([^)]*=> (this|upload)\b/.test(line) ? 1 : 0;
      if (EXEMPT.has(line)) seen.add(line);
      else if (waits + handed !== checked + ends) wrong.push(`${name}.ts: ${line}`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.deepEqual([...EXEMPT.keys()].filter((line) => !seen.has(line)), [], "an exemption is no longer needed");
});
