// Tests the kit's packages with the real `dray serve`: their examples run unchanged, except for the drive's address and token.
// Pages come from another origin than the drive, as a user's own pages do. real.mjs finds the programs.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { conditions, plugin } from "../bundling.mjs";
import { SCHEMA, schemaOf } from "../packages/client/generate.mjs";
import { launch, serveDray } from "./real.mjs";

const packages = new URL("../packages/", import.meta.url);

/** @type {import("./real.mjs").Drive} */
let dray;
/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("playwright-core").Page} */
let page;
/** @type {string} */
let folder;
/** The answers of the user's own server, by path. @type {Map<string, { type: string, body: string }>} */
const served = new Map();
const own = createServer((request, answer) => {
  const file = served.get(request.url ?? "/");
  if (!file) return void answer.writeHead(404).end();
  answer.writeHead(200, { "Content-Type": file.type }).end(file.body);
});
/** @type {string} */
let origin;
/** What the browser complained about. @type {string[]} */
let complaints;

before(async () => {
  dray = await serveDray();
  browser = await launch();
  own.listen(0, "127.0.0.1");
  await once(own, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (own.address());
  origin = `http://127.0.0.1:${port}`;
  // Below web/, because packages are resolved from there.
  const cache = fileURLToPath(new URL("../node_modules/.cache/", import.meta.url));
  await mkdir(cache, { recursive: true });
  folder = await mkdtemp(join(cache, "kit-"));
});
after(async () => {
  await browser?.close();
  own.closeAllConnections();
  own.close();
  await dray?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  const context = await browser.newContext();
  page = await context.newPage();
  page.setDefaultTimeout(30_000);
  complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !/favicon|Failed to load resource/.test(message.text())) complaints.push(message.text());
  });
});
afterEach(() => page.context().close());

/** The text of an example, with this drive's address and token. @param {string} path */
async function example(path) {
  const text = await readFile(new URL(path, packages), "utf8");
  return text.replaceAll("https://drive.example.com", dray.url).replaceAll("cp_pat_…", dray.token);
}

/** Runs an example in Node; returns what it prints. @param {string} path @param {string[]} args */
async function runInNode(path, ...args) {
  const script = join(folder, path.replaceAll("/", "-"));
  const { outputFiles } = await bundled(await example(path), { platform: "node", target: "node20" });
  await writeFile(script, outputFiles?.[0]?.text ?? "");
  const child = spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (said += text));
  assert.deepEqual((await once(child, "exit"))[0], 0, said);
  return said;
}

/** @param {string} contents @param {import("esbuild").BuildOptions} options */
const bundled = (contents, options) =>
  build({
    stdin: { contents, resolveDir: fileURLToPath(new URL("..", import.meta.url)), loader: "tsx" },
    bundle: true,
    write: false,
    format: "esm",
    jsx: "automatic",
    plugins: [plugin],
    conditions,
    define: { "process.env.NODE_ENV": '"production"' },
    ...options,
  });

/** Opens a page on the user's server with this HTML, and this script if there is one. @param {string} html @param {string} [script] */
async function open(html, script) {
  served.set("/", { type: "text/html; charset=utf-8", body: html });
  if (script !== undefined) served.set("/app.js", { type: "text/javascript", body: script });
  await page.goto(origin);
}

/** @param {string} name @param {Buffer} buffer */
const file = (name, buffer) => ({ name, mimeType: "application/octet-stream", buffer });

/** The bytes that the drive has under this name. @param {string} name */
async function inDrive(name) {
  /** @param {string} path */
  const ask = async (path) => (await fetch(`${dray.url}/public/v1${path}`, { headers: { authorization: `Bearer ${dray.token}` } })).json();
  const { hits } = await ask(`/drive/search?q=${encodeURIComponent(name)}`);
  const found = hits.find((/** @type {{ name: string }} */ item) => item.name === name);
  assert.ok(found, `${name} is in the drive`);
  const { url } = await ask(`/drive/files/${found.id}/download`);
  return Buffer.from(await (await fetch(url)).arrayBuffer());
}

