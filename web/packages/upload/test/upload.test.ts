// Tests the engine with a real HTTP server: what arrives there, and how the engine handles each failure.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, test } from "node:test";
import { apiError, s3Error, StandIn } from "../../../test/stand-in.mjs";
import { Api, NoAnswer } from "../src/api.ts";
import { checksumHere } from "../src/checksum.ts";
import { Memory } from "../src/memory.ts";
import { putWithFetch, type PutPart } from "../src/put.ts";
import type { Source } from "../src/source.ts";
import type { State, Upload } from "../src/upload.ts";
import { Uploads } from "../src/uploads.ts";

let server: StandIn;
let drive: Drive;

/** The page's engine, with timers that a test can see and fire. */
class Drive {
  token = server.token;
  /** All waits so far, in ms. */
  readonly waits: number[] = [];
  readonly notes: string[] = [];
  readonly leftOpen: string[] = [];
  /** Timers fire at once, unless a test holds them. */
  held = false;
  private readonly watchers = new Set<() => void>();
  readonly uploads: Uploads;

  constructor(put: PutPart = putWithFetch, pageOrigin = server.storeUrl, token = (): string | Promise<string> => this.token) {
    this.uploads = new Uploads({
      api: () => new Api(server.apiUrl, token),
      put,
      checksum: checksumHere(),
      memory: (onNews) => new Memory(() => "", onNews, async () => null),
      now: () => performance.now(),
      after: (ms, callback) => {
        this.waits.push(ms);
        if (this.held) return () => {};
        const timer = setImmediate(callback);
        return () => clearImmediate(timer);
      },
      random: () => 1,
      pageOrigin,
      partsInFlight: 4,
      filesInFlight: 4,
    });
    this.uploads.on("leftOpen", (upload) => this.leftOpen.push(upload.file.name));
    this.uploads.on("change", (upload) => {
      if (upload.note !== null && this.notes.at(-1) !== upload.note) this.notes.push(upload.note);
      for (const look of [...this.watchers]) look();
    });
  }

  add(bytes: Uint8Array, name = "cargo.bin"): Upload {
    return this.uploads.add(new File([new Uint8Array(bytes)], name));
  }

  /** Resolves once `condition` holds after some change. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        this.watchers.delete(look);
        resolve();
      };
      this.watchers.add(look);
      look();
    });
  }

  /** Resolves once an upload is left open on the server. */
  async untilLeftOpen(): Promise<void> {
    while (this.leftOpen.length === 0) await new Promise((resolve) => setImmediate(resolve));
  }

  async end(upload: Upload): Promise<State> {
    await this.until(() => ["done", "failed"].includes(upload.state));
    return upload.state;
  }
}

/** Returns `said` for the first `times` PUTs of part `partNumber`. */
function bendPart<T>(partNumber: number, times: number, said: T): (asked: number) => Promise<T | undefined> {
  let left = times;
  return async (asked) => (asked === partNumber && left-- > 0 ? said : undefined);
}

const asked = (line: string): number => server.log.filter((entry) => entry === line).length;

beforeEach(async () => {
  server = await new StandIn().start();
  drive = new Drive();
});
afterEach(() => server.stop());

test("the parts arrive whole, and finalize returns the item", async () => {
  const bytes = randomBytes(23);
  const upload = drive.add(bytes);
  assert.equal(await drive.end(upload), "done");
  assert.deepEqual(server.bytesOf(), bytes);
  assert.deepEqual([upload.item?.name, upload.item?.size, upload.sent, upload.parts.length], ["cargo.bin", 23, 23, 5]);
  assert.equal(asked("POST /finalize"), 1);
});

test("an empty file is one empty part", async () => {
  const upload = drive.add(new Uint8Array(0));
  assert.equal(await drive.end(upload), "done");
  assert.deepEqual([upload.parts.length, asked("PUT part 1"), server.bytesOf().length], [1, 1, 0]);
});

