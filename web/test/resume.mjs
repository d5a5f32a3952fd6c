// Tests resuming: Chromium is killed during uploads, and continues them after a restart. The stand-in counts each part that
// arrives and verifies each checksum.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { crc64 } from "./crc64.mjs";
import { Killable, pickFromDisk } from "./killable.mjs";
import { StandIn } from "./stand-in.mjs";

const MIB = 1024 * 1024;
/** The answer to a part that never finishes. @returns {Promise<undefined>} */
const never = () => new Promise(() => {});

/** A test that waits in vain must end. */
const LIMIT = { timeout: 90_000 };

/** @type {StandIn} */
let server;
/** @type {string} */
let folder;
/** @type {Browser} */
let browser;

class Browser extends Killable {
  /** Opens a tab with the page, and signs in. */
  async page() {
    const page = await this.context.newPage();
    page.setDefaultTimeout(30_000);
    await page.goto(server.apiUrl);
    await page.getByLabel("Access token").fill(server.token);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("Harbour & Sons", { exact: true }).waitFor();
    return page;
  }

  /** Opens a tab of the same origin, with the kit as `window.kit` and uploads as `window.uploads`. */
  async kit() {
    const page = await this.context.newPage();
    page.setDefaultTimeout(30_000);
    await page.goto(`${server.apiUrl}/docs.html`);
    await page.evaluate(async ([url, token]) => {
      const kit = await import(/** @type {any} */ ("/kit/upload.js"));
      Object.assign(window, { kit, uploads: kit.createUploads({ url, token }) });
    }, [server.apiUrl, server.token]);
    return page;
  }
}