/** @param {Buffer} bytes */
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

test("the client's types are those of the drive's OpenAPI document", async () => {
  const committed = await readFile(SCHEMA, "utf8");
  assert.ok(committed === (await schemaOf(dray.url)), "run `npm run generate:client` in web/");
});

test("client: the example creates, lists and removes a folder, and reads an error", async () => {
  assert.equal(await runInNode("client/examples/node.mjs"), "Invoices\n404 not_found\n");
});

test("upload: the example uploads a large and an empty file in Node", async () => {
  const files = await mkdtemp(join(tmpdir(), "dray-kit-"));
  for (const [name, bytes] of /** @type {[string, Buffer][]} */ ([["large.bin", randomBytes(21 * 1024 * 1024)], ["empty.bin", Buffer.alloc(0)]])) {
    await writeFile(join(files, name), bytes);
    assert.match(await runInNode("upload/examples/node.mjs", join(files, name)), /^[0-9a-f]{24}\n$/);
    assert.equal(sha256(await inDrive(name)), sha256(bytes));
  }
  await rm(files, { recursive: true });
});

test("upload: a page of another origin uploads files without a bundler, with the build that the drive serves", async () => {
  await open(await example("upload/examples/page.html"));
  const bytes = randomBytes(70_000);
  await page.locator("#files").setInputFiles([file("plain.bin", bytes), file("second.bin", bytes)]);
  await page.getByText(/second\.bin is [0-9a-f]{24}/).waitFor();
  await page.getByText(/plain\.bin is [0-9a-f]{24}/).waitFor();
  assert.ok((await inDrive("plain.bin")).equals(bytes));
  assert.deepEqual(complaints, []);
});

test("upload: a page of another origin sends small files in pipelines; a cut connection and a cancelled file cost no other file", async () => {
  await open(await example("upload/examples/page.html"));
  /** @type {string[]} */
  const sent = [];
  page.on("request", (request) => {
    if (new URL(request.url()).pathname.startsWith("/dray")) sent.push(request.url().includes("dray-pipeline") ? `${request.method()} pipeline` : request.method());
  });
  const bytes = Array.from({ length: 40 }, (_, at) => randomBytes(at * 997));
  const named = (/** @type {string} */ name) => bytes.map((buffer, at) => file(`${name} ${at}.bin`, buffer));
  await page.locator("#files").setInputFiles(named("piped"));
  for (const at of [0, 39]) await page.getByText(new RegExp(`piped ${at}\\.bin is [0-9a-f]{24}`)).waitFor();
  for (const at of [0, 1, 39]) assert.ok((await inDrive(`piped ${at}.bin`)).equals(bytes[at] ?? Buffer.alloc(0)));
  assert.deepEqual(sent.filter((method) => method !== "OPTIONS"), ["POST pipeline"]);
  assert.deepEqual(complaints, []);

  let cuts = 0;
  await page.route(/dray-pipeline/, (route) => (route.request().method() === "POST" && cuts++ === 0 ? route.abort("connectionreset") : route.continue()));
  await page.locator("#files").setInputFiles(named("cut"));
  for (const at of [0, 39]) await page.getByText(new RegExp(`cut ${at}\\.bin is [0-9a-f]{24}`)).waitFor();
  assert.ok((await inDrive("cut 39.bin")).equals(bytes[39] ?? Buffer.alloc(0)));
  await page.unroute(/dray-pipeline/);

  /** @type {() => void} */
  let go = () => {};
  const held = new Promise((resolve) => {
    void page.route(/dray-pipeline/, async (route) => {
      if (route.request().method() !== "POST") return route.continue();
      go = () => void route.continue();
      resolve(null);
    });
  });
  const states = page.evaluate(async ([url, token]) => {
    const { createUploads } = await import(/** @type {any} */ (`${url}/kit/upload.js`));
    const uploads = createUploads({ url, token, owner: null });
    const all = uploads.addAll(Array.from({ length: 12 }, (_, at) => ({ file: new File([`${at}`], `held ${at}.txt`) })));
    Object.assign(window, { cancel: () => uploads.cancel(all[3]) });
    const outcomes = await Promise.allSettled(all.map((/** @type {any} */ upload) => upload.finished()));
    return outcomes.map(({ status }) => status);
  }, [dray.url, dray.token]);
  await held;
  await page.evaluate(() => /** @type {any} */ (window).cancel());
  go();
  assert.deepEqual(await states, Array.from({ length: 12 }, (_, at) => (at === 3 ? "rejected" : "fulfilled")));
  assert.equal((await inDrive("held 4.txt")).toString(), "4");
});

