// Uploads from Chromium, timed: many small files by the drive's page, or one large file by the kit and by a bare page.
//   node pages.mjs many FOLDER COUNT [COUNT …]    files a second, as JSON, for that many files of the folder picked at once
//   node pages.mjs bare FOLDER COUNT              the same for a page that only PUTs the files: the most that Chromium can do
//   node pages.mjs large FILE ROUNDS              bytes a second, as JSON, by the kit and by a page that only PUTs the same slices
// DRAY_URL and DRAY_TOKEN name the drive.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { launch } from "../web/test/real.mjs";

const [mode, source = "", ...numbers] = process.argv.slice(2);
const { DRAY_URL: url = "", DRAY_TOKEN: token = "" } = process.env;
const LIMIT_MS = 20 * 60_000;
/** As the kit: small files that are sent at once, and files of a batch. */
const AT_ONCE = 16;
const A_BATCH = 200;

/** A tab with the drive's page, signed in. @param {import("playwright-core").Browser} browser @param {import("playwright-core").BrowserContextOptions} [options] */
async function open(browser, options) {
  const page = await (await browser.newContext(options)).newPage();
  page.setDefaultTimeout(LIMIT_MS);
  await page.goto(url);
  await page.getByLabel("Access token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Choose files" }).waitFor();
  return page;
}

/** Files a second until the page says that all are in the drive. @param {import("playwright-core").Browser} browser @param {string[]} paths */
async function many(browser, paths) {
  const page = await open(browser);
  await page.evaluate(() => {
    const input = /** @type {HTMLInputElement} */ (document.getElementById("files"));
    input.addEventListener("change", () => Object.assign(window, { begun: performance.now() }), { capture: true });
    new MutationObserver(() => {
      if (/all in the drive$/.test(document.getElementById("tally")?.textContent ?? "")) Object.assign(window, { ended: performance.now() });
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  await page.locator("#files").setInputFiles(paths);
  await page.waitForFunction(() => "ended" in window);
  const ms = await page.evaluate(() => /** @type {any} */ (window).ended - /** @type {any} */ (window).begun);
  await page.context().close();
  return (paths.length * 1_000) / ms;
}

/**
 * Files a second of a page that does nothing but PUT, as many at once as the kit. What comes before and after is not in the time.
 * @param {import("playwright-core").Browser} browser @param {string[]} paths
 */
async function bare(browser, paths) {
  const page = await open(browser);
  await page.evaluate(() => document.body.insertAdjacentHTML("beforeend", '<input id="many" type="file" multiple>'));
  await page.locator("#many").setInputFiles(paths);
  const ms = await page.evaluate(async ({ url, token, atOnce, aBatch }) => {
    const files = [...(/** @type {HTMLInputElement} */ (document.getElementById("many")).files ?? [])];
    const ask = async (/** @type {string} */ step, /** @type {object} */ body) => {
      const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
      const answer = await fetch(`${url}/public/v1/drive/files/upload/batch/${step}`, { method: "POST", headers, body: JSON.stringify(body) });
      return (await answer.json()).files;
    };
    let ms = 0;
    for (let first = 0; first < files.length; first += aBatch) {
      const batch = files.slice(first, first + aBatch);
      const wanted = batch.map(({ name, size }) => ({ path: name, fileSize: size, mimeType: "application/octet-stream" }));
      const started = (await ask("start", { files: wanted })).map((/** @type {any} */ file) => file.upload);
      const begun = performance.now();
      let next = 0;
      const work = async () => {
        for (let at = next++; at < batch.length; at = next++) {
          const { url, headers } = started[at];
          const { ok, status } = await fetch(url, { method: "PUT", headers, body: batch[at] });
          if (!ok) throw new Error(`the store answered ${status}`);
        }
      };
      await Promise.all(Array.from({ length: atOnce }, work));
      ms += performance.now() - begun;
      const ended = await ask("finalize", { files: started.map((/** @type {any} */ { uploadId, fileKey }) => ({ uploadId, fileKey })) });
      if (!ended.every((/** @type {any} */ file) => file.item)) throw new Error("a file was not finalized");
    }
    return ms;
  }, { url, token, atOnce: AT_ONCE, aBatch: A_BATCH });
  await page.context().close();
  return (paths.length * 1_000) / ms;
}

/** Bytes a second of one file, by each way. @param {import("playwright-core").Browser} browser @param {string} path @param {boolean} isKitFirst */
async function large(browser, path, isKitFirst) {
  // The page's policy allows only its own scripts, and this one imports the kit.
  const page = await open(browser, { bypassCSP: true });
  await page.evaluate(() => document.body.insertAdjacentHTML("beforeend", '<input id="large" type="file">'));
  await page.locator("#large").setInputFiles(path);
  const rates = await page.evaluate(async ({ url, token, isKitFirst }) => {
    const file = /** @type {File} */ (/** @type {HTMLInputElement} */ (document.getElementById("large")).files?.[0]);
    const rateOf = async (/** @type {() => Promise<unknown>} */ work) => {
      const begun = performance.now();
      await work();
      return (file.size * 1_000) / (performance.now() - begun);
    };
    const kit = await import(/** @type {any} */ ("/kit/upload.js"));
    const ask = async (/** @type {string} */ step, /** @type {object} */ body) => {
      const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
      const answer = await fetch(`${url}/public/v1/drive/files/upload/multipart/${step}`, { method: "POST", headers, body: JSON.stringify(body) });
      return answer.json();
    };
    const put = (/** @type {string} */ to, /** @type {Blob} */ slice) =>
      new Promise((/** @type {(tag: string | null) => void} */ resolve, reject) => {
        const xhr = new XMLHttpRequest();
        xhr.onload = () => resolve(xhr.getResponseHeader("ETag"));
        xhr.onerror = reject;
        xhr.open("PUT", to);
        xhr.send(slice);
      });
    const bare = async () => {
      const { uploadId, fileKey, partSize, parts } = await ask("start", { fileName: "bare", fileSize: file.size, mimeType: "a/b" });
      const signed = await ask("presigned-urls", { uploadId, fileKey, parts });
      const listed = /** @type {object[]} */ ([]);
      let next = 0;
      const work = async () => {
        for (let at = next++; at < parts; at = next++) {
          const eTag = await put(signed.urls[at], file.slice(at * partSize, (at + 1) * partSize));
          listed.push({ partNumber: at + 1, eTag });
        }
      };
      await Promise.all([work(), work(), work(), work()]);
      await ask("finalize", { uploadId, fileKey, parts: listed });
    };
    const byKit = () => kit.createUploads({ url, token, owner: null }).add(file).finished();
    const first = await rateOf(isKitFirst ? byKit : bare);
    const second = await rateOf(isKitFirst ? bare : byKit);
    return isKitFirst ? { kit: first, bare: second } : { kit: second, bare: first };
  }, { url, token, isKitFirst });
  await page.context().close();
  return rates;
}

const browser = await launch();
try {
  if (mode === "many" || mode === "bare") {
    const names = (await readdir(source, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    const paths = names.map((entry) => join(entry.parentPath ?? entry.path, entry.name)).sort();
    const rates = [];
    for (const count of numbers.map(Number)) rates.push(await (mode === "many" ? many : bare)(browser, paths.slice(0, count)));
    console.log(JSON.stringify(rates));
  } else {
    const rates = [];
    for (let round = 0; round < Number(numbers[0] ?? 1); round++) rates.push(await large(browser, source, round % 2 === 0));
    console.log(JSON.stringify(rates));
  }
} finally {
  await browser.close();
}