beforeEach(async () => {
  server = await new StandIn().start();
  server.partSize = 5 * MIB;
  server.checksumOf = crc64;
  folder = await mkdtemp(join(tmpdir(), "dray-resume-"));
  browser = await Browser.start(join(folder, "profile"));
});
afterEach(async () => {
  await browser.kill();
  await server.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** How often this request was sent. @param {string} line */
const asked = (line) => server.log.filter((entry) => entry === line).length;

/** Uploads a file from the page until only its last part is missing, then kills Chromium. @param {string} path @param {number} parts */
async function killedAt(path, parts) {
  server.onPut = (part) => (part === parts ? never() : Promise.resolve(undefined));
  const page = await browser.page();
  await pickFromDisk(page, path);
  await page.locator(".cells .stored").nth(parts - 2).waitFor();
  await browser.kill();
  server.onPut = async () => undefined;
  browser = await Browser.start(join(folder, "profile"));
  return browser.page();
}

test("after Chromium was killed and the file is picked again, only missing parts are sent", LIMIT, async () => {
  const bytes = randomBytes(18 * MIB);
  const path = join(folder, "survey.tif");
  await writeFile(path, bytes);
  const page = await killedAt(path, 4);
  await page.getByText(/Pick the file or its folder again/).waitFor();
  await pickFromDisk(page, path);
  await page.getByText("In the drive", { exact: true }).waitFor();
  assert.deepEqual([1, 2, 3, 4].map((part) => asked(`PUT part ${part}`)), [1, 1, 1, 2]);
  assert.deepEqual([asked("POST /start"), server.uploads.size], [1, 1]);
  assert.ok(server.bytesOf("survey.tif").equals(bytes));
  assert.ok([...server.uploads.values()][0]?.checksum, "the checksum of the whole file proves it");
  await page.reload();
  await page.getByText("Harbour & Sons", { exact: true }).waitFor();
  assert.equal(await page.locator(".row").count(), 0, "finished uploads leave nothing behind");
});

test("a file that changed meanwhile is sent from the start, and the earlier upload is aborted", LIMIT, async () => {
  const path = join(folder, "journal.log");
  await writeFile(path, randomBytes(18 * MIB));
  const page = await killedAt(path, 4);
  const changed = randomBytes(18 * MIB);
  await writeFile(path, changed);
  await pickFromDisk(page, path);
  await page.getByText("In the drive", { exact: true }).waitFor();
  await server.until("POST /abort");
  assert.deepEqual([asked("PUT part 1"), server.uploads.size], [2, 1]);
  assert.ok(server.bytesOf("journal.log").equals(changed));
});

test("if a file changed but not its time, the checksum shows it, and no mixture becomes an item", LIMIT, async () => {
  const path = join(folder, "sly.bin");
  await writeFile(path, randomBytes(18 * MIB));
  const { atime, mtime } = await stat(path);
  const page = await killedAt(path, 4);
  const changed = randomBytes(18 * MIB);
  await writeFile(path, changed);
  await utimes(path, atime, mtime);
  await pickFromDisk(page, path);
  await page.getByText("In the drive", { exact: true }).waitFor();
  await server.until("POST /abort");
  assert.equal(server.uploads.size, 1);
  assert.ok(server.bytesOf("sly.bin").equals(changed));
});

test("also with checksums off, a changed file that continues makes no mixture", LIMIT, async () => {
  /** @param {number} byte */
  const pickedIn = async (byte) => {
    const page = await browser.kit();
    await page.evaluate(([url, token, byte, size]) => {
      const { kit } = /** @type {any} */ (window);
      const uploads = kit.createUploads({ url, token, checksum: null });
      const upload = uploads.add(new File([new Uint8Array(size).fill(byte)], "sly.bin", { lastModified: 1e12 }));
      Object.assign(window, { upload });
    }, /** @type {const} */ ([server.apiUrl, server.token, byte, 18 * MIB]));
    return page;
  };
  server.onPut = (part) => (part === 4 ? never() : Promise.resolve(undefined));
  const first = await pickedIn(1);
  for (const part of [1, 2, 3]) await server.until(`PUT part ${part}`);
  await first.close();
  server.onPut = async () => undefined;
  const second = await pickedIn(2);
  await second.evaluate(() => /** @type {any} */ (window).upload.finished());
  await server.until("POST /abort");
  assert.ok(server.bytesOf("sly.bin").equals(Buffer.alloc(18 * MIB, 2)));
});

test("picking a folder once continues all of its files, and sends no finished file twice", LIMIT, async () => {
  const files = 12;
  const photos = join(folder, "Photos");
  await mkdir(photos);
  for (let index = 0; index < files; index++) await writeFile(join(photos, `${index}.jpg`), randomBytes(1_000 + index));
  let puts = 0;
  server.onPut = () => (++puts > 5 ? never() : Promise.resolve(undefined));
  const before = await browser.page();
  await before.locator("#folder").setInputFiles(photos);
  await before.getByText("In the drive", { exact: true }).nth(4).waitFor();
  await browser.kill();
  const items = () => [...server.uploads.values()].filter(({ item }) => item).map(({ name }) => name);
  const done = items();
  server.onPut = async () => undefined;
  browser = await Browser.start(join(folder, "profile"));
  const page = await browser.page();
  await page.getByText(/Pick the file or its folder again/).first().waitFor();
  await page.locator("#folder").setInputFiles(photos);
  await page.getByText("In the drive", { exact: true }).nth(files - 1).waitFor();
  assert.deepEqual(items().sort(), Array.from({ length: files }, (_, index) => `${index}.jpg`).sort());
  assert.equal(new Set([...done, ...items()]).size, files);
  assert.equal(server.folders.length, 1, "its folder is created once");
});

/** Starts an upload of a file whose handle the browser keeps. @param {import("playwright-core").Page} page @param {number} size */
const sendWithHandle = (page, size) =>
  page.evaluate(async (size) => {
    const root = await navigator.storage.getDirectory();
    const handle = await root.getFileHandle("kept.bin", { create: true });
    const writing = await handle.createWritable();
    await writing.write(new Uint8Array(size).map((_, index) => index * 31 + (index >> 8)));
    await writing.close();
    /** @type {any} */ (window).uploads.add(await handle.getFile(), { handle });
  }, size);

/** Restores the uploads of a tab; returns their items. @param {import("playwright-core").Page} page */
const restored = (page) =>
  page.evaluate(async () => {
    const uploads = await /** @type {any} */ (window).uploads.restore();
    return Promise.all(uploads.map((/** @type {any} */ upload) => upload.finished().then((/** @type {any} */ item) => item.id)));
  });

test("a file whose handle is kept continues without picking, and two tabs send no part twice", LIMIT, async () => {
  server.onPut = (part) => (part === 4 ? never() : Promise.resolve(undefined));
  const size = 18 * MIB;
  await sendWithHandle(await browser.kit(), size);
  await server.until("PUT part 3");
  await browser.kill();
  server.onPut = async () => undefined;
  browser = await Browser.start(join(folder, "profile"));
  const [one, other] = [await browser.kit(), await browser.kit()];
  const items = (await Promise.all([restored(one), restored(other)])).flat();
  const [item] = items;
  assert.ok(item && items.every((id) => id === item), "both tabs have the same item");
  assert.equal(server.uploads.size, 1);
  assert.ok([1, 2, 3].every((part) => asked(`PUT part ${part}`) === 1), "stored parts are not sent again");
  assert.equal(asked("PUT part 4"), 2, "once before the kill, once after");
});

test("a second tab waits for the tab that sends the file, and continues when that one is gone", LIMIT, async () => {
  server.onPut = (part) => (part === 4 ? never() : Promise.resolve(undefined));
  const first = await browser.kit();
  await sendWithHandle(first, 18 * MIB);
  await server.until("PUT part 3");
  const second = await browser.kit();
  await second.evaluate(async () => {
    const handle = await (await navigator.storage.getDirectory()).getFileHandle("kept.bin");
    const { uploads } = /** @type {any} */ (window);
    const upload = /** @type {any} */ (window).upload = uploads.add(await handle.getFile(), { handle });
    await new Promise((resolve) => uploads.on("change", () => /Another tab/.test(upload.note ?? "") && resolve(null)));
  });
  assert.equal(asked("PUT part 1"), 1);
  server.onPut = async () => undefined;
  await first.close();
  await second.evaluate(() => /** @type {any} */ (window).upload.finished());
  assert.deepEqual([asked("POST /start"), asked("PUT part 1"), server.uploads.size], [1, 1, 1]);
});

test("another person in the same browser does not see the upload", LIMIT, async () => {
  const path = join(folder, "private.txt");
  await writeFile(path, randomBytes(6 * MIB));
  const mine = await killedAt(path, 2);
  await mine.getByText(/not finished/).waitFor();
  server.token = "cp_pat_other";
  const theirs = await browser.page();
  await theirs.getByRole("button", { name: "Choose files" }).waitFor();
  assert.equal(await theirs.evaluate(() => document.querySelectorAll(".row").length), 0);
  await pickFromDisk(theirs, path);
  await theirs.getByText("In the drive", { exact: true }).waitFor();
  assert.equal(asked("POST /start"), 2, "and their file is a separate upload");
});