test("at most four parts are in flight over all files", async () => {
  let arrived = 0;
  let open = (): void => {};
  const four = new Promise<void>((resolve) => (open = resolve));
  server.onPut = async () => {
    if (++arrived === 4) open();
    await four;
    return undefined;
  };
  let inFlight = 0;
  let most = 0;
  drive = new Drive(async (...args) => {
    most = Math.max(most, ++inFlight);
    return putWithFetch(...args).finally(() => (inFlight -= 1));
  });
  const uploads = Array.from({ length: 6 }, (_, index) => drive.add(randomBytes(60), `file-${index}`));
  for (const upload of uploads) assert.equal(await drive.end(upload), "done");
  assert.equal(most, 4);
});

test("URLs are requested a few at a time, and only for missing parts", async () => {
  const upload = drive.add(randomBytes(5 * 40));
  assert.equal(await drive.end(upload), "done");
  assert.deepEqual(server.signed.map((numbers) => [numbers[0], numbers.length]), [[1, 32], [33, 8]]);
});

for (const [status, code] of [[403, "AccessDenied"], [400, "ExpiredToken"]] as const) {
  test(`a part refused with ${status} ${code} is sent to a fresh address`, async () => {
    server.onPut = bendPart(2, 1, { status, body: s3Error(code, "Request has expired") });
    const bytes = randomBytes(12);
    const upload = drive.add(bytes);
    assert.equal(await drive.end(upload), "done");
    assert.deepEqual(server.bytesOf(), bytes);
    assert.equal(asked("PUT part 2"), 2);
    assert.ok(server.signed.length >= 2);
  });
}

test("an upload whose part stays refused fails with the store's message", async () => {
  server.onPut = bendPart(1, 99, { status: 403, body: s3Error("SignatureDoesNotMatch", "The signature is wrong.") });
  const upload = drive.add(randomBytes(3));
  assert.equal(await drive.end(upload), "failed");
  assert.equal(upload.note, "The object store refused part 1 (SignatureDoesNotMatch: The signature is wrong).");
  assert.equal(asked("PUT part 1"), 4);
});

test("a broken connection is tried again after a pause, and the note says so", async () => {
  server.onPut = bendPart(2, 2, "cut" as const);
  const bytes = randomBytes(12);
  const upload = drive.add(bytes);
  assert.equal(await drive.end(upload), "done");
  assert.deepEqual(server.bytesOf(), bytes);
  assert.deepEqual([drive.waits, drive.notes], [[1_000, 2_000], ["The connection broke. Trying again."]]);
});