test("element: its example takes files by button and drop, announces what happens, and works with the keyboard", async () => {
  await open(await example("element/examples/page.html"));
  const bytes = randomBytes(50_000);
  await page.locator("dray-upload input").setInputFiles(file("by element.bin", bytes));
  await page.locator("output").getByText("by element.bin").waitFor();
  await page.getByRole("listitem").filter({ hasText: "by element.bin" }).getByText("Uploaded", { exact: true }).waitFor();
  assert.equal(await page.locator("dray-upload [aria-live]").textContent(), "by element.bin is uploaded.");
  assert.ok((await inDrive("by element.bin")).equals(bytes));
  await page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["dropped"], "dropped.txt"));
    const area = document.querySelector("dray-upload")?.shadowRoot?.querySelector(".drop");
    for (const type of ["dragover", "drop"]) area?.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
  });
  await page.locator("output").getByText("dropped.txt").waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.shadowRoot?.activeElement?.textContent), "Choose files");
  await page.getByRole("button", { name: "Clear by element.bin from the list" }).press("Enter");
  await page.getByRole("button", { name: "Clear dropped.txt from the list" }).waitFor();
  assert.equal(await page.getByRole("progressbar", { name: "by element.bin" }).count(), 0);
  assert.ok((await inDrive("by element.bin")).equals(bytes), "only the row is gone");
  assert.equal(await page.evaluate(() => document.querySelector("dray-upload")?.shadowRoot?.activeElement?.getAttribute("aria-label")), "Clear dropped.txt from the list");
  const border = await page.evaluate(() => getComputedStyle(/** @type {Element} */ (document.querySelector("dray-upload")?.shadowRoot?.querySelector(".drop"))).borderStyle);
  assert.equal(border, "solid", "a page styles its parts");
  assert.deepEqual(complaints, []);
});

test("element: it works under a policy without inline styles, WebAssembly and workers", async () => {
  const policy = `default-src 'none'; script-src ${dray.url}; connect-src ${dray.url}`;
  await open(`<meta http-equiv="Content-Security-Policy" content="${policy}"><script type="module" src="${dray.url}/kit/element.js"></script>
    <dray-upload url="${dray.url}" token="${dray.token}"></dray-upload>`);
  await page.locator("dray-upload input").setInputFiles(file("strict.bin", randomBytes(3_000_000)));
  await page.getByText("Uploaded", { exact: true }).waitFor();
  assert.ok((await inDrive("strict.bin")).length === 3_000_000);
});

