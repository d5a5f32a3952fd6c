// Many small files: started and finalized together, while each is sent and fails by itself. Runs against a real HTTP server.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { apiError, s3Error, StandIn } from "../../../test/stand-in.mjs";
import { createUploads, fromBlob, type Options, type Upload, type Uploads } from "../src/index.ts";

let server: StandIn;
beforeEach(async () => {
  server = await new StandIn().start();
  server.batches = true;
  server.partSize = 1 << 20;
});
afterEach(() => server.stop());

const uploadsOf = (more: Partial<Options> = {}): Uploads => createUploads({ url: server.apiUrl, token: server.token, ...more });
const asked = (line: string): number => server.log.filter((entry) => entry === line).length;
const pick = (uploads: Uploads, count: number): Upload[] =>
  uploads.addAll(Array.from({ length: count }, (_, at) => ({ file: fromBlob(new Blob([`bytes of ${at}`]), `${at}`) })));
const START = "POST /drive/files/upload/batch/start";
const FINALIZE = "POST /drive/files/upload/batch/finalize";

test("many small files are a few requests beside their PUTs", async () => {
  const all = pick(uploadsOf(), 450);
  const items = await Promise.all(all.map((upload) => upload.finished()));
  assert.deepEqual(items.map(({ name }) => name), all.map(({ file }) => file.name));
  assert.equal(server.bytesOf("123").toString(), "bytes of 123");
  assert.deepEqual(server.batchSizes, [200, 200, 50]);
  assert.deepEqual([asked("POST /start"), asked("POST /presigned-urls"), asked("POST /finalize"), asked("PUT part 1")], [0, 0, 0, 450]);
  assert.ok(asked(FINALIZE) < 50, `${asked(FINALIZE)} finalizes`);
});

test("a few files go by themselves, and so do large ones", async () => {
  const uploads = uploadsOf();
  await Promise.all(pick(uploads, 7).map((upload) => upload.finished()));
  assert.deepEqual([asked(START), asked("POST /start")], [0, 7]);
  const large = fromBlob(new Blob([new Uint8Array((8 << 20) + 1)]), "large");
  const all = [...pick(uploads, 8), uploads.add(large)];
  await Promise.all(all.map((upload) => upload.finished()));
  assert.deepEqual([asked(START), asked("POST /start")], [1, 8]);
});

test("a drive that knows no batches gets file by file", async () => {
  server.batches = false;
  await Promise.all(pick(uploadsOf(), 60).map((upload) => upload.finished()));
  assert.deepEqual([asked("POST /start"), asked("POST /finalize")], [60, 60]);
  assert.ok(asked(START) <= 3);
});

test("one file's failure is its own", async () => {
  const refused = apiError(400, "file_type_not_allowed", "Not here.").body as object;
  const many = apiError(409, "too_many_uploads", "You have 5.").body as object;
  server.onFile = (step, name) => {
    if (step === "start" && name === "3") return refused;
    if (step === "start" && name === "4") return many;
    return step === "finalize" && name === "5" ? (apiError(409, "name_taken", "Taken.").body as object) : undefined;
  };
  const all = pick(uploadsOf(), 20);
  const outcomes = await Promise.allSettled(all.map((upload) => upload.finished()));
  const failed = outcomes.flatMap((outcome, at) => (outcome.status === "rejected" ? [`${at} ${(outcome.reason as Error).message}`] : []));
  assert.deepEqual(failed, ["3 Not here.", "5 Taken."]);
  assert.equal(asked("POST /start"), 1, "the file without room in the batch was started by itself");
});

test("a name with a slash is a name in a batch too: no folder comes of it", async () => {
  const names = ["a/b", ..."cdefghij"];
  const all = uploadsOf().addAll(names.map((name) => ({ file: fromBlob(new Blob([name]), name) })));
  await Promise.all(all.map((upload) => upload.finished()));
  assert.deepEqual([server.batchSizes, asked("POST /start")], [[8], 1]);
});

test("a file waits for room among the open uploads, also by itself", async () => {
  server.onFile = (step) => (step === "start" ? (apiError(409, "too_many_uploads", "You have 5.").body as object) : undefined);
  let refusals = 3;
  server.onApi = async (route) => (route === "/start" && refusals-- > 0 ? apiError(409, "too_many_uploads", "You have 5.") : undefined);
  await Promise.all(pick(uploadsOf(), 10).map((upload) => upload.finished()));
  assert.equal(asked("POST /start"), 13, "each by itself, and three again");
});

test("a finalize that is not finished is asked again, for those that are left", async () => {
  const seen = new Set<string>();
  server.onFile = (step, name) => {
    if (step === "start" || seen.has(name) || Number(name) % 5 > 0) return undefined;
    seen.add(name);
    return { statusCode: 503, error: "…", code: "finalize_pending", message: "Ask again.", retryAfter: 0 };
  };
  await Promise.all(pick(uploadsOf(), 20).map((upload) => upload.finished()));
  assert.equal(seen.size, 4);
  assert.equal(asked("PUT part 1"), 20);
});

test("an answer that is lost makes nothing twice", async () => {
  let lost = 0;
  server.onApi = async (route) => (route.startsWith("/drive/files/upload/batch") && lost++ < 2 ? "lose" : undefined);
  let refused = 0;
  server.onPut = async () => (refused++ % 5 === 0 ? { status: 503, body: s3Error("SlowDown", "Later.") } : undefined);
  await Promise.all(pick(uploadsOf(), 20).map((upload) => upload.finished()));
  assert.equal(server.uploads.size, 20);
});

test("a PUT whose answer was lost has arrived", async () => {
  const cut = new Set<string>();
  const stored = server.uploads;
  server.onPut = async (_, url) => {
    const id = url.pathname.split("/")[2]!;
    if (cut.has(id)) return undefined;
    cut.add(id);
    stored.get(id)?.parts.set(1, Buffer.from(`bytes of ${stored.get(id)?.name}`));
    return "cut";
  };
  await Promise.all(pick(uploadsOf(), 8).map((upload) => upload.finished()));
  assert.equal(server.bytesOf("7").toString(), "bytes of 7");
});

test("a file that is cancelled or paused hinders no other", async () => {
  const uploads = uploadsOf();
  const all = pick(uploads, 30);
  let waits: (() => void)[] = [];
  server.onPut = async () => new Promise((resolve) => waits.push(() => resolve(undefined)));
  await server.until(START);
  uploads.cancel(all[29]!);
  uploads.pause(all[28]!);
  server.onPut = async () => undefined;
  const release = setInterval(() => {
    for (const go of waits) go();
    waits = [];
  }, 10);
  await Promise.all(all.slice(0, 28).map((upload) => upload.finished()));
  clearInterval(release);
  assert.deepEqual([all[29]!.state, all[28]!.state], ["cancelled", "paused"]);
  uploads.resume(all[28]!);
  await all[28]!.finished();
  await assert.rejects(all[29]!.finished(), /cancelled/);
});

test("where the store refuses a small file's headers, as a CORS rule may, files go in parts", async () => {
  server.onPut = async (_, url) => (server.uploads.get(url.pathname.split("/")[2]!)?.isWhole ? "cut" : undefined);
  await Promise.all(pick(uploadsOf(), 8).map((upload) => upload.finished()));
  assert.deepEqual([asked("POST /start"), asked("POST /finalize"), server.bytesOf("7").toString()], [8, 8, "bytes of 7"]);
  assert.equal([...server.uploads.values()].filter(({ item }) => item === null).length, 0, "what was started in the batch is aborted");
});
