// Tests the kit in Chromium against a real drive behind a proxy that fails: tabs are closed and crash, and Chromium is killed
// while it uploads. DRAY_KIT_UPLOADS, DRAY_KIT_KILLS and DRAY_KIT_MIB make it longer (0 leaves a test out), DRAY_KIT_SEED repeats
// a run. Each test prints its figures as one line of JSON, so that a record can be made of many runs.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { Bare } from "./bare.mjs";
import { crc64Of } from "./crc64.mjs";
import { piecesOf } from "./made-up.mjs";
import { dice, Troubled } from "./troubled.mjs";

/** @typedef {import("./trouble-tab.mjs").MadeUp} MadeUp */
/** @typedef {import("./bare.mjs").Tab} Tab */

const setting = (/** @type {string} */ name, /** @type {number} */ otherwise) => Number(process.env[name] ?? otherwise);
const UPLOADS = setting("DRAY_KIT_UPLOADS", 1_000);
const KILLS = setting("DRAY_KIT_KILLS", 3);
const MIB = setting("DRAY_KIT_MIB", 96);
const SEED = setting("DRAY_KIT_SEED", Math.floor(Math.random() * 2 ** 31));
/** Browsers' places that upload at the same time, each with a storage of its own: while one waits for its next try, others work. */
const PLACES = 3;
/** Files of one page in each round. After each, a tab ends. */
const FILES_A_ROUND = Math.min(500, Math.ceil(UPLOADS / 12));
/** One of so many is in the private folder, and the browser keeps its handle; the others must be picked again after a reload. */
const KEPT_ONE_OF = 10;
/** One of so many small files is read back; all large ones are. */
const READ_ONE_OF = 10;
const LIMIT = { timeout: Math.max(900_000, UPLOADS * 300, KILLS * 60_000) };

/** @type {Troubled} */
let drive;
/** @type {Bare} */
let browser;
/** @type {string} */
let folder;
const random = dice(SEED);
const started = performance.now();

