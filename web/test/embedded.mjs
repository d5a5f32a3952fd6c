// Tests the kit in the pages of other teams, as `dray serve` serves it at /kit, in Chromium and against the real server.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { serveFiles } from "./own-server.mjs";
import { launch, serveDray } from "./real.mjs";

/** @type {import("./real.mjs").Drive} */
let drive;
/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("playwright-core").Page} */
let page;
/** The server of the other team's pages. @type {Awaited<ReturnType<typeof serveFiles>>} */
let own;

before(async () => {
  own = await serveFiles();
  [drive, browser] = await Promise.all([serveDray(), launch()]);
});
after(async () => {
  await browser?.close();
  await drive?.stop();
  own?.stop();
});
beforeEach(async () => {
  own.files.clear();
  page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(30_000);
});
afterEach(() => page.context().close());

/** A page of the other team. @param {string} body */
const put = (body) => own.files.set("/", { type: "text/html", body: `<!doctype html><html lang="en"><meta name="color-scheme" content="light dark"><script type="module" src="${drive.url}/kit/element.js"></script>${body}` });

const defined = () => page.evaluate(() => customElements.whenDefined("dray-upload").then(() => null));

/** Makes a folder. @param {string} name @returns {Promise<string>} its id */
async function folder(name) {
  const headers = { Authorization: `Bearer ${drive.token}`, "Content-Type": "application/json" };
  const answer = await fetch(`${drive.url}/public/v1/drive/folders`, { method: "POST", headers, body: JSON.stringify({ name }) });
  return (await answer.json()).id;
}

/** The names of the files in each element's list. */
const listed = () =>
  page.evaluate(() => [.../** @type {NodeListOf<any>} */ (document.querySelectorAll("dray-upload"))].map((element) => [...element.uploads.all].map(({ file }) => file.name)));

test("after a reload, a file continues in the element of its folder, and in no other on the page", async () => {
  const element = async (/** @type {string} */ id) => `<dray-upload id="${id}" parent-id="${await folder(id)}" url="${drive.url}" token="${drive.token}"></dray-upload>`;
  put(`${await element("passports")}${await element("photos")}<script>window.done = []; addEventListener("dray-done", ({ target, detail }) => done.push([target.id, detail.item.name]));</script>`);
  await page.goto(own.origin);
  await defined();
  // Its bytes are held until the page is left.
  let held = 0;
  await page.route(`${drive.url}/**`, async (route) => {
    if (route.request().method() !== "PUT") return route.continue();
    held += 1;
  });
  await page.evaluate(async () => {
    const handle = await (await navigator.storage.getDirectory()).getFileHandle("passport.pdf", { create: true });
    const writing = await handle.createWritable();
    await writing.write(new Uint8Array(6 << 20));
    await writing.close();
    /** @type {any} */ (document.querySelector("#passports")).add([{ file: await handle.getFile(), handle }]);
  });
  while (held === 0) await page.waitForTimeout(50);
  await page.unrouteAll({ behavior: "ignoreErrors" });
  page.on("dialog", (dialog) => dialog.accept());
  await page.reload();
  await defined();
  await page.waitForFunction(() => /** @type {any} */ (window).done.length > 0);
  assert.deepEqual(await listed(), [["passport.pdf"], []]);
  assert.deepEqual(await page.evaluate(() => /** @type {any} */ (window).done), [["passports", "passport.pdf"]]);
});

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  test(`what went wrong is easy to read in a ${colorScheme} page (WCAG 2.2, 1.4.3)`, async () => {
    put(`<dray-upload url="${drive.url}" token="${drive.token}"></dray-upload><i id="paper" style="color: Canvas"></i>`);
    await page.emulateMedia({ colorScheme });
    await page.goto(own.origin);
    await defined();
    // The drive refuses this name.
    await page.evaluate(() => /** @type {any} */ (document.querySelector("dray-upload")).add([new File(["x"], "..")]));
    const note = page.locator("dray-upload [part=note]");
    await note.filter({ hasText: /./ }).waitFor();
    const colors = [note, page.locator("#paper")].map((one) => one.evaluate((node) => getComputedStyle(node).color));
    const [dark, light] = (await Promise.all(colors)).map(luminance).sort((a, b) => a - b);
    const contrast = (Number(light) + 0.05) / (Number(dark) + 0.05);
    assert.ok(contrast >= 4.5, `the contrast is ${contrast.toFixed(2)}: 1`);
  });
}

/** The relative luminance of `rgb(…)`, as WCAG 2.2 defines it. @param {string} color */
function luminance(color) {
  const [red = 0, green = 0, blue = 0] = (color.match(/[\d.]+/g) ?? []).map(Number).map((level) => {
    const part = level / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

test("in a service worker, an upload whose token ended continues with another token", async () => {
  put("");
  own.files.set("/worker.js", { type: "text/javascript", body: `
    import { createUploads, fromBlob } from "${drive.url}/kit/upload.js";
    self.addEventListener("install", () => self.skipWaiting());
    self.addEventListener("activate", (event) => event.waitUntil(clients.claim()));
    let token = "ended";
    const uploads = createUploads({ url: "${drive.url}", token: () => token });
    const ended = (upload) => upload.finished().then(() => "done", () => "failed");
    async function send(event) {
      const upload = uploads.add(fromBlob(new Blob(["from a worker"]), "worker.txt"));
      const first = await ended(upload);
      token = "${drive.token}";
      uploads.resume(upload);
      event.source.postMessage([first, await ended(upload)]);
    }
    self.addEventListener("message", (event) => event.waitUntil(send(event)));` });
  await page.goto(own.origin);
  const told = await page.evaluate(async () => {
    const { serviceWorker } = navigator;
    const claimed = new Promise((done) => serviceWorker.addEventListener("controllerchange", done));
    await serviceWorker.register("/worker.js", { type: "module" });
    if (!serviceWorker.controller) await claimed;
    const answer = new Promise((done) => serviceWorker.addEventListener("message", ({ data }) => done(data)));
    serviceWorker.startMessages();
    serviceWorker.controller?.postMessage("go");
    return answer;
  });
  assert.deepEqual(told, ["failed", "done"]);
});
