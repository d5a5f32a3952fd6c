// Tests the page in a real browser, with the real `dray serve`, and with a stand-in that fails as a test wants.
// real.mjs finds both programs.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { freePort, launch, serveDray, startDray, target } from "./real.mjs";
import { s3Error, StandIn } from "./stand-in.mjs";

const MIB = 1024 * 1024;
const shots = join(target, "web-screenshots");

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("playwright-core").BrowserContext} */
let context;
/** @type {import("playwright-core").Page} */
let page;
/** The errors that the browser logged. @type {string[]} */
let complaints;
/** @type {StandIn} */
let server;
/** @type {{ url: string, token: string, stop: () => Promise<void> }} */
let dray;

before(async () => {
  await mkdir(shots, { recursive: true });
  browser = await launch();
  dray = await serveDray();
});
after(async () => {
  await dray?.stop();
  await browser?.close();
});
beforeEach(async () => {
  server = await new StandIn().start();
  server.partSize = 5 * MIB;
  await openContext({});
});
afterEach(async () => {
  await context.close();
  await server.stop();
});

/** @param {import("playwright-core").BrowserContextOptions} options */
async function openContext(options) {
  await context?.close();
  context = await browser.newContext({ viewport: { width: 1100, height: 860 }, acceptDownloads: true, ...options });
  page = await context.newPage();
  page.setDefaultTimeout(15_000);
  complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    // The browser itself logs each refused request. Any other error fails the test, above all violations of the CSP.
    if (message.type() === "error" && !/Failed to load resource|CORS policy/.test(message.text())) complaints.push(message.text());
  });
}

/** @param {string} url @param {string} token */
async function signIn(url, token) {
  await page.goto(url);
  await page.getByLabel("Access token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
}

async function signInToStandIn() {
  await signIn(server.apiUrl, server.token);
  await page.getByText("Harbour & Sons", { exact: true }).waitFor();
}

/** @param {{ name: string, buffer: Buffer }[]} files */
const pick = (...files) => page.locator("#files").setInputFiles(files.map((file) => ({ mimeType: "application/octet-stream", ...file })));

/** @param {string} name */
const row = (name) => page.locator(".row").filter({ hasText: name });

/** Limits uploads to `mibPerSecond`, so that progress can be seen. @param {number} mibPerSecond */
async function throttle(mibPerSecond) {
  const network = await context.newCDPSession(page);
  await network.send("Network.enable");
  const uploadThroughput = mibPerSecond * MIB;
  await network.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput });
}

/** @param {string} name */
const shot = (name) => page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });

/** @param {Buffer} bytes */
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** Clicks Download; returns the file's name and bytes. @param {string} name */
async function download(name) {
  // A file of another origin is downloaded in a new tab.
  const downloads = new Promise((resolve) => {
    context.on("page", (tab) => tab.on("download", resolve));
    page.on("download", resolve);
  });
  await page.getByRole("button", { name: `Download ${name}` }).click();
  const file = /** @type {import("playwright-core").Download} */ (await downloads);
  return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) };
}

test("dray serve: a wrong token is reported, a right one opens the drive and is kept in this tab", async () => {
  await signIn(dray.url, "cp_pat_wrong");
  await page.locator("#token-error").getByText(/token/i).waitFor();
  await shot("gate-wrong-token");
  await page.getByLabel("Access token").fill(dray.token);
  await page.getByLabel("Access token").press("Enter");
  await page.getByRole("button", { name: "Choose files" }).waitFor();
  assert.notEqual(await page.locator("#workspace").textContent(), "");
  await page.reload();
  await page.getByRole("button", { name: "Choose files" }).waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.reload();
  await page.getByLabel("Access token").waitFor();
  assert.deepEqual(complaints, []);
});