beforeEach(async () => {
  console.log(`# DRAY_KIT_SEED=${SEED}`);
  folder = await mkdtemp(join(tmpdir(), "dray-trouble-"));
  drive = await new Troubled(random).start();
  browser = await Bare.start(join(folder, "profile"));
});
afterEach(async () => {
  await browser.kill();
  await drive.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** Calls a function of trouble-tab.mjs. @param {Tab} tab @param {string} name @param {...unknown} given */
const call = (tab, name, ...given) => tab.call("/test/trouble-tab.mjs", name, ...given);

/** A tab that continues what earlier tabs have left, and how many files it needs to be picked again. @param {string} [place] @returns {Promise<[Tab, number]>} */
async function open(place) {
  const tab = await browser.tab(`${drive.url}/kit/empty`, place);
  return [tab, await call(tab, "open", drive.token)];
}

/** All files of the drive. @returns {Promise<{ id: string, size: number, name: string, path: string[] }[]>} */
async function items() {
  const found = [];
  const folders = [{ id: "root", path: /** @type {string[]} */ ([]) }];
  for (let above = folders.pop(); above; above = folders.pop()) {
    let cursor = "";
    do {
      const page = await drive.ask(`/drive/folders/${above.id}/children?limit=500${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      for (const { id, type, name, size } of page.items) {
        if (type === "folder") folders.push({ id, path: [...above.path, name] });
        else found.push({ id, size, name, path: above.path });
      }
      cursor = page.nextCursor ?? "";
    } while (cursor);
  }
  return found;
}

/** Reads a file back, and proves that its bytes are those that were uploaded. @param {{ id: string, name: string, size: number }} item */
async function isWhole({ id, name, size }) {
  assert.equal(await crc64Of(await drive.read(id)), await crc64Of(piecesOf(name, size)), name);
}

/** One line for the record. @param {string} of @param {object} figures */
const tell = (of, figures) => console.log(`# ${JSON.stringify({ of, seed: SEED, ...figures, ...drive.counted, pipelines: drive.pipelines, seconds: Math.round((performance.now() - started) / 1_000) })}`);

const isLarge = (/** @type {{ size: number }} */ { size }) => size > 2 ** 20;
const size = () => (random() < 0.005 ? Math.floor((8 + random() * 4) * 2 ** 20) : Math.floor(random() * 20_000));
/** The rounds of one place: what it uploads, and how many tabs it closes meanwhile. @param {number} number @param {number} count @param {string} [place] */
async function uploadAt(number, count, place) {
  const written = Array.from({ length: Math.ceil(FILES_A_ROUND / KEPT_ONE_OF) }, (_, at) => ({ name: `${number} kept ${at}`, size: size() }));
  let [tab] = await open(place);
  await call(tab, "write", written);
  /** @type {MadeUp[]} */
  const all = [];
  let ended = 0;
  for (let round = 0; all.length < count; round++) {
    const path = [`${number}`, `round ${round}`];
    const files = Math.min(FILES_A_ROUND, count - all.length);
    const own = written.slice(0, Math.ceil(files / KEPT_ONE_OF)).map((file) => ({ ...file, path }));
    const others = Array.from({ length: files - own.length }, (_, at) => ({ name: `${number} picked ${round} ${at}`, size: size(), path: random() < 0.5 ? [...path, `${at % 5}`] : path }));
    all.push(...own, ...others);
    await call(tab, "add", own, others);
    const reached = drive.arrived + Math.floor(random() * files);
    await drive.until(() => drive.arrived >= reached);
    if (random() < 0.5) await tab.crash();
    else await tab.close();
    ended += 1;
    const [next, unpicked] = await open(place);
    tab = next;
    if (unpicked > 0) await call(tab, "again", others);
    await call(tab, "finished");
  }
  await tab.close();
  return { all, ended };
}

test(`${UPLOADS} uploads survive closed tabs, lost answers and failing parts: none is lost or doubled, every webhook arrives`, { ...LIMIT, skip: UPLOADS === 0 }, async () => {
  const shares = Array.from({ length: PLACES }, (_, number) => Math.floor((UPLOADS + number) / PLACES));
  // The first uploads in the profile, on the disk; a place of its own has its storage in memory.
  const places = await Promise.all(shares.map(async (count, number) => uploadAt(number, count, number > 0 ? await browser.place() : undefined)));
  const all = places.flatMap(({ all }) => all);
  const found = await items();
  const told = (/** @type {MadeUp[]} */ files) => files.map(({ name, size, path }) => JSON.stringify([...path, name, size])).sort();
  const [wanted, is] = [told(all), told(found)];
  const known = new Set(is);
  const lost = wanted.filter((file) => !known.has(file)).length;
  assert.deepEqual({ lost, doubled: is.length - known.size, is }, { lost: 0, doubled: 0, is: wanted });
  await drive.until(() => drive.told.size >= UPLOADS);
  assert.deepEqual([...drive.told.keys()].sort(), found.map(({ id }) => id).sort());
  if (UPLOADS >= 1_000) assert.ok(drive.pipelines.answered > 0 && drive.pipelines.failed > 0, JSON.stringify(drive.pipelines));
  const read = found.filter((file, at) => isLarge(file) || at % READ_ONE_OF === 0);
  for (const file of read) await isWhole(file);
  tell("uploads", { uploads: all.length, large: all.filter(isLarge).length, tabsEnded: places.reduce((sum, { ended }) => sum + ended, 0), lost, doubled: is.length - known.size, callbacks: drive.told.size, read: read.length });
});

test(`Chromium killed ${KILLS} times during uploads of ${MIB} MiB sends almost nothing twice, and no wrong byte`, { ...LIMIT, skip: KILLS === 0 }, async () => {
  drive.partsOfFive = 0;
  drive.losesOfTwenty = 0;
  const file = { name: "large", size: MIB * 2 ** 20 + 12_345 };
  let [tab] = await open();
  await call(tab, "write", [file]);
  let [kills, pickedAgain, files] = [0, 0, 0];
  for (; kills < KILLS; files++) {
    await call(tab, "add", [{ ...file, path: [`${files}`] }], []);
    while (kills < KILLS && drive.told.size === files) {
      const reached = drive.acknowledged.size + 1 + Math.floor(random() * Math.max(3, MIB / 256));
      await drive.until(() => drive.acknowledged.size >= reached || drive.told.size > files);
      await browser.kill();
      kills += 1;
      browser = await Bare.start(join(folder, "profile"));
      const [next, unpicked] = await open();
      tab = next;
      pickedAgain += unpicked;
    }
    await call(tab, "finished");
    await drive.until(() => drive.told.size > files);
    const found = await items();
    assert.deepEqual(found.map(({ name, size, path }) => ({ name, size, path })), [{ ...file, path: [`${files}`] }]);
    for (const item of found) {
      await isWhole(item);
      await drive.ask(`/drive/files/${item.id}`, "DELETE");
      await drive.ask(`/drive/trash/${item.id}`, "DELETE");
    }
  }
  const sum = [...drive.acknowledged.values()].reduce((bytes, more) => bytes + more, 0);
  tell("kills", { kills, files, mib: MIB, acknowledgedBytes: sum, sentAgain: drive.sentAgain, pickedAgain });
  assert.ok(drive.sentAgain < sum / 100, `${drive.sentAgain} of ${sum} acknowledged bytes were sent twice`);
  assert.equal(pickedAgain, 0);
});
