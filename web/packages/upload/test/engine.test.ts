// Tests the engine with a real HTTP server, beyond plain uploads: checksums, streams, folders, expiry, long lists.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, test } from "node:test";
import { apiError, s3Error, StandIn } from "../../../test/stand-in.mjs";
import { Api } from "../src/api.ts";
import { base64, finished, inJavaScript, START } from "../src/crc64.ts";
import { Folders } from "../src/folders.ts";
import { createUploads, fromBlob, fromStream, type Options, type Progress, Upload, type Uploads } from "../src/index.ts";
import { Patience } from "../src/patience.ts";

let server: StandIn;
beforeEach(async () => {
  server = await new StandIn().start();
});
afterEach(() => server.stop());

const uploadsOf = (more: Partial<Options> = {}): Uploads => createUploads({ url: server.apiUrl, token: server.token, ...more });
const asked = (line: string): number => server.log.filter((entry) => entry === line).length;
const crcOf = (bytes: Uint8Array): string => base64(finished(inJavaScript()(START, bytes)));
const held = (name: string) => [...server.uploads.values()].find((upload) => upload.name === name);

test("finalize gets the checksum of the whole file", async () => {
  const bytes = randomBytes(23);
  const item = await uploadsOf().add(fromBlob(new Blob([bytes]), "a.bin")).finished();
  assert.deepEqual([item.name, held("a.bin")?.checksum], ["a.bin", crcOf(bytes)]);
});

test("a store that cannot prove checksums is tried once, and then gets none", async () => {
  let refused = 0;
  server.onFinalize = (request) => {
    if (!request.checksum) return undefined;
    refused += 1;
    return apiError(400, "checksum_unproven", "This store does not prove it.");
  };
  const uploads = uploadsOf();
  await uploads.add(fromBlob(new Blob(["first"]), "first")).finished();
  await uploads.add(fromBlob(new Blob(["second"]), "second")).finished();
  assert.deepEqual([refused, held("second")?.checksum], [1, null]);
});

test("a wrong checksum ends the upload, and trying again sends the file from the start", async () => {
  let refused = false;
  server.onFinalize = () => (refused ? undefined : ((refused = true), apiError(400, "checksum_mismatch", "The stored bytes have another one.")));
  const uploads = uploadsOf();
  const upload = uploads.add(fromBlob(new Blob(["abc"]), "a"));
  await assert.rejects(upload.finished(), /another one/);
  uploads.resume(upload);
  await upload.finished();
  assert.deepEqual([asked("POST /start"), asked("PUT part 1")], [2, 2]);
});

test("a stream is sent in order, and a failed part is sent again from memory", async () => {
  const bytes = randomBytes(23);
  const pieces = [bytes.subarray(0, 2), bytes.subarray(2, 17), bytes.subarray(17)].map((piece) => new Uint8Array(piece));
  let refused = false;
  server.onPut = async (part) => (part === 2 && !refused ? ((refused = true), { status: 503, body: s3Error("SlowDown", "Later.") }) : undefined);
  const stream = new ReadableStream<Uint8Array>({ pull: (to) => (pieces.length > 0 ? to.enqueue(pieces.shift()!) : to.close()) });
  await uploadsOf().add(fromStream(stream, { name: "s.bin", size: 23 })).finished();
  assert.deepEqual([server.bytesOf("s.bin"), asked("PUT part 2"), held("s.bin")?.checksum], [bytes, 2, crcOf(bytes)]);
});

test("a message says that a stream is shorter or longer than announced", async () => {
  const streamOf = (bytes: number): ReadableStream<Uint8Array> => new Blob([new Uint8Array(bytes)]).stream();
  await assert.rejects(uploadsOf().add(fromStream(streamOf(7), { name: "short", size: 9 })).finished(), /short ended after 7 of 9 bytes/);
  await assert.rejects(uploadsOf().add(fromStream(streamOf(9), { name: "long", size: 7 })).finished(), /more than the 7 bytes/);
  await server.until("POST /abort", 2);
});

test("each picked folder is created once, and every file goes into its folder", async () => {
  const paths = [["Photos"], ["Photos", "2026"], ["Photos"], ["Photos", "2026"], []];
  const uploads = uploadsOf().addAll(paths.map((path, index) => ({ file: fromBlob(new Blob(["x"]), `${index}`), path })));
  await Promise.all(uploads.map((upload) => upload.finished()));
  const [photos, year] = server.folders;
  assert.deepEqual(server.folders.map(({ name, parentId }) => [name, parentId]), [["Photos", undefined], ["2026", photos?.id]]);
  const parents = uploads.map(({ file }) => held(file.name)?.parentId);
  assert.deepEqual(parents, [photos?.id, year?.id, photos?.id, year?.id, undefined]);
});

