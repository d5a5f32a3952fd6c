// Pauses, resumes, cancels, removes and clears uploads at random against the real `dray serve`, while answers come late or are lost, and
// checks what must be so in every order of events. Takes a few seconds. DRAY_KIT_SEED repeats the choices (not the times) of a run;
// DRAY_KIT_ROUNDS makes it longer. real.mjs finds the server.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { conditions, plugin } from "../bundling.mjs";
import { serveDray } from "./real.mjs";
import { dice } from "./troubled.mjs";

const SCRIPT = `
  export { Api } from "./api.ts";
  export { checksumHere } from "./checksum.ts";
  export { Memory } from "./memory.ts";
  export { putWithFetch } from "./put.ts";
  export { fromBlob } from "./source.ts";
  export { Uploads } from "./uploads.ts";`;
const SEED = Number(process.env.DRAY_KIT_SEED ?? Math.floor(Math.random() * 2 ** 31));
const ROUNDS = Number(process.env.DRAY_KIT_ROUNDS ?? 6);
const FILES = 26;
/** For how long a round is disturbed. */
const DISTURBED_MS = 700;
/** How much faster than in a page the pauses pass. */
const HASTE = 40;
const PATHS = [[], ["a"], ["a", "b"], ["a", "b", "c"], ["d", "b"]];

const random = dice(SEED);
/** @template T @param {readonly T[]} all @returns {T} */
const one = (all) => /** @type {T} */ (all[Math.floor(random() * all.length)]);
const sleep = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @type {import("./real.mjs").Drive} */
let dray;
/** @type {any} */
let kit;
/** @type {string} */
let folder;

