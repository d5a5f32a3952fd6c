// Tests the page when one person follows another at the same browser, and where the browser forbids storage. The stand-in serves
// the page that was built last.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { pickFromDisk } from "./killable.mjs";
import { launch } from "./real.mjs";
import { StandIn } from "./stand-in.mjs";

const MIB = 1024 * 1024;
const FOREIGN = /Somebody else may have added this file/;

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("playwright-core").Page} */
let page;
/** @type {StandIn} */
let server;
/** @type {string} */
let folder;

before(async () => {
  browser = await launch();
});
after(() => browser?.close());
beforeEach(async () => {
  server = await new StandIn().start();
  server.partSize = 5 * MIB;
  folder = await mkdtemp(join(tmpdir(), "dray-people-"));
  page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(30_000);
  page.on("dialog", (dialog) => void dialog.accept());
});
afterEach(async () => {
  await page.context().close();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Enters a token, which is the only one that the drive knows from now on. @param {string} token */
async function signInWith(token) {
  server.token = token;
  await page.getByLabel("Access token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Harbour & Sons", { exact: true }).waitFor();
}

/** @param {string} name */
const row = (name) => page.locator(".row").filter({ hasText: name });

/** How often this request was sent. @param {string} line */
const asked = (line) => server.log.filter((entry) => entry === line).length;

/** @param {string} name @param {number} size */
async function onDisk(name, size) {
  await writeFile(join(folder, name), randomBytes(size));
  return join(folder, name);
}

test("after a person has signed out, nothing that they left is shown to the next, or taken for the next one's files", async () => {
  const [small, large] = [await onDisk("done.txt", 100), await onDisk("begun.bin", 6 * MIB)];
  await page.goto(server.apiUrl);
  await signInWith("cp_pat_anna");
  server.onPut = (part) => (part === 2 ? new Promise(() => {}) : Promise.resolve(undefined));
  await pickFromDisk(page, [small, large]);
  await row("done.txt").getByText("In the drive").waitFor();
  await row("begun.bin").locator(".stored").first().waitFor();
  await page.reload();
  await row("begun.bin").getByText(/not finished/).waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  server.onPut = async () => undefined;
  await signInWith("cp_pat_ben");
  assert.equal(await page.locator(".row").count(), 0);
  await pickFromDisk(page, [small, large]);
  for (const name of ["done.txt", "begun.bin"]) await row(name).getByText("In the drive").waitFor();
  assert.deepEqual([asked("POST /start"), asked("PUT part 1"), asked("POST /abort")], [4, 4, 0], "Ben's files are sent whole, and Anna's upload stays hers");
});

test("if somebody else signs in after a token ended, what waits is uploaded as theirs only after a click", async () => {
  await page.goto(server.apiUrl);
  await signInWith("cp_pat_anna");
  server.token = "cp_pat_ended";
  await pickFromDisk(page, await onDisk("annas.txt", 100));
  await page.locator("#token-error").getByText(/unknown/).waitFor();
  await signInWith("cp_pat_ben");
  await row("annas.txt").getByText(FOREIGN).waitFor();
  assert.equal(server.uploads.size, 0);
  await row("annas.txt").getByRole("button", { name: /again/ }).click();
  await row("annas.txt").getByText("In the drive").waitFor();
  assert.equal(server.uploads.size, 1);
});

test("where the browser forbids all storage, the page signs in and uploads", async () => {
  await page.addInitScript(() => {
    for (const name of ["sessionStorage", "localStorage", "indexedDB"]) {
      Object.defineProperty(window, name, {
        get() {
          throw new DOMException("The operation is insecure.", "SecurityError");
        },
      });
    }
  });
  await page.goto(server.apiUrl);
  await signInWith("cp_pat_anna");
  await pickFromDisk(page, await onDisk("a.txt", 100));
  await row("a.txt").getByText("In the drive").waitFor();
  await page.reload();
  await page.getByLabel("Access token").waitFor();
});
