// Tests the kit in Chromium against a real drive behind a proxy that fails: tabs are closed and Chromium is killed while it uploads.
// DRAY_KIT_UPLOADS, DRAY_KIT_KILLS and DRAY_KIT_MIB make it longer, DRAY_KIT_SEED repeats a run.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { crc64 } from "./crc64.mjs";
import { Killable } from "./killable.mjs";
import { dice, Troubled } from "./troubled.mjs";

const setting = (/** @type {string} */ name, /** @type {number} */ otherwise) => Number(process.env[name] ?? otherwise);
const UPLOADS = setting("DRAY_KIT_UPLOADS", 1_000);
const KILLS = setting("DRAY_KIT_KILLS", 3);
const MIB = setting("DRAY_KIT_MIB", 96);
const SEED = setting("DRAY_KIT_SEED", Math.floor(Math.random() * 2 ** 31));
/** Files that one page has at once, in its private folder. */
const FILES_A_ROUND = 1_000;
/** Tabs that are closed in each round. */
const CLOSED_A_ROUND = 4;
const LIMIT = { timeout: Math.max(900_000, UPLOADS * 300, KILLS * 60_000) };

/** @type {Troubled} */
let drive;
/** @type {Killable} */
let browser;
/** @type {string} */
let folder;
const random = dice(SEED);