test("a busy store is tried again, at most eight times", async () => {
  server.onPut = bendPart(1, 99, { status: 503, body: s3Error("SlowDown", "Reduce your request rate.") });
  const upload = drive.add(randomBytes(3));
  assert.equal(await drive.end(upload), "failed");
  assert.deepEqual(drive.waits, [1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
});

test("an ETag that cannot be read fails at once and names the CORS rule", async () => {
  const hidden: PutPart = async (...args) => ({ ...(await putWithFetch(...args)), eTag: null });
  drive = new Drive(hidden);
  const upload = drive.add(randomBytes(3));
  assert.equal(await drive.end(upload), "failed");
  assert.match(upload.note ?? "", new RegExp(`^The store at ${server.storeUrl} accepted the part.*must expose the ETag header`));
  assert.equal(asked("PUT part 1"), 1);
});

test("a message names CORS if a store of another origin never answers while the drive does", async () => {
  drive = new Drive(putWithFetch, "https://drive.example.com");
  server.onPut = bendPart(1, 99, "cut" as const);
  const upload = drive.add(randomBytes(3));
  assert.equal(await drive.end(upload), "failed");
  assert.match(upload.note ?? "", /do the bucket's CORS rules allow PUT from https:\/\/drive\.example\.com\?/);
  assert.equal(asked("PUT part 1"), 3);
});

test("without a network the upload waits, and continues when woken", async () => {
  drive.held = true;
  const port = Number(new URL(server.apiUrl).port);
  server.onPut = async () => {
    server.onPut = async () => undefined;
    server.api.closeAllConnections();
    await new Promise((resolve) => server.api.close(resolve));
    return "cut";
  };
  const bytes = randomBytes(3);
  const upload = drive.add(bytes);
  await drive.until(() => upload.note !== null);
  assert.deepEqual([upload.state, upload.note], ["uploading", "No connection to the drive. The upload continues by itself when the connection is back."]);
  await server.start(port);
  drive.uploads.wake();
  assert.equal(await drive.end(upload), "done");
  assert.deepEqual(server.bytesOf(), bytes);
});

test("a pause keeps the stored parts, and resuming sends only the others", async () => {
  const never = new Promise<undefined>(() => {});
  server.onPut = async (partNumber) => (partNumber === 3 ? never : undefined);
  const bytes = randomBytes(15);
  const upload = drive.add(bytes);
  await drive.until(() => upload.parts.filter((part) => part.eTag !== null).length === 2);
  drive.uploads.pause(upload);
  assert.deepEqual([upload.state, upload.sent, drive.uploads.busy], ["paused", 10, false]);
  server.onPut = async () => undefined;
  drive.uploads.resume(upload);
  assert.equal(await drive.end(upload), "done");
  assert.deepEqual(server.bytesOf(), bytes);
  assert.deepEqual([asked("PUT part 1"), asked("PUT part 2"), asked("POST /start")], [1, 1, 1]);
});

test("a pause right before a resume does not run the upload twice", async () => {
  const upload = drive.add(randomBytes(15));
  drive.uploads.pause(upload);
  drive.uploads.resume(upload);
  assert.equal(await drive.end(upload), "done");
  assert.equal(asked("POST /finalize"), 1);
  assert.equal([...server.uploads.values()].filter((held) => held.item).length, 1);
});

test("a cancelled upload gives its slots to the next", async () => {
  const never = new Promise<undefined>(() => {});
  server.onPut = () => never;
  const stuck = drive.add(randomBytes(40), "stuck");
  const next = drive.add(randomBytes(3), "next");
  await drive.until(() => next.parts.length === 1);
  server.onPut = async () => undefined;
  drive.uploads.cancel(stuck);
  assert.equal(await drive.end(next), "done");
  assert.equal(stuck.state, "cancelled");
});

test("cancelling aborts the upload on the server", async () => {
  server.onPut = () => new Promise<undefined>(() => {});
  const upload = drive.add(randomBytes(12));
  await drive.until(() => upload.parts.length === 3);
  drive.uploads.cancel(upload);
  await server.until("POST /abort");
  assert.deepEqual([server.uploads.size, drive.leftOpen, upload.session], [0, [], null]);
});

test("removing a failed upload aborts it on the server", async () => {
  server.onPut = bendPart(1, 99, { status: 403, body: s3Error("AccessDenied", "No.") });
  const upload = drive.add(randomBytes(3));
  assert.equal(await drive.end(upload), "failed");
  assert.equal(server.uploads.size, 1);
  drive.uploads.cancel(upload);
  drive.uploads.forget(upload);
  await server.until("POST /abort");
  assert.equal(server.uploads.size, 0);
});

test("an upload that is cancelled before its start is answered is aborted afterwards", async () => {
  let answerStart = (): void => {};
  const held = new Promise<undefined>((resolve) => (answerStart = () => resolve(undefined)));
  server.onApi = async (route) => (route === "/start" ? held : undefined);
  const upload = drive.add(randomBytes(3));
  await server.until("POST /start");
  drive.uploads.cancel(upload);
  answerStart();
  await server.until("POST /abort");
  assert.equal(server.uploads.size, 0);
});

test("a pause before the start was answered keeps that upload", async () => {
  let answerStart = (): void => {};
  const held = new Promise<undefined>((resolve) => (answerStart = () => resolve(undefined)));
  server.onApi = async (route) => (route === "/start" ? held : undefined);
  const upload = drive.add(randomBytes(3));
  await server.until("POST /start");
  drive.uploads.pause(upload);
  answerStart();
  await drive.until(() => upload.session !== null);
  drive.uploads.resume(upload);
  assert.equal(await drive.end(upload), "done");
  assert.deepEqual([asked("POST /start"), asked("POST /abort")], [1, 0]);
});

test("a failed abort is repeated, and at last reported", async () => {
  server.onPut = () => new Promise<undefined>(() => {});
  let refusals = 2;
  server.onApi = async (route) =>
    route === "/abort" && refusals-- > 0 ? apiError(503, "store_unreachable", "The store is away.") : undefined;
  const first = drive.add(randomBytes(12));
  await drive.until(() => first.parts.length === 3);
  drive.uploads.cancel(first);
  await server.until("POST /abort", 3);
  assert.deepEqual([drive.waits, server.uploads.size], [[1_000, 2_000], 0]);
  refusals = Infinity;
  const second = drive.add(randomBytes(12), "second");
  await drive.until(() => second.parts.length === 3);
  drive.uploads.cancel(second);
  await server.until("POST /abort", 3 + 8);
  await drive.untilLeftOpen();
  assert.deepEqual(drive.leftOpen, ["second"]);
});

test("an upload that starts over is aborted first", async () => {
  server.onApi = async (route) =>
    route === "/finalize" ? apiError(400, "size_mismatch", "The parts do not add up.") : undefined;
  const upload = drive.add(randomBytes(7));
  assert.equal(await drive.end(upload), "failed");
  server.onApi = async () => undefined;
  drive.uploads.resume(upload);
  assert.equal(await drive.end(upload), "done");
  await server.until("POST /abort");
  assert.equal(server.uploads.size, 1);
});

test("the API's own message is what a person reads", async () => {
  server.onApi = async (route) => (route === "/start" ? apiError(400, "invalid_name", "fileName: 300 characters, at most 255.") : undefined);
  const upload = drive.add(randomBytes(3));
  assert.equal(await drive.end(upload), "failed");
  assert.equal(upload.note, "fileName: 300 characters, at most 255.");
});

test("an ended token stops the upload, and with a new one it continues where it was", async () => {
  server.onPut = async () => {
    server.token = "cp_pat_next";
    return undefined;
  };
  const upload = drive.add(randomBytes(12));
  assert.equal(await drive.end(upload), "failed");
  assert.equal(upload.failure?.kind, "signed-out");
  drive.token = "cp_pat_next";
  drive.uploads.resumeSignedOut();
  assert.equal(await drive.end(upload), "done");
  assert.deepEqual([asked("POST /start"), asked("PUT part 1")], [1, 1]);
});

test("a finalize whose answer is lost is repeated and creates one item", async () => {
  let lost = false;
  server.onApi = async (route) => (route === "/finalize" && !lost ? ((lost = true), "lose") : undefined);
  const upload = drive.add(randomBytes(3));
  assert.equal(await drive.end(upload), "done");
  assert.deepEqual([asked("POST /finalize"), server.uploads.size], [2, 1]);
});

test("a start whose answer is lost is repeated and creates one upload", async () => {
  let lost = false;
  server.onApi = async (route) => (route === "/start" && !lost ? ((lost = true), "lose") : undefined);
  const upload = drive.add(randomBytes(3));
  assert.equal(await drive.end(upload), "done");
  assert.deepEqual([asked("POST /start"), server.uploads.size], [2, 1]);
  assert.equal(await drive.end(drive.add(randomBytes(3))), "done");
  assert.equal(server.uploads.size, 2, "another file has another key");
});

test("a 503 waits as long as Retry-After says", async () => {
  let refused = false;
  server.onApi = async (route) =>
    route === "/start" && !refused ? ((refused = true), apiError(503, "store_unreachable", "The store is away.", 7)) : undefined;
  assert.equal(await drive.end(drive.add(randomBytes(3))), "done");
  assert.deepEqual([drive.waits, drive.notes], [[7_000], ["The store is away."]]);
});

test("a store's Retry-After is respected", async () => {
  server.onPut = bendPart(1, 1, { status: 503, body: s3Error("SlowDown", "Later."), headers: { "Retry-After": "9" } });
  assert.equal(await drive.end(drive.add(randomBytes(3))), "done");
  assert.deepEqual(drive.waits, [9_000]);
});

for (const [header, least, most] of [["0", 1_000, 1_000], ["3000000", 3_600_000, 3_600_000], ["Wed, 21 Oct 2099 07:28:00 GMT", 3_600_000, 3_600_000], ["-5", 1_000, 1_000], ["soon", 1_000, 1_000]] as const) {
  test(`a busy drive that says Retry-After: ${header} is neither asked all the time nor waited for for ever`, async () => {
    let refused = false;
    const busy = { status: 429, body: { statusCode: 429, code: "rate_limited", message: "Slower." }, headers: { "Retry-After": header } };
    server.onApi = async (route) => (route === "/start" && !refused ? ((refused = true), busy) : undefined);
    assert.equal(await drive.end(drive.add(randomBytes(3))), "done");
    const [wait = 0] = drive.waits;
    assert.ok(drive.waits.length === 1 && wait >= least && wait <= most, `${drive.waits}`);
  });
}

test("a drive that is always busy is given up at last", async () => {
  server.onApi = async (route) => (route === "/start" ? apiError(429, "rate_limited", "Slower.", 0) : undefined);
  assert.equal(await drive.end(drive.add(randomBytes(3))), "failed");
  assert.equal(asked("POST /start"), 64);
});

test("a token function that never works ends the upload after eight tries", async () => {
  const failing = new Drive(putWithFetch, server.storeUrl, () => Promise.reject(new Error("The session ended.")));
  const upload = failing.add(randomBytes(3));
  assert.equal(await failing.end(upload), "failed");
  assert.deepEqual([upload.note, failing.waits.length], ["There is no access token: The session ended.", 7]);
});

test("a store that has answered before is not taken for one without CORS rules when it is away", async () => {
  drive = new Drive(putWithFetch, "https://drive.example.com");
  assert.equal(await drive.end(drive.add(randomBytes(3), "first")), "done");
  server.onPut = bendPart(1, 7, "cut" as const);
  assert.equal(await drive.end(drive.add(randomBytes(3), "patient")), "done");
  assert.deepEqual(drive.waits, [1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  server.onPut = bendPart(1, 99, "cut" as const);
  const upload = drive.add(randomBytes(3), "away");
  assert.equal(await drive.end(upload), "failed");
  assert.doesNotMatch(upload.note ?? "", /CORS/);
});

test("outside pages there are no CORS rules, so a store that is away gets all tries", async () => {
  drive = new Drive(putWithFetch, "");
  server.onPut = bendPart(1, 7, "cut" as const);
  assert.equal(await drive.end(drive.add(randomBytes(3))), "done");
});

test("the network's return does not cut short a pause that the server asked for", async () => {
  server.onApi = async (route) => (route === "/start" ? apiError(503, "store_unreachable", "The store is away.", 7) : undefined);
  drive.held = true;
  const upload = drive.add(randomBytes(3));
  await drive.until(() => upload.note !== null);
  drive.uploads.wake();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([drive.waits, asked("POST /start")], [[7_000], 1]);
});

test("an upload that the server no longer has starts over when tried again", async () => {
  server.onApi = async (route) => (route === "/finalize" ? apiError(410, "upload_expired", "The upload expired.") : undefined);
  const bytes = randomBytes(7);
  const upload = drive.add(bytes);
  assert.equal(await drive.end(upload), "failed");
  server.onApi = async () => undefined;
  drive.uploads.resume(upload);
  assert.equal(await drive.end(upload), "done");
  assert.deepEqual(server.bytesOf(), bytes);
  assert.equal(asked("POST /start"), 2);
});

test("a file that changed on disk is distinguished from a broken connection", async () => {
  drive = new Drive(() => Promise.reject(new NoAnswer("net::ERR_UPLOAD_FILE_CHANGED")));
  const unreadable = new Blob(["abc"]);
  unreadable.slice = () => unreadable;
  unreadable.arrayBuffer = () => Promise.reject(new DOMException("changed", "NotReadableError"));
  const file: Source = { name: "log.txt", size: 3, type: "", slice: () => unreadable };
  const upload = drive.uploads.add(file);
  assert.equal(await drive.end(upload), "failed");
  assert.match(upload.note ?? "", /^The file can no longer be read/);
});