test("dray serve: a large and an empty file are uploaded with progress, and downloaded unchanged", async () => {
  await signIn(dray.url, dray.token);
  await page.getByRole("button", { name: "Choose files" }).waitFor();
  await page.evaluate(() => {
    const seen = (/** @type {any} */ (window).seen = new Set());
    new MutationObserver(() => {
      for (const bar of document.querySelectorAll("[role=progressbar]")) seen.add(Number(bar.getAttribute("aria-valuenow")));
    }).observe(document.body, { subtree: true, attributes: true, attributeFilter: ["aria-valuenow"] });
  });
  await throttle(12);
  const large = randomBytes(40 * MIB);
  const folder = await mkdtemp(join(tmpdir(), "dray-web-"));
  const [largeFile, emptyFile] = [join(folder, "harbour survey.tif"), join(folder, "empty.txt")];
  await writeFile(largeFile, large);
  await writeFile(emptyFile, "");
  await page.locator("#files").setInputFiles([largeFile, emptyFile]);
  await row("harbour survey.tif").getByText(/MiB\/s · \d+\ss left/).waitFor();
  await shot("uploading");
  await row("harbour survey.tif").getByText("In the drive").waitFor();
  await row("empty.txt").getByText("In the drive").waitFor();
  const seen = await page.evaluate(() => [.../** @type {any} */ (window).seen]);
  assert.ok(seen.filter((value) => value > 0 && value < 100).length > 3, `progress in between: ${seen}`);
  await shot("uploaded");

  const back = await download("harbour survey.tif");
  assert.deepEqual([back.name, sha256(back.bytes)], ["harbour survey.tif", sha256(large)]);
  const empty = await download("empty.txt");
  assert.deepEqual([empty.name, empty.bytes.length], ["empty.txt", 0]);
  assert.deepEqual(complaints, []);
  await rm(folder, { recursive: true });
});

/** A signed URL of a file that the user uploads through the page. @param {{ url: string, token: string }} drive @param {string} name */
async function uploadedUrl(drive, name) {
  await pick({ name, buffer: Buffer.from("document.title = 'taken over'") });
  await row(name).getByText("In the drive").waitFor();
  /** @param {string} path */
  const ask = async (path) => (await fetch(`${drive.url}/public/v1${path}`, { headers: { authorization: `Bearer ${drive.token}` } })).json();
  const { root } = await ask("/drive/tree?depth=1");
  const { id } = root.find((/** @type {{ name: string }} */ item) => item.name === name);
  return (await ask(`/drive/files/${id}/download`)).url;
}

/** Loads this URL as a script in the page; returns what happened. @param {string} url */
const runScript = (url) =>
  page.evaluate((src) => new Promise((resolve) => {
    const script = Object.assign(document.createElement("script"), { src, onload: () => resolve("ran"), onerror: () => resolve("refused") });
    document.head.append(script);
  }), url);

test("dray serve: a user's file cannot run as a script of the page", async () => {
  await signIn(dray.url, dray.token);
  const url = await uploadedUrl(dray, "evil.js");
  assert.equal(new URL(url).origin, new URL(dray.url).origin, "it has the same origin, so only the policy blocks it");
  assert.equal(await runScript(url), "refused");
  assert.notEqual(await page.title(), "taken over");
});

test("dray serve: parts and downloads can have a separate origin", async () => {
  const port = await freePort();
  const apart = await startDray("--listen", `127.0.0.1:${port}`, "--bytes-url", `http://localhost:${port}`);
  try {
    await signIn(apart.url, apart.token);
    const url = await uploadedUrl(apart, "apart.js");
    assert.equal(new URL(url).origin, `http://localhost:${port}`);
    assert.equal(await (await fetch(url)).text(), "document.title = 'taken over'");
    const page = await fetch(`http://localhost:${port}/`);
    assert.equal(page.headers.get("content-type"), "application/xml", "the address for bytes has no page");
    assert.deepEqual(complaints, []);
  } finally {
    await apart.stop();
  }
});