before(async () => {
  console.log(`# DRAY_KIT_SEED=${SEED}`);
  dray = await serveDray();
  const resolveDir = fileURLToPath(new URL("../packages/upload/src/", import.meta.url));
  folder = await mkdtemp(fileURLToPath(new URL("../node_modules/.cache-race-", import.meta.url)));
  const built = await build({ stdin: { contents: SCRIPT, resolveDir, loader: "ts" }, bundle: true, write: false, format: "esm", platform: "node", target: "node20", plugins: [plugin], conditions });
  await writeFile(`${folder}/kit.mjs`, built.outputFiles[0]?.text ?? "");
  kit = await import(`${folder}/kit.mjs`);
});
after(async () => {
  await dray?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** Asks the drive, without any trouble. @param {string} method @param {string} path @param {object} [body] */
async function ask(method, path, body) {
  const init = { method, headers: { Authorization: `Bearer ${dray.token}`, "Content-Type": "application/json" }, ...(body && { body: JSON.stringify(body) }) };
  const answer = await fetch(`${dray.url}/public/v1${path}`, init);
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer.json();
}

/** A connection on which every answer is late and some are lost; but a start's is not, because then nobody would know what was started. @type {typeof fetch} */
const slowly = async (url, init) => {
  await sleep(random() * 25);
  const answer = await fetch(url, init);
  const bytes = await answer.arrayBuffer();
  await sleep(random() * 25);
  if (random() < 0.04 && !String(url).endsWith("/start")) throw new TypeError("The answer was lost.");
  return new Response(answer.status === 204 ? null : bytes, answer);
};

function uploadsOf() {
  return new kit.Uploads({
    api: () => new kit.Api(dray.url, dray.token, slowly),
    put: async (/** @type {any[]} */ ...args) => {
      const answer = await kit.putWithFetch(...args);
      await sleep(random() * 20);
      return answer;
    },
    checksum: kit.checksumHere(),
    memory: (/** @type {() => void} */ onNews) => new kit.Memory(() => null, onNews, async () => null),
    now: () => performance.now(),
    after: (/** @type {number} */ ms, /** @type {() => void} */ callback) => {
      const timer = setTimeout(callback, ms / HASTE);
      return () => clearTimeout(timer);
    },
    random,
    pageOrigin: "",
    partsInFlight: 4,
    filesInFlight: 5,
  });
}

/** What the totals must be. @param {Iterable<any>} all */
function counted(all) {
  const sums = { files: 0, bytes: 0, sent: 0, of: /** @type {Record<string, number>} */ ({}) };
  for (const { state, sent, file } of all) {
    sums.of[state] = (sums.of[state] ?? 0) + 1;
    if (state === "failed" || state === "cancelled") continue;
    sums.files += 1;
    sums.bytes += file.size;
    sums.sent += sent;
  }
  return sums;
}

/** Listens to everything, and says what must not have happened. @param {any} uploads @param {string[]} wrong */
function watch(uploads, wrong) {
  const ended = new Map();
  const removed = new Set();
  const done = new Set();
  const look = (/** @type {string} */ event, /** @type {any} */ upload) => {
    const { state, file } = upload;
    if (removed.has(upload)) wrong.push(`${file.name}: ${event} (${state}) after it was removed`);
    if (ended.has(upload) && ended.get(upload) !== state) wrong.push(`${file.name}: ${state} after ${ended.get(upload)}`);
    if (state === "done" || state === "cancelled") ended.set(upload, state);
    if ((upload.item !== null) !== (state === "done") && event !== "change") wrong.push(`${file.name}: ${state} with item ${upload.item?.id}`);
    const { files, bytes, sent, of } = counted(uploads.all);
    const { totals } = uploads;
    const said = JSON.stringify([totals.files, totals.bytes, totals.sent, Object.entries(totals.of).filter(([, count]) => count !== 0).sort()]);
    const wanted = JSON.stringify([files, bytes, sent, Object.entries(of).sort()]);
    if (said !== wanted) wrong.push(`totals ${said} instead of ${wanted} at ${event} ${file.name} (${state})`);
  };
  for (const event of ["change", "done", "failed"]) uploads.on(event, (/** @type {any} */ upload) => look(event, upload));
  uploads.on("done", (/** @type {any} */ upload) => {
    if (done.has(upload)) wrong.push(`${upload.file.name}: done twice`);
    done.add(upload);
  });
  uploads.on("removed", (/** @type {any} */ upload) => removed.add(upload));
  uploads.on("leftOpen", (/** @type {any} */ upload) => wrong.push(`${upload.file.name}: left open`));
  return { done, ended, look };
}

/** Does something to an upload, as a person might. @param {any} uploads @param {any} upload @param {number} cancels */
function disturb(uploads, upload, cancels) {
  const chance = random();
  if (chance < cancels) return void uploads.cancel(upload);
  if (chance < cancels + 0.02 && upload.state === "cancelled") return void uploads.forget(upload);
  if (chance < 0.45) uploads.pause(upload);
  if (chance > 0.3) uploads.resume(upload);
  if (chance > 0.6) uploads.pause(upload);
  if (chance > 0.7) uploads.resume(upload);
  if (chance > 0.95) uploads.wake();
}

/** Everything in a folder: the path of each file's folder by the file's id, and how often each folder is there. @param {string} id @param {string[]} path */
async function itemsIn(id, path, files = new Map(), folders = /** @type {string[]} */ ([])) {
  const { items } = await ask("GET", `/drive/folders/${id}/children?limit=500`);
  for (const item of items) {
    if (item.type !== "folder") files.set(item.id, { name: item.name, path: path.join("/") });
    else {
      folders.push([...path, item.name].join("/"));
      await itemsIn(item.id, [...path, item.name], files, folders);
    }
  }
  return { files, folders };
}

/** Repeats `look` until it finds nothing, for at most ten seconds: what was cancelled is tidied up in the background. @param {() => Promise<string[]>} look */
async function untilNothing(look) {
  const until = performance.now() + 10_000;
  for (;;) {
    const found = await look();
    if (found.length === 0 || performance.now() > until) return found;
    await sleep(50);
  }
}

/** @param {number} round @param {any} uploads @param {any[]} all */
async function play(round, uploads, all) {
  const cancels = one([0.01, 0.04]);
  const until = performance.now() + DISTURBED_MS;
  // A page may act in the middle of an event, too.
  const end = uploads.on("change", (/** @type {any} */ upload) => {
    if (random() < 0.05) disturb(uploads, upload, cancels / 4);
  });
  while (performance.now() < until) {
    await sleep(random() * 12);
    for (let times = random() * 6; times > 0; times--) disturb(uploads, one(all), cancels);
  }
  end();
  if (round % 3 === 2) return uploads.clear();
  while (all.some(({ state }) => !["done", "cancelled"].includes(state))) {
    for (const upload of all) uploads.resume(upload);
    await sleep(20);
  }
}

for (let round = 0; round < ROUNDS; round++) {
  test(`whatever is paused, resumed, cancelled and cleared at any time: round ${round + 1}`, { timeout: 60_000 }, async () => {
    const { id: parentId } = await ask("POST", "/drive/folders", { name: `round ${round}` });
    const uploads = uploadsOf();
    const wrong = /** @type {string[]} */ ([]);
    const { done, ended } = watch(uploads, wrong);
    const count = round % 2 === 0 ? FILES : 6;
    const all = uploads.addAll(
      Array.from({ length: count }, (_, at) => ({ file: kit.fromBlob(new Blob([`bytes of ${at}`.repeat(at === 0 ? 1_000_000 : 1)]), `${at}`), parentId, path: one(PATHS) })),
    );
    await play(round, uploads, all);
    // What is right now must stay so when all late answers have come.
    wrong.push(
      ...(await untilNothing(async () => {
        const { files, folders } = await itemsIn(parentId, []);
        const wanted = new Map([...done].map((upload) => [upload.item?.id, { name: upload.file.name, path: (upload.destination.path ?? []).join("/") }]));
        const open = (await ask("GET", "/drive/uploads")).uploads.map((/** @type {any} */ upload) => `${upload.name ?? upload.fileName} is open`);
        const different = [...new Set([...files.keys(), ...wanted.keys()])].filter((id) => JSON.stringify(files.get(id)) !== JSON.stringify(wanted.get(id)));
        const twice = folders.filter((path, at) => folders.indexOf(path) !== at).map((path) => `folder ${path} is there twice`);
        return [...open, ...twice, ...different.map((id) => `in the drive ${JSON.stringify(files.get(id))}, in the list ${JSON.stringify(wanted.get(id))}`)];
      })),
    );
    await sleep(100);
    for (const [upload, state] of ended) if (upload.state !== state) wrong.push(`${upload.file.name}: ${upload.state} after ${state}`);
    const { totals } = uploads;
    const { files, bytes, sent, of } = counted(uploads.all);
    assert.deepEqual(wrong.slice(0, 8), [], `DRAY_KIT_SEED=${SEED}`);
    assert.deepEqual({ files: totals.files, bytes: totals.bytes, sent: totals.sent, of: { ...totals.of } }, { files, bytes, sent, of: { ...Object.fromEntries(Object.keys(totals.of).map((state) => [state, 0])), ...of } }, `DRAY_KIT_SEED=${SEED}`);
    console.log(`# ${JSON.stringify({ round, states: counted(all).of })}`);
  });
}