test("URLs are signed again before they expire", async () => {
  server.signedSecs = 20;
  await uploadsOf({ partsInFlight: 1 }).add(fromBlob(new Blob([randomBytes(15)]), "a")).finished();
  assert.deepEqual(server.signed, [[1, 2, 3], [2, 3], [3]]);
  server.signed = [];
  server.signedSecs = 3_600;
  await uploadsOf({ partsInFlight: 1 }).add(fromBlob(new Blob([randomBytes(15)]), "b")).finished();
  assert.deepEqual(server.signed, [[1, 2, 3]]);
});

test("an upload can be followed until it ends", async () => {
  const upload = uploadsOf().add(fromBlob(new Blob([randomBytes(12)]), "a"));
  const seen: Progress[] = [];
  for await (const progress of upload) seen.push(progress);
  assert.equal(seen.at(0)?.state, "uploading");
  assert.deepEqual(seen.at(-1), { state: "done", sent: 12, size: 12, note: null });
  const sent = seen.map((progress) => progress.sent);
  assert.deepEqual(sent, [...sent].sort((a, b) => a - b), "progress never goes back");
});

test("a token may be a function, which is called each time", async () => {
  let times = 0;
  await uploadsOf({ token: async () => (times++, server.token) }).add(fromBlob(new Blob(["a"]), "a")).finished();
  assert.equal(times, 3, "start, sign, finalize");
});

test("a token that is missing, as JavaScript allows, fails at once with what the drive says", async () => {
  const upload = uploadsOf({ token: undefined as unknown as string }).add(fromBlob(new Blob(["a"]), "a"));
  await assert.rejects(upload.finished(), /access token is unknown/);
  assert.deepEqual([upload.failure?.kind, asked("POST /start")], ["signed-out", 1]);
});

test("totals follow every change, and the work of a change does not grow with the list", async () => {
  const uploads = uploadsOf();
  const files = 2_000;
  let changes = 0;
  uploads.on("change", () => changes++);
  const added = uploads.addAll(Array.from({ length: files }, (_, index) => ({ file: fromBlob(new Blob(["abc"]), `${index}`) })));
  assert.deepEqual([uploads.totals.files, uploads.totals.bytes, uploads.busy], [files, files * 3, true]);
  for (const upload of added.slice(3)) uploads.cancel(upload);
  await Promise.all(added.slice(0, 3).map((upload) => upload.finished()));
  const { files: counted, bytes, sent, of } = uploads.totals;
  assert.deepEqual([counted, bytes, sent, of.done, of.cancelled, uploads.busy], [3, 9, 9, 3, files - 3, false]);
  assert.ok(changes < files * 4, `${changes} changes were told`);
  for (const upload of added) uploads.forget(upload);
  assert.deepEqual([uploads.all.size, uploads.totals.files, uploads.totals.bytes, uploads.totals.sent], [0, 0, 0, 0]);
});

test("folders of the same name below different folders are two folders", async () => {
  const uploads = uploadsOf().addAll(["x", "y"].map((parentId) => ({ file: fromBlob(new Blob([parentId]), parentId), path: ["Docs"], parentId })));
  await Promise.all(uploads.map((upload) => upload.finished()));
  const [first, second] = server.folders;
  assert.deepEqual(server.folders.map(({ name, parentId }) => [name, parentId]), [["Docs", "x"], ["Docs", "y"]]);
  assert.deepEqual([held("x")?.parentId, held("y")?.parentId], [first?.id, second?.id]);
});

test("a token function that fails for a while is asked again", async () => {
  let times = 0;
  const token = async (): Promise<string> => {
    if (++times <= 2) throw new TypeError("Failed to fetch");
    return server.token;
  };
  const upload = uploadsOf({ token }).add(fromBlob(new Blob(["a"]), "a"));
  const notes = new Set<string | null>();
  for await (const { note } of upload) notes.add(note);
  assert.equal(upload.state, "done");
  assert.ok(notes.has("There is no access token: Failed to fetch"));
});

test("an upload that is cancelled while it becomes an item is moved to the trash", async () => {
  server.onApi = async (route) => {
    if (route === "/abort") return apiError(409, "already_finalized", "It is finalized.");
    return route.startsWith("/drive/files/") ? { status: 204, body: "" } : undefined;
  };
  const uploads = uploadsOf();
  const upload = uploads.add(fromBlob(new Blob(["a"]), "a"));
  server.onFinalize = () => void uploads.cancel(upload);
  await new Promise((resolve) => uploads.on("change", () => upload.state === "cancelled" && resolve(null)));
  await server.until(`DELETE /drive/files/${held("a")?.id}`);
  assert.equal(upload.state, "cancelled");
});