test("dray serve: the reference page loads everything from the server, and can send requests to it", async () => {
  await openContext({ colorScheme: "dark" });
  /** @type {string[]} */
  const foreign = [];
  page.on("request", (request) => new URL(request.url()).origin !== new URL(dray.url).origin && foreign.push(request.url()));
  await page.goto(`${dray.url}/docs`);
  await page.getByText("Find items by their names").waitFor();
  await shot("docs-dark");
  await page.emulateMedia({ colorScheme: "light" });
  await page.getByRole("button", { name: "Authorize" }).click();
  // The other form is for the password of a link.
  const bearer = page.locator("form").filter({ hasText: "(http, Bearer)" });
  await bearer.getByLabel("Value").fill(dray.token);
  await bearer.getByRole("button", { name: "Apply credentials" }).click();
  // Routes have buttons, too, with whatever their summaries say.
  await page.locator(".modal-ux").getByRole("button", { name: "Close" }).last().click();
  const route = page.locator("#operations-Workspace-getWorkspace");
  await route.getByText("Get the workspace").click();
  await route.getByText("missing_scope").first().waitFor();
  await route.getByRole("button", { name: "Try it out" }).click();
  await route.getByRole("button", { name: "Execute" }).click();
  await route.locator(".live-responses-table").getByText('"slug"').waitFor();
  await shot("docs");
  assert.deepEqual([foreign, complaints], [[], []]);
});

test("a message names CORS if it hides an ETag", async () => {
  server.cors.expose = false;
  await signInToStandIn();
  await pick({ name: "hidden.bin", buffer: randomBytes(100) });
  await row("hidden.bin").getByText(/must expose the ETag header/).waitFor();
  assert.deepEqual(complaints, []);
});

test("a message names CORS if the store has no CORS rules", async () => {
  server.cors.allow = false;
  await signInToStandIn();
  await pick({ name: "foreign.bin", buffer: randomBytes(100) });
  await row("foreign.bin").getByText(/do the bucket's CORS rules allow PUT/).waitFor();
  await shot("failed");
  server.cors.allow = true;
  await page.getByRole("button", { name: "Try again foreign.bin" }).click();
  await row("foreign.bin").getByText("In the drive").waitFor();

  // A page that has sent something knows that the rules allow it. Another one does not.
  await page.reload();
  server.cors.allow = false;
  await pick({ name: "given up.bin", buffer: randomBytes(100) });
  await row("given up.bin").getByText(/do the bucket's CORS rules allow PUT/).waitFor();
  await page.getByRole("button", { name: "Cancel given up.bin" }).click();
  await server.until("POST /abort");
  assert.equal(await row("given up.bin").count(), 0);
});

test("an expired URL is signed again, and a download from another origin opens in a new tab", async () => {
  let refused = false;
  server.onPut = async () => (refused ? undefined : ((refused = true), { status: 403, body: s3Error("AccessDenied", "Request has expired") }));
  await signInToStandIn();
  const bytes = randomBytes(6 * MIB);
  await pick({ name: "résumé 100%.pdf", buffer: bytes });
  await row("résumé 100%.pdf").getByText("In the drive").waitFor();
  const back = await download("résumé 100%.pdf");
  assert.deepEqual([back.name, sha256(back.bytes)], ["résumé 100%.pdf", sha256(bytes)]);
});

test("without a network the upload waits, and continues by itself", async () => {
  await signInToStandIn();
  await context.setOffline(true);
  const bytes = randomBytes(6 * MIB);
  await pick({ name: "patient.bin", buffer: bytes });
  await row("patient.bin").getByText(/continues by itself/).waitFor();
  await context.setOffline(false);
  await row("patient.bin").getByText("In the drive").waitFor();
  assert.deepEqual(server.bytesOf("patient.bin"), bytes);
});

test("a message says that a file changed on disk while it was sent", async () => {
  await signInToStandIn();
  const folder = await mkdtemp(join(tmpdir(), "dray-web-"));
  const path = join(folder, "journal.log");
  await writeFile(path, randomBytes(5 * MIB + 1));
  server.onPut = async (partNumber) => {
    if (partNumber === 1) return undefined;
    await writeFile(path, "rotated");
    return { status: 503, body: s3Error("SlowDown", "Later.") };
  };
  await page.locator("#files").setInputFiles(path);
  await row("journal.log").getByText(/can no longer be read/).waitFor();
  await rm(folder, { recursive: true });
});

test("pause keeps stored parts, cancel removes the row, and leaving the page asks for confirmation", async () => {
  const never = new Promise(() => {});
  server.onPut = async (partNumber) => (partNumber === 2 ? /** @type {Promise<undefined>} */ (never) : undefined);
  await signInToStandIn();
  const bytes = randomBytes(11 * MIB);
  await pick({ name: "slow.bin", buffer: bytes });
  await row("slow.bin").locator(".stored").nth(1).waitFor();

  const asked = page.waitForEvent("dialog");
  const closing = page.close({ runBeforeUnload: true });
  const dialog = await asked;
  assert.equal(dialog.type(), "beforeunload");
  await dialog.dismiss();
  await closing;

  await page.getByRole("button", { name: "Pause slow.bin" }).press("Enter");
  await row("slow.bin").getByText(/ · paused/).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("aria-label")), "Resume slow.bin");
  server.onPut = async () => undefined;
  await page.keyboard.press("Enter");
  await row("slow.bin").getByText("In the drive").waitFor();
  assert.deepEqual(server.bytesOf("slow.bin"), bytes);
  assert.equal(server.log.filter((entry) => entry === "PUT part 1").length, 1);

  server.onPut = () => /** @type {Promise<undefined>} */ (never);
  await pick({ name: "unwanted.bin", buffer: randomBytes(10) });
  await page.getByRole("button", { name: "Cancel unwanted.bin" }).click();
  await server.until("POST /abort");
  assert.deepEqual([...server.uploads.values()].map(({ name }) => name), ["slow.bin"]);
  assert.equal(await row("unwanted.bin").count(), 0);
});