test("element: properties that a page sets before the module is loaded count, and so do those that it sets later", async () => {
  await open(`<!doctype html><dray-upload url="${dray.url}"></dray-upload>`, (await bundled('import "@dray/element";', {})).outputFiles?.[0]?.text);
  const said = await page.evaluate(async (token) => {
    const early = /** @type {any} */ (document.querySelector("dray-upload"));
    Object.assign(early, { token: () => "cp_pat_ended", owner: () => "anna", texts: { choose: "Dateien wählen" } });
    await import(/** @type {any} */ ("/app.js"));
    const [upload] = early.add([new File(["x"], "early.txt")]);
    const why = await upload.finished().catch((/** @type {any} */ failure) => failure.kind);
    early.token = () => token;
    const { name } = await upload.finished();
    return [why, name, upload.owner, ...[".drop p", ".drop button"].map((part) => early.shadowRoot.querySelector(part).textContent)];
  }, dray.token);
  assert.deepEqual(said, ["signed-out", "early.txt", "anna", "Drop files here", "Dateien wählen"]);
  assert.deepEqual(complaints, []);
});

test("react: a component that is mounted again continues what the one before had begun", async () => {
  const script = `
    import { createElement } from "react";
    import { createRoot } from "react-dom/client";
    import { useDrayUpload } from "@dray/react";
    const options = { url: ${JSON.stringify(dray.url)}, token: ${JSON.stringify(dray.token)} };
    window.of = [];
    function Sender({ put }) {
      const { uploads } = useDrayUpload(put ? { ...options, put } : options);
      if (!window.of.includes(uploads)) window.of.push(uploads);
      return null;
    }
    const root = createRoot(document.getElementById("app"));
    window.mount = (put) => root.render(createElement(Sender, { put, key: String(window.of.length) }));
    window.unmount = () => root.render(null);`;
  await open(`<!doctype html><div id="app"></div><script type="module" src="/app.js"></script>`, (await bundled(script, {})).outputFiles?.[0]?.text);
  await page.waitForFunction(() => "mount" in window);
  const ended = await page.evaluate(async () => {
    const { of, mount, unmount } = /** @type {any} */ (window);
    const file = () => new File([new Uint8Array(100_000)], "mounted again.bin", { lastModified: 1e12 });
    const until = (/** @type {() => boolean} */ is) => new Promise((resolve) => setInterval(() => is() && resolve(null), 10));
    mount(() => new Promise(() => {}));
    await until(() => of.length === 1);
    const before = of[0].add(file());
    await until(() => before.session !== null);
    unmount();
    await until(() => before.run === null);
    mount();
    await until(() => of.length === 2);
    await of[1].restore();
    const [found] = of[1].all;
    const after = of[1].add(file());
    await after.finished();
    return [found === after, before.state, after.session.uploadId === before.session.uploadId];
  });
  assert.deepEqual(ended, [true, "queued", true]);
  assert.deepEqual(complaints, []);
});

test("react: its example uploads files and shows their progress", async () => {
  const script = (await bundled(await example("react/examples/app.tsx"), {})).outputFiles?.[0]?.text;
  await open(`<!doctype html><div id="app"></div><script type="module" src="/app.js"></script>`, script);
  await page.getByRole("button", { name: "Choose files" }).waitFor();
  const bytes = randomBytes(60_000);
  await page.locator("input").setInputFiles([file("by hook.bin", bytes), file("another.bin", bytes)]);
  await page.getByText("by hook.bin: done").waitFor();
  await page.getByText("another.bin: done").waitFor();
  assert.ok((await inDrive("by hook.bin")).equals(bytes));
  assert.deepEqual(complaints, []);
});

