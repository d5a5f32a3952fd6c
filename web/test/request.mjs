// The page of a file request in a real browser, against the real `dray serve`. real.mjs says where both are.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { Killable, pickFromDisk } from "./killable.mjs";
import { launch, serveDray, target } from "./real.mjs";

const shots = join(target, "web-screenshots");
/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("./real.mjs").Drive} */
let dray;
/** @type {import("playwright-core").BrowserContext} */
let context;
/** What the browser complained about. @type {string[]} */
let complaints;

before(async () => {
  await mkdir(shots, { recursive: true });
  browser = await launch();
  dray = await serveDray();
});
after(async () => {
  await browser?.close();
  await dray?.stop();
});
beforeEach(async () => {
  complaints = [];
  context = await browser.newContext({ viewport: { width: 1000, height: 800 } });
});
afterEach(() => context.close());

/** @param {string} method @param {string} path @param {object} [body] @returns {Promise<any>} */
async function api(method, path, body) {
  const headers = { Authorization: `Bearer ${dray.token}`, "Content-Type": "application/json" };
  const answer = await fetch(`${dray.url}/public/v1${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
  return answer.status === 204 ? null : answer.json();
}

/** A request for files into a folder of its own. @param {object} more */
async function requested(more) {
  const folder = await api("POST", "/drive/folders", { name: "inbox" });
  const request = await api("POST", "/drive/requests", { folderId: folder.id, title: "Photos of the festival", ...more });
  const names = async () => (await api("GET", `/drive/folders/${folder.id}/children`)).items.map((/** @type {{ name: string }} */ item) => item.name);
  return { request, names };
}

/** @param {string} url @param {import("playwright-core").BrowserContext} [of] */
async function visit(url, of = context) {
  const page = await of.newPage();
  page.setDefaultTimeout(15_000);
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !/Failed to load resource/.test(message.text())) complaints.push(message.text());
  });
  await page.goto(url);
  return page;
}

/** @param {import("playwright-core").Page} page @param {string[]} names @param {number} size */
async function pick(page, names, size = 100_000) {
  const files = names.map((name) => ({ name, mimeType: "application/octet-stream", buffer: randomBytes(size) }));
  await page.locator("dray-upload input[type=file]").setInputFiles(files);
}

/** @param {import("playwright-core").Page} page */
const sent = (page) => page.locator("#sent li .name").allTextContents();

test("somebody sends files, sees what arrived, and sees it again after a reload", async () => {
  const { request, names } = await requested({ message: "Two lines\nof text", asksName: "required", maxFiles: 3 });
  const page = await visit(request.url);
  await page.getByRole("heading", { name: "Photos of the festival" }).waitFor();
  assert.equal(await page.locator("dray-upload").count(), 0, "first it asks who comes");
  await page.getByLabel("Your name").fill("Ada");
  await page.screenshot({ path: join(shots, "request-who.png") });
  await page.getByRole("button", { name: "Continue" }).click();
  await page.locator("dray-upload").waitFor();
  await page.screenshot({ path: join(shots, "request-send.png") });
  await pick(page, ["one.jpg", "two.jpg"]);
  await page.getByText("2 files have arrived.").waitFor();
  await page.screenshot({ path: join(shots, "request-thanks.png"), fullPage: true });
  assert.deepEqual((await names()).sort(), ["one.jpg", "two.jpg"]);
  await page.reload();
  await page.getByText("2 files have arrived.").waitFor();
  await page.getByText("You are sending as Ada").waitFor();
  assert.deepEqual((await sent(page)).sort(), ["one.jpg", "two.jpg"]);
  const { submissions } = await api("GET", `/drive/requests/${request.id}/submissions`);
  assert.deepEqual(submissions.map((/** @type {any} */ one) => one.submitter.name), ["Ada", "Ada"]);
  assert.deepEqual(complaints, []);
});

test("another browser sees nothing of it", async () => {
  const { request } = await requested({});
  const page = await visit(request.url);
  await pick(page, ["mine.jpg"]);
  await page.getByText("One file has arrived.").waitFor();
  const other = await browser.newContext();
  const theirs = await visit(request.url, other);
  await theirs.locator("dray-upload").waitFor();
  assert.equal(await theirs.getByText("mine.jpg").count(), 0);
  assert.equal(await theirs.locator("#thanks").isVisible(), false);
  await other.close();
  assert.deepEqual(complaints, []);
});

test("a password is asked for, and a wrong one is said to be wrong", async () => {
  const { request, names } = await requested({ password: "correct horse" });
  const page = await visit(request.url);
  assert.equal(await page.getByText("Photos of the festival").isVisible(), false);
  await page.getByLabel("Password").fill("wrong horse");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByText("Wrong password.").waitFor();
  await page.screenshot({ path: join(shots, "request-password.png") });
  await page.getByLabel("Password").fill("correct horse");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.locator("dray-upload").waitFor();
  await pick(page, ["a.jpg"]);
  await page.getByText("One file has arrived.").waitFor();
  assert.deepEqual(await names(), ["a.jpg"]);
});

test("a request that is closed meanwhile says so, and one that never was too", async () => {
  const { request, names } = await requested({});
  const page = await visit(request.url);
  await pick(page, ["a.jpg"]);
  await page.getByText("One file has arrived.").waitFor();
  await api("PATCH", `/drive/requests/${request.id}`, { closed: true });
  await pick(page, ["late.jpg"]);
  await page.locator("#notice").getByText("This file request is closed.").waitFor();
  assert.equal(await page.locator("dray-upload").isVisible(), false);
  await page.reload();
  await page.locator("#notice").getByText("This file request is closed.").waitFor();
  assert.deepEqual(await sent(page), ["a.jpg"], "what has arrived is still shown");
  await page.screenshot({ path: join(shots, "request-closed.png") });
  assert.deepEqual(await names(), ["a.jpg"]);
  const nowhere = await visit(`${dray.url}/r/${"0".repeat(32)}`);
  await nowhere.getByText("There is no such file request.").waitFor();
});

test("a phone has room for all of it", async () => {
  const { request } = await requested({ asksName: "optional", asksEmail: "required", types: ["image/*", ".pdf"], deadline: "2030-01-01T00:00:00Z" });
  const phone = await browser.newContext({ viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
  const page = await visit(request.url, phone);
  await page.getByLabel("Your email address").fill("ada@example.com");
  await page.screenshot({ path: join(shots, "request-phone-who.png") });
  await page.getByRole("button", { name: "Continue" }).click();
  await pick(page, ["a-file-with-quite-a-long-name-as-phones-like-to-give-them-20260131.pdf"]);
  await page.getByText("One file has arrived.").waitFor();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  assert.equal(wide, false, "nothing stands over the edge");
  await page.screenshot({ path: join(shots, "request-phone.png"), fullPage: true });
  await phone.close();
  assert.deepEqual(complaints, []);
});

test("after a reload, a password that was entered is not asked for again until it is changed", async () => {
  const { request } = await requested({ password: "correct horse" });
  const page = await visit(request.url);
  await page.getByLabel("Password").fill("correct horse");
  await page.keyboard.press("Enter");
  await pick(page, ["a.jpg"]);
  await page.getByText("One file has arrived.").waitFor();
  const kept = await page.evaluate(() => JSON.stringify(Object.entries(localStorage)));
  assert.ok(!kept.includes("correct horse"), "the browser does not keep the password");
  await page.reload();
  await page.locator("dray-upload").waitFor();
  await api("PATCH", `/drive/requests/${request.id}`, { password: "another horse" });
  await pick(page, ["b.jpg"]);
  await page.getByLabel("Password").fill("another horse");
  await page.keyboard.press("Enter");
  await page.getByText("2 files have arrived.").waitFor();
  assert.deepEqual((await sent(page)).sort(), ["a.jpg", "b.jpg"]);
  assert.deepEqual(complaints, []);
});

test("somebody else at the same browser can say so, and counts as another submitter", async () => {
  const { request } = await requested({ asksName: "required" });
  const page = await visit(request.url);
  for (const [name, file] of [["Ada", "a.jpg"], ["Bob", "b.jpg"]]) {
    if (name === "Bob") await page.getByRole("button", { name: "Change" }).click();
    await page.getByLabel("Your name").fill(name ?? "");
    await page.keyboard.press("Enter");
    await page.getByText(`You are sending as ${name}`).waitFor();
    await pick(page, [file ?? ""]);
    await page.locator("#sent .name", { hasText: file ?? "" }).waitFor();
  }
  const { submissions } = await api("GET", `/drive/requests/${request.id}/submissions`);
  assert.deepEqual(submissions.map((/** @type {any} */ one) => [one.submitter.name, one.upload.fileName]), [["Bob", "b.jpg"], ["Ada", "a.jpg"]]);
  assert.deepEqual(complaints, []);
});

test("two tabs of one visitor are one submitter, and a visitor who changes in one tab has changed in the other", async () => {
  const { request, names } = await requested({ asksName: "required", folderEach: true });
  const tabs = [await visit(request.url), await visit(request.url)];
  const [first, second] = /** @type {[import("playwright-core").Page, import("playwright-core").Page]} */ (tabs);
  await first.locator("#name").fill("Ann");
  await first.keyboard.press("Enter");
  await first.locator("dray-upload").waitFor();
  await second.reload();
  await second.locator("dray-upload").waitFor();
  for (const [at, page] of tabs.entries()) {
    await pick(page, [`${at}.bin`]);
    await page.locator("#sent li").filter({ hasText: `${at}.bin` }).waitFor();
  }
  await first.reload();
  await first.locator("#sent li").nth(1).waitFor();
  assert.deepEqual((await sent(first)).sort(), ["0.bin", "1.bin"]);
  assert.equal((await names()).length, 1, "one submitter has one folder");
  await first.locator("#change").click();
  await first.locator("#name").fill("Bob");
  await first.keyboard.press("Enter");
  await second.locator("#known-as").filter({ hasText: "Bob" }).waitFor();
  assert.deepEqual([await sent(first), await sent(second)], [[], []], "Bob sees nothing of Ann's files");
  await pick(second, ["bob.bin"]);
  await second.locator("#sent li").filter({ hasText: "bob.bin" }).waitFor();
  assert.equal((await names()).length, 2);
  assert.deepEqual(complaints, []);
});

test("who comes after a visitor that has not finished sees nothing of their files, and sends the same files as their own", async () => {
  const { request } = await requested({ asksName: "required" });
  const folder = await mkdtemp(join(tmpdir(), "dray-request-"));
  const paths = [join(folder, "small.jpg"), join(folder, "large.bin")];
  const input = 'document.querySelector("dray-upload").shadowRoot.querySelector("input")';
  const names = ["large.bin", "small.jpg"];
  try {
    await writeFile(paths[0] ?? "", randomBytes(1_000));
    await writeFile(paths[1] ?? "", randomBytes(20 << 20));
    let page = await visit(request.url);
    await page.getByLabel("Your name").fill("Ada");
    await page.keyboard.press("Enter");
    await page.route(/partNumber=2\b/, () => {});
    const stored = page.waitForResponse((answer) => /partNumber=1\b/.test(answer.url()) && Number(answer.request().headers()["content-length"] ?? 1e9) > 1e6);
    await pickFromDisk(page, paths, input);
    await page.locator("#sent .name", { hasText: "small.jpg" }).waitFor();
    await stored;
    await page.close();
    page = await visit(request.url);
    await page.locator("dray-upload").getByText("large.bin").first().waitFor();
    await page.getByRole("button", { name: "Change" }).click();
    await page.getByLabel("Your name").fill("Bob");
    await page.keyboard.press("Enter");
    await page.getByText("You are sending as Bob").waitFor();
    assert.deepEqual([await page.locator("dray-upload progress").count(), await sent(page)], [0, []]);
    await pickFromDisk(page, paths, input);
    for (const name of names) await page.locator("#sent .name", { hasText: name }).waitFor();
    const { submissions } = await api("GET", `/drive/requests/${request.id}/submissions`);
    const of = (/** @type {string} */ who) => submissions.filter((/** @type {any} */ one) => one.submitter.name === who && one.upload.itemId).map((/** @type {any} */ one) => one.upload.fileName).sort();
    assert.deepEqual([of("Ada"), of("Bob")], [["small.jpg"], names]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("a file that the request does not take is refused with the reason, and the others arrive", async () => {
  const { request, names } = await requested({ maxFileBytes: 200_000, types: [".jpg"] });
  const page = await visit(request.url);
  await pick(page, ["large.jpg"], 300_000);
  await page.getByText("takes files of at most 200000 bytes").first().waitFor();
  await pick(page, ["small.jpg"]);
  await page.getByText("One file has arrived.").waitFor();
  assert.equal(await page.locator("#notice").isVisible(), false, "the request itself is still open");
  assert.deepEqual(await names(), ["small.jpg"]);
});

test("the keyboard reaches everything, and each field has a label", async () => {
  const { request } = await requested({ asksName: "required", asksEmail: "optional" });
  const page = await visit(request.url);
  await page.getByLabel("Your name").waitFor();
  const focused = () => page.evaluate(() => (document.activeElement?.shadowRoot?.activeElement ?? document.activeElement)?.textContent || document.activeElement?.id);
  assert.equal(await focused(), "name");
  await page.keyboard.type("Ada");
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "email");
  await page.keyboard.press("Enter");
  // The next step has the focus.
  await page.waitForFunction(() => document.activeElement?.shadowRoot?.activeElement?.textContent === "Choose files");
  for (const input of await page.locator("input:visible").all()) {
    assert.notEqual(await input.evaluate((/** @type {HTMLInputElement} */ one) => one.labels?.length), 0);
  }
});

test("the policy of the page lets no script run that is not its own", async () => {
  const { request } = await requested({ title: "<img src=x onerror=alert(1)>", message: "<script>alert(1)</script>" });
  const page = await visit(request.url);
  await page.getByRole("heading", { name: "<img src=x onerror=alert(1)>" }).waitFor();
  assert.equal(await page.getByText("<script>alert(1)</script>").isVisible(), true, "texts are texts");
  const policy = (await page.request.get(request.url)).headers()["content-security-policy"] ?? "";
  assert.ok(!policy.includes("unsafe-inline") && !policy.includes("'unsafe-eval'"), policy);
  assert.match(policy, /default-src 'none'/);
  assert.deepEqual(complaints, []);
});

test("an upload goes on after the browser was killed, and no part that was stored is sent again", async () => {
  const { request, names } = await requested({});
  const folder = await mkdtemp(join(tmpdir(), "dray-request-"));
  const path = join(folder, "large.bin");
  await writeFile(path, randomBytes(40 << 20));
  const input = 'document.querySelector("dray-upload").shadowRoot.querySelector("input")';
  /** @type {Killable | null} */
  let killable = null;
  try {
    killable = await Killable.start(join(folder, "profile"));
    let page = await visit(request.url, killable.context);
    await page.locator("dray-upload").waitFor();
    const stored = new Set();
    /** @param {import("playwright-core").Response} answer */
    const part = (answer) => Number(/partNumber=(\d+)/.exec(answer.url())?.[1] ?? 0);
    await page.route(/partNumber=1\b/, () => {});
    const some = new Promise((resolve) => {
      page.on("response", (answer) => {
        if (part(answer) > 0 && answer.ok()) stored.add(part(answer));
        if (stored.size >= 2) resolve(undefined);
      });
    });
    await pickFromDisk(page, path, input);
    await some;
    await killable.kill();
    killable = await Killable.start(join(folder, "profile"));
    page = await visit(request.url, killable.context);
    const again = /** @type {number[]} */ ([]);
    page.on("response", (answer) => {
      if (part(answer) > 0 && answer.ok()) again.push(part(answer));
    });
    await page.getByText("large.bin").first().waitFor();
    await pickFromDisk(page, path, input);
    await page.getByText("One file has arrived.").waitFor();
    assert.ok(again.includes(1), "the part that was missing is sent");
    assert.deepEqual(again.filter((number) => stored.has(number)), [], "what the store has is not sent again");
    assert.deepEqual(await names(), ["large.bin"]);
  } finally {
    await killable?.kill();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});