test("if a token ends during an upload, the page asks for another and the upload continues", async () => {
  await signInToStandIn();
  server.onPut = async () => {
    server.token = "cp_pat_next";
    return undefined;
  };
  await pick({ name: "long.bin", buffer: randomBytes(100) });
  await page.locator("#token-error").getByText(/unknown/).waitFor();
  await page.getByLabel("Access token").fill("cp_pat_next");
  await page.getByRole("button", { name: "Sign in" }).click();
  await row("long.bin").getByText("In the drive").waitFor();
});

test("dropped files are uploaded, also in dark mode and on a phone", async () => {
  await openContext({ viewport: { width: 390, height: 780 }, colorScheme: "dark", deviceScaleFactor: 2, isMobile: true });
  await page.goto(server.apiUrl);
  await shot("phone-gate");
  await signInToStandIn();
  const never = new Promise(() => {});
  server.onPut = async (partNumber) => (partNumber === 3 ? /** @type {Promise<undefined>} */ (never) : undefined);
  await page.evaluate((size) => {
    const transfer = new DataTransfer();
    for (const name of ["a very long name of a photograph, taken at the quay in the evening light.jpeg", "notes.md"]) {
      transfer.items.add(new File([new Uint8Array(name === "notes.md" ? 1200 : size)], name));
    }
    for (const type of ["dragover", "drop"]) document.body.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }, 24 * MIB);
  await row("notes.md").getByText("In the drive").waitFor();
  await row("a very long name").locator(".stored").nth(3).waitFor();
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(overflow, 0, "nothing is wider than the screen");
  await shot("phone-dark");
  assert.deepEqual(complaints, []);
});

test("hundreds of small files at once go in batches, and the list stays short", async () => {
  server.batches = true;
  await signInToStandIn();
  const files = 500;
  await page.evaluate((files) => {
    const dataTransfer = new DataTransfer();
    for (let index = 0; index < files; index++) dataTransfer.items.add(new File([`${index}`], `${index}.txt`));
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
  }, files);
  await page.locator("#more").getByText(/and \d+ more/).waitFor();
  assert.equal(await page.locator(".row").count(), 200);
  await page.getByText("500 files, ").waitFor({ timeout: 80_000 });
  assert.equal([...server.uploads.values()].filter(({ item }) => item).length, files);
  assert.equal(server.batchSizes.reduce((sum, size) => sum + size, 0), files);
  assert.ok((await page.locator(".row").count()) <= 200);
  assert.deepEqual(complaints, []);
});