for (const version of [4, 5, 6]) {
  test(`uppy ${version}: its example needs no more than another \`use\``, async () => {
    const text = (await example("uppy/examples/page.mjs")).replace('"@uppy/core"', `"uppy-core-${version}"`);
    const script = (await bundled(`${text}\nwindow.uppy = uppy;`, {})).outputFiles?.[0]?.text;
    await open(`<!doctype html><input type="file" multiple><output></output><script type="module" src="/app.js"></script>`, script);
    const bytes = randomBytes(80_000);
    const name = `uppy ${version}.bin`;
    await page.locator("input").setInputFiles([file(name, bytes), file(`too ${version}.txt`, Buffer.alloc(0))]);
    await page.getByText("2 uploaded, 0 failed").waitFor();
    assert.ok((await inDrive(name)).equals(bytes));
    // Uppy updates the total progress only now and then.
    await page.waitForFunction(() => /** @type {any} */ (window).uppy.getState().totalProgress === 100);
    await page.evaluate(() => /** @type {any} */ (window).uppy.addFile({ name: "gone.bin", data: new Blob([new Uint8Array(30_000_000)]) }));
    const left = await page.evaluate(async () => {
      const { uppy } = /** @type {any} */ (window);
      const ending = uppy.upload();
      await new Promise((resolve) => uppy.once("upload-progress", resolve));
      uppy.cancelAll();
      await ending;
      return [...uppy.getPlugin("DrayUploader").uploads.all].map((/** @type {any} */ upload) => upload.state);
    });
    assert.deepEqual(left.filter((/** @type {string} */ state) => state !== "done"), [], "cancelled uploads are aborted");
    assert.deepEqual(complaints, []);
  });
}

test("upload: the example uploads a folder in Node", async () => {
  const files = await mkdtemp(join(tmpdir(), "dray-kit-folder-"));
  await mkdir(join(files, "below"));
  const names = Array.from({ length: 30 }, (_, index) => `of-a-folder-${index}.txt`);
  for (const name of names) await writeFile(join(files, name.includes("2") ? "below" : "", name), name);
  assert.equal(await runInNode("upload/examples/folder.mjs", files), "30 of 30 files\n");
  for (const name of names) assert.equal(String(await inDrive(name)), name);
  await rm(files, { recursive: true });
});

test("the published packages run in Node as they are, and their types need no bundler", async () => {
  const root = fileURLToPath(new URL("..", import.meta.url));
  /** @param {string[]} args */
  const node = (...args) => spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  const built = node("packages.mjs");
  assert.equal(built.status, 0, built.stdout + built.stderr);
  const ran = node("--input-type=module", "-e", `import { createUploads } from "@dray/upload"; import { filesIn } from "@dray/upload/node"; import { createClient } from "@dray/client"; console.log(typeof createUploads, (await filesIn("packages/upload/src")).length > 9, typeof createClient);`);
  assert.equal(ran.stdout, "function true function\n", ran.stderr);
  const consumer = join(folder, "consumer.ts");
  await writeFile(
    consumer,
    `import { createUploads, type Item } from "@dray/upload"; import { filesIn } from "@dray/upload/node"; import { createClient } from "@dray/client"; import DrayUploader from "@dray/uppy"; import { Dropzone } from "@dray/react"; import Uppy from "uppy-core-6"; import "@dray/element";
export const item: Promise<Item> = createUploads({ url: "", token: "" }).add(new File([], "a")).finished();
export const name: Promise<string> = createClient({ url: "", token: "" }).getItem({ path: { id: "1" } }).then((found) => found.name);
// @ts-expect-error a path without its id
void createClient({ url: "", token: "" }).getItem({});
void filesIn("folder").then((files) => createUploads({ url: "", token: "" }).addAll(files));
new Uppy().use(DrayUploader, { url: "", token: "" });
document.createElement("dray-upload").uploads.pause; Dropzone;`,
  );
  const checked = node("node_modules/typescript/bin/tsc", "--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2022", "--lib", "es2022,dom,dom.iterable", consumer);
  assert.equal(checked.status, 0, checked.stdout);
});

test("each README shows the examples that these tests run", async () => {
  for (const name of await readdir(packages)) {
    const readme = await readFile(new URL(`${name}/README.md`, packages), "utf8");
    for (const shown of await readdir(new URL(`${name}/examples/`, packages))) {
      const text = await readFile(new URL(`${name}/examples/${shown}`, packages), "utf8");
      assert.ok(readme.includes(text.trim()), `${name}/README.md lacks examples/${shown}`);
    }
  }
});