test("another person's token continues nothing that was added before, and the person's own next token does", async () => {
  let token = "cp_pat_ended";
  const uploads = uploadsOf({ token: () => token });
  const failed = (upload: Upload): Promise<unknown> => new Promise((resolve) => uploads.on("failed", (one) => one === upload && resolve(null)));
  const unknown = uploads.add(fromBlob(new Blob(["Anna's"]), "secret"));
  await failed(unknown);
  token = server.token;
  uploads.resumeSignedOut();
  await failed(unknown);
  assert.deepEqual([unknown.failure?.kind, asked("POST /start")], ["plain", 1], "only the refused start");
  uploads.resume(unknown);
  await unknown.finished();
  const begun = uploads.add(fromBlob(new Blob(["Ben's"]), "begun"));
  server.onPut = async () => ((server.token = "cp_pat_next"), undefined);
  await failed(begun);
  token = "cp_pat_next";
  uploads.resumeSignedOut();
  await begun.finished();
  assert.equal(asked("POST /parts"), 1, "the server was asked whose it is");
});

test("an owner is told at once: only their own uploads continue", async () => {
  let person = "anna";
  let token = "cp_pat_ended";
  const uploads = uploadsOf({ token: () => token, owner: () => person });
  const failures = (count: number): Promise<unknown> => new Promise((resolve) => uploads.on("failed", () => --count === 0 && resolve(null)));
  const all = [failures(2), uploads.add(fromBlob(new Blob(["a"]), "anna's"))] as const;
  await null;
  person = "ben";
  const bens = uploads.add(fromBlob(new Blob(["b"]), "ben's"));
  await all[0];
  token = server.token;
  uploads.resumeSignedOut();
  await Promise.all([bens.finished(), failures(1)]);
  assert.deepEqual([all[1].state, [...server.uploads.values()].map(({ name }) => name)], ["failed", ["ben's"]]);
});

test("uploads that are disposed of stop, and continue when they are needed again", async () => {
  let open = (): void => {};
  const held = new Promise<undefined>((resolve) => (open = () => resolve(undefined)));
  const arrived = new Promise((resolve) => (server.onPut = () => (resolve(null), held)));
  const uploads = uploadsOf();
  const upload = uploads.add(fromBlob(new Blob(["abc"]), "a"));
  await arrived;
  uploads.dispose();
  assert.deepEqual([upload.state, upload.run], ["queued", null]);
  server.onPut = async () => undefined;
  open();
  await uploads.restore();
  await upload.finished();
  assert.equal(asked("POST /start"), 1);
});

test("after all files of a batch are cancelled, nothing more is sent or reported", async () => {
  let requests = 0;
  const uploads = createUploads({ url: "http://127.0.0.1:9", token: "x", fetch: (...request) => (requests++, fetch(...request)) });
  const all = uploads.addAll(Array.from({ length: 20 }, (_, at) => ({ file: fromBlob(new Blob(["x"]), `${at}`) })));
  await new Promise((resolve) => uploads.on("change", ({ note }) => note && resolve(null)));
  for (const upload of all) {
    uploads.cancel(upload);
    uploads.forget(upload);
  }
  const before = requests;
  let events = 0;
  uploads.on("change", () => events++);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  assert.deepEqual([events, requests - before], [0, 0]);
});

test("a folder has the same idempotency key after a reload, so a crash makes no second folder", async () => {
  const keys: string[] = [];
  const noted: typeof fetch = async (url, init) => {
    if (String(url).endsWith("/drive/folders")) keys.push(new Headers(init?.headers).get("Idempotency-Key") ?? "");
    return fetch(url, init);
  };
  for (const pick of ["pick-1", "pick-1", "pick-2"]) {
    const folders = new Folders(new Patience({ api: () => new Api(server.apiUrl, server.token, noted), now: () => 0, after: () => () => {}, random: () => 1 }, () => {}));
    const { signal } = new AbortController();
    const upload = (path: string[]): Upload => new Upload("1", pick, fromBlob(new Blob([]), "a"), { path }, () => {});
    await folders.of(upload(["Scans"]), signal);
    await folders.of(upload(["Scänße/2"]), signal);
  }
  assert.deepEqual(keys.slice(0, 2), keys.slice(2, 4));
  assert.equal(new Set(keys).size, 4);
  assert.ok(keys.every((key) => /^[\w-]{1,64}$/.test(key)), `${keys}`);
  assert.equal(server.folders.length, 4);
});