beforeEach(async () => {
  console.log(`# DRAY_KIT_SEED=${SEED}`);
  folder = await mkdtemp(join(tmpdir(), "dray-trouble-"));
  drive = await new Troubled(random).start();
  browser = await Killable.start(join(folder, "profile"));
});
afterEach(async () => {
  await browser.kill();
  await drive.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** A tab that continues what earlier tabs have left, and tries again what has failed, as a person would. */
async function open() {
  const tab = await browser.context.newPage();
  tab.setDefaultTimeout(30_000);
  await tab.goto(`${drive.url}/kit/empty`);
  await tab.evaluate(async ([url, token]) => {
    const { createUploads } = await import(/** @type {any} */ ("/kit/upload.js"));
    const uploads = createUploads({ url, token });
    Object.assign(window, { uploads });
    uploads.on("failed", (/** @type {any} */ upload) => uploads.resume(upload));
    await uploads.restore();
  }, [drive.url, drive.token]);
  return tab;
}

/**
 * Adds files from the private folder of the page's origin, whose handles it keeps: the bytes of file `n` are its seed, repeated.
 * @param {import("playwright-core").Page} tab @param {{ name: string, size: number, path: string[] }[]} files
 */
const add = (tab, files) =>
  tab.evaluate(async (files) => {
    const root = await navigator.storage.getDirectory();
    const picked = [];
    for (const { name, size, path } of files) {
      const handle = await root.getFileHandle(name, { create: true });
      const writing = await handle.createWritable();
      const block = new Uint8Array(1 << 20);
      for (let at = 0; at < size; at += block.length) {
        for (let byte = 0; byte < block.length; byte++) block[byte] = (byte * 31 + (byte >> 8) + name.length + (at >> 20) * 7) & 255;
        await writing.write(block.subarray(0, Math.min(block.length, size - at)));
      }
      await writing.close();
      picked.push({ file: await handle.getFile(), handle, path });
    }
    /** @type {any} */ (window).uploads.addAll(picked);
  }, files);

/** The bytes that `add` writes. @param {string} name @param {number} size */
function bytesOf(name, size) {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at++) bytes[at] = ((at % 2 ** 20) * 31 + ((at % 2 ** 20) >> 8) + name.length + (at >> 20) * 7) & 255;
  return bytes;
}

/** Resolves once the list of this tab has nothing left to do. @param {import("playwright-core").Page} tab */
const finished = (tab) =>
  tab.evaluate(
    () =>
      new Promise((resolve) => {
        const { uploads } = /** @type {any} */ (window);
        const look = () => !uploads.unfinished && uploads.totals.of.unpicked === 0 && resolve(null);
        uploads.on("change", look);
        look();
      }),
  );

/** All files of the drive. @returns {Promise<{ id: string, name: string, size: number }[]>} */
async function items() {
  const found = [];
  const folders = ["root"];
  for (let next = folders.pop(); next; next = folders.pop()) {
    let cursor = "";
    do {
      const page = await drive.get(`/drive/folders/${next}/children?limit=500${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      for (const item of page.items) (item.type === "folder" ? folders.push(item.id) : found.push(item));
      cursor = page.nextCursor ?? "";
    } while (cursor);
  }
  return found;
}

/** @param {string} id */
async function download(id) {
  const { url } = await drive.get(`/drive/files/${id}/download`);
  const answer = await fetch(url);
  return Buffer.from(await answer.arrayBuffer());
}

test(`${UPLOADS} uploads survive closed tabs, lost answers and failing parts: none is lost or doubled, every webhook arrives`, LIMIT, async () => {
  const all = Array.from({ length: UPLOADS }, (_, at) => {
    const size = random() < 0.005 ? Math.floor((8 + random() * 4) * 2 ** 20) : Math.floor(random() * 20_000);
    return { name: `${at}`, size, path: random() < 0.5 ? [`folder ${at % 5}`] : [] };
  });
  for (let from = 0; from < UPLOADS; from += FILES_A_ROUND) {
    const round = all.slice(from, from + FILES_A_ROUND);
    let tab = await open();
    await add(tab, round);
    for (let closed = 0; closed < CLOSED_A_ROUND; closed++) {
      const reached = drive.told.size + Math.floor((random() * round.length) / CLOSED_A_ROUND);
      await drive.until(() => drive.told.size >= Math.min(reached, from + round.length));
      await tab.close();
      tab = await open();
    }
    await finished(tab);
    await tab.evaluate(async (names) => {
      const root = await navigator.storage.getDirectory();
      for (const name of names) await root.removeEntry(name);
    }, round.map(({ name }) => name));
    await tab.close();
  }
  const found = await items();
  const byName = (/** @type {{ name: string }} */ a, /** @type {{ name: string }} */ b) => Number(a.name) - Number(b.name);
  const told = (/** @type {{ name: string, size: number }[]} */ files) => files.sort(byName).map(({ name, size }) => `${name} ${size}`);
  assert.deepEqual(told(found), told([...all]));
  await drive.until(() => drive.told.size >= UPLOADS);
  if (UPLOADS >= 1_000) assert.ok(drive.pipelines.answered > 0 && drive.pipelines.failed > 0, JSON.stringify(drive.pipelines));
  assert.deepEqual([...drive.told.keys()].sort(), found.map(({ id }) => id).sort());
  for (const { id, name, size } of found.filter((_, at) => at % Math.ceil(UPLOADS / 200) === 0)) {
    assert.equal(crc64(await download(id)), crc64(bytesOf(name, size)), name);
  }
});

test(`Chromium killed ${KILLS} times during uploads of ${MIB} MiB sends almost nothing twice, and no wrong byte`, LIMIT, async () => {
  drive.partsOfFive = 0;
  drive.losesOfTwenty = 0;
  let kills = 0;
  const size = MIB * 2 ** 20 + 12_345;
  for (let round = 0; kills < KILLS; round++) {
    const name = `large ${round}`;
    let tab = await open();
    await add(tab, [{ name, size, path: [] }]);
    for (; kills < KILLS && drive.told.size === round; kills++) {
      const reached = drive.acknowledged.size + 1 + Math.floor(random() * 3);
      await drive.until(() => drive.acknowledged.size >= reached || drive.told.size > round);
      await browser.kill();
      browser = await Killable.start(join(folder, "profile"));
      tab = await open();
    }
    await finished(tab);
    await drive.until(() => drive.told.size > round);
    const [item] = (await items()).filter((item) => item.name === name);
    assert.equal(crc64(await download(item?.id ?? "")), crc64(bytesOf(name, size)), name);
    await tab.evaluate(async (name) => (await navigator.storage.getDirectory()).removeEntry(name), name);
    await tab.close();
  }
  const sum = [...drive.acknowledged.values()].reduce((bytes, more) => bytes + more, 0);
  assert.ok(drive.sentAgain < sum / 100, `${drive.sentAgain} of ${sum} acknowledged bytes were sent twice`);
});
