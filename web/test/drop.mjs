// Tests what <dray-upload> and the engine take of a drop, from the sources, in Chromium and against the stand-in.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { build } from "esbuild";
import { conditions, plugin } from "../bundling.mjs";
import { serveFiles } from "./own-server.mjs";
import { launch } from "./real.mjs";
import { StandIn } from "./stand-in.mjs";

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("playwright-core").Page} */
let page;
/** @type {StandIn} */
let server;
/** The server of the page under test. @type {Awaited<ReturnType<typeof serveFiles>>} */
let own;

before(async () => {
  own = await serveFiles();
  const packages = fileURLToPath(new URL("../packages/", import.meta.url));
  const entryPoints = { element: `${packages}element/src/index.ts`, upload: `${packages}upload/src/index.ts` };
  const built = await build({ entryPoints, bundle: true, splitting: true, outdir: "/", write: false, format: "esm", plugins: [plugin], conditions });
  for (const { path, text } of built.outputFiles) own.files.set(path, { type: "text/javascript", body: text });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  own?.stop();
});
beforeEach(async () => {
  server = await new StandIn().start();
  page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(30_000);
});
afterEach(async () => {
  await page.context().close();
  await server.stop();
});

/** Opens a page with this in its body. @param {string} body */
async function open(body) {
  own.files.set("/page", { type: "text/html", body: `<!doctype html><meta charset="utf-8"><meta name="color-scheme" content="light dark"><script type="module" src="/element.js"></script>${body}` });
  await page.goto(`${own.origin}/page`);
  await page.evaluate(() => customElements.whenDefined("dray-upload").then(() => null));
}

const at = () => `url="${server.apiUrl}" token="${server.token}"`;

/** Drops files, by name and type. @param {[string, string][]} dropped */
const drop = (dropped) =>
  page.evaluate((all) => {
    const dataTransfer = new DataTransfer();
    for (const [name, type] of all) dataTransfer.items.add(new File([name], name, { type }));
    const area = document.querySelector("dray-upload")?.shadowRoot?.querySelector(".drop");
    area?.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
  }, dropped);

for (const { rules, taken, said } of [
  { rules: 'accept="image/*, .PDF"', taken: ["a.png", "b.pdf", "e.JPG"], said: "Not added: c.txt, d.exe." },
  { rules: 'accept="text/plain"', taken: ["c.txt"], said: "Not added: a.png, b.pdf, d.exe and 1 more." },
  { rules: 'single accept="image/*"', taken: ["a.png"], said: "Not added: b.pdf, c.txt, d.exe and 1 more." },
  { rules: "single", taken: ["a.png"], said: "Not added: b.pdf, c.txt, d.exe and 1 more." },
  { rules: "", taken: ["a.png", "b.pdf", "c.txt", "d.exe", "e.JPG"], said: null },
]) {
  test(`an element with "${rules}" takes of a drop what it says, and says what it leaves out`, async () => {
    await open(`<dray-upload ${rules} ${at()}></dray-upload>`);
    server.onApi = async (route) => (route === "/start" ? new Promise(() => {}) : undefined);
    await drop([["a.png", "image/png"], ["b.pdf", ""], ["c.txt", "text/plain;charset=utf-8"], ["d.exe", "application/x-msdownload"], ["e.JPG", "IMAGE/jpeg"]]);
    await page.locator("dray-upload [part=row]").first().waitFor();
    const names = await page.evaluate(() => [.../** @type {any} */ (document.querySelector("dray-upload")).uploads.all].map(({ file }) => file.name));
    assert.deepEqual(names, taken);
    const news = page.locator("dray-upload [aria-live]");
    assert.deepEqual([await news.textContent(), (await news.boundingBox())?.width !== 1], said ? [said, true] : ["", false], "everybody can see it");
  });
}

test("all files of a dropped folder are in the list, however deep they are", async () => {
  await open("");
  const counts = await page.evaluate(async () => {
    const { droppedIn } = await import(/** @type {any} */ ("/upload.js"));
    const top = await (await navigator.storage.getDirectory()).getDirectoryHandle("top", { create: true });
    let folder = top;
    for (let depth = 0; depth < 110; depth++) {
      folder = await folder.getDirectoryHandle("d", { create: true });
      await (await (await folder.getFileHandle(`f${depth}`, { create: true })).createWritable()).close();
    }
    const picked = await droppedIn({ items: [{ kind: "file", getAsFile: () => null, getAsFileSystemHandle: async () => top }] });
    const last = picked.at(-1);
    return [picked.length, last.file.name, last.path.length, last.path[0], last.handle.name];
  });
  assert.deepEqual(counts, [110, "f109", 111, "top", "f109"]);
});
