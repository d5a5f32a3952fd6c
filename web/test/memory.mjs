// Tests what the kit keeps in the browser: real IndexedDB and Web Locks in Chromium. Each `Memory` counts as a tab of its own.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { build } from "esbuild";
import { conditions, plugin } from "../bundling.mjs";
import { launch } from "./real.mjs";

const SCRIPT = `
  export { Memory } from "./memory.ts";
  export { Upload } from "./upload.ts";
  export { createUploads } from "./index.ts";`;

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("playwright-core").BrowserContext} */
let context;
/** @type {string} */
let origin;
let script = "";
const own = createServer((request, answer) => {
  const isScript = request.url === "/engine.js";
  answer.writeHead(200, { "Content-Type": isScript ? "text/javascript" : "text/html" }).end(isScript ? script : "<!doctype html>");
});

before(async () => {
  const resolveDir = fileURLToPath(new URL("../packages/upload/src/", import.meta.url));
  const built = await build({ stdin: { contents: SCRIPT, resolveDir, loader: "ts" }, bundle: true, write: false, format: "esm", plugins: [plugin], conditions });
  script = built.outputFiles[0]?.text ?? "";
  own.listen(0, "127.0.0.1");
  await once(own, "listening");
  origin = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (own.address()).port}`;
  browser = await launch();
});
after(async () => {
  await browser?.close();
  own.closeAllConnections();
  own.close();
});
beforeEach(async () => {
  context = await browser.newContext();
});
afterEach(() => context.close());

/** A tab with the engine as `window.kit`, and helpers. @param {() => void} [first] runs before everything else */
async function tab(first) {
  const page = await context.newPage();
  page.setDefaultTimeout(50_000);
  if (first) await page.addInitScript(first);
  await page.goto(origin);
  await page.evaluate(async () => {
    const kit = await import(/** @type {any} */ ("/engine.js"));
    const signal = new AbortController().signal;
    let last = 0;
    Object.assign(window, {
      kit,
      signal,
      /** @param {string} [owner] */
      memory: (owner = "me") => new kit.Memory(() => owner, () => {}),
      /** An upload of the list `memory`. @param {any} memory @param {string} name @param {object} [destination] */
      add: (memory, name, destination = {}) => {
        const upload = new kit.Upload(`${performance.timeOrigin}-${++last}`, name, new File([name], name, { lastModified: 1e12 }), destination, () => {});
        memory.add(upload);
        return upload;
      },
      entries: () =>
        new Promise((resolve, reject) => {
          const opening = indexedDB.open("dray-uploads", 1);
          opening.onerror = reject;
          opening.onsuccess = () => {
            const asking = opening.result.transaction("uploads").objectStore("uploads").getAll();
            asking.onsuccess = () => (opening.result.close(), resolve(asking.result));
          };
        }),
    });
  });
  return page;
}

/** What the functions in a page may use. @typedef {{ kit: any, signal: AbortSignal, memory: (owner?: string) => any, add: (memory: any, name: string, destination?: object) => any, entries: () => Promise<any[]> }} Page */

test("in every order of taking and pausing in two tabs, exactly one tab has the upload, and none waits in vain", async () => {
  const page = await tab();
  const wrong = await page.evaluate(async () => {
    const { memory, add, signal } = /** @type {Page} */ (/** @type {unknown} */ (window));
    const memories = [memory(), memory()];
    const wrong = /** @type {string[]} */ ([]);
    const acts = ["take 0", "take 1", "pause 0", "pause 1", "both"];
    const orders = acts.flatMap((a) => acts.flatMap((b) => acts.flatMap((c) => acts.map((d) => [a, b, c, d]))));
    const play = async (/** @type {string[]} */ order, /** @type {number} */ number) => {
      const uploads = memories.map((one) => add(one, `file ${number}`));
      let holder = -1;
      const take = (/** @type {number} */ of) => memories[of].take(uploads[of], signal);
      for (const [at, act] of order.entries()) {
        const of = Number(act.split(" ")[1]);
        if (act.startsWith("pause")) {
          memories[of].release(uploads[of]);
          if (holder === of) holder = -1;
          continue;
        }
        const said = act === "both" ? await Promise.all([take(0), take(1)]) : [of === 0 && (await take(0)), of === 1 && (await take(1))];
        const wanted = holder >= 0 ? holder : act === "both" ? said.indexOf(true) : of;
        const isRight = act === "both" || wanted === of ? said[wanted] === true && said[1 - wanted] === false : !said[of];
        if (!isRight) return void wrong.push(`${order.slice(0, at + 1).join(", ")}: ${said}`);
        if (holder < 0) holder = wanted;
      }
    };
    await Promise.all(orders.map(play));
    return wrong;
  });
  assert.deepEqual(wrong.slice(0, 5), []);
});

test("a closed tab holds nothing: another takes what it was sending, with its session", async () => {
  const first = await tab();
  await first.evaluate(async () => {
    const { memory, add, signal } = /** @type {Page} */ (/** @type {unknown} */ (window));
    const own = memory();
    const upload = add(own, "left.bin");
    await own.take(upload, signal);
    upload.session = { uploadId: "u1", fileKey: "k1" };
    await own.changed(upload);
  });
  const second = await tab();
  const take = () =>
    second.evaluate(async () => {
      const { memory, add, signal } = /** @type {Page} */ (/** @type {unknown} */ (window));
      const own = memory();
      const upload = add(own, "left.bin");
      return [await own.take(upload, signal), upload.session?.uploadId ?? null, upload.resumed];
    });
  assert.deepEqual(await take(), [false, null, false], "who does not hold it knows no session, and so cannot abort one");
  await first.close();
  await second.waitForFunction(async () => (await navigator.locks.query()).held?.length === 1);
  assert.deepEqual(await take(), [true, "u1", true]);
});

test("cancelling what another tab has taken leaves its entry alone", async () => {
  const page = await tab();
  const left = await page.evaluate(async () => {
    const { memory, add, signal, entries } = /** @type {Page} */ (/** @type {unknown} */ (window));
    const [one, other] = [memory(), memory()];
    const [paused, taken] = [add(one, "both.bin"), add(other, "both.bin")];
    await one.take(paused, signal);
    paused.session = { uploadId: "u1", fileKey: "k1" };
    await one.changed(paused);
    one.release(paused);
    const isTaken = await other.take(taken, signal);
    await one.ended(paused);
    return [isTaken, taken.session?.uploadId, (await entries()).map(({ session, sending }) => [session.uploadId, sending])];
  });
  assert.deepEqual(left, [true, "u1", [["u1", true]]]);
});

test("a tab that waited for another gets to know that the upload is done", async () => {
  const page = await tab();
  const seen = await page.evaluate(async () => {
    const { memory, add, signal, entries } = /** @type {Page} */ (/** @type {unknown} */ (window));
    const [one, other] = [memory(), memory()];
    const [sent, waiting] = [add(one, "same.bin"), add(other, "same.bin")];
    await one.take(sent, signal);
    const before = await other.take(waiting, signal);
    sent.session = { uploadId: "u1", fileKey: "k1" };
    sent.item = { id: "i1", name: "same.bin" };
    await one.ended(sent);
    const after = await other.take(waiting, signal);
    const known = [waiting.wasDone, waiting.session?.uploadId];
    waiting.item = sent.item;
    await other.ended(waiting);
    return [before, after, ...known, (await entries()).length];
  });
  assert.deepEqual(seen, [false, true, true, "u1", 0]);
});

test("files that are added one after the other are all remembered", async () => {
  const page = await tab();
  const count = await page.evaluate(async () => {
    const { memory, add, signal, entries } = /** @type {Page} */ (/** @type {unknown} */ (window));
    const own = memory();
    let upload;
    for (let at = 0; at < 60; at++) {
      upload = add(own, `${at}.txt`);
      for (let turn = 0; turn < at % 7; turn++) await null;
      if (at % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await own.take(upload, signal);
    return (await entries()).length;
  });
  assert.equal(count, 60);
});

test("what the browser cannot store keeps no other file from being remembered", async () => {
  const page = await tab();
  const names = await page.evaluate(async () => {
    const { memory, add, signal, entries } = /** @type {Page} */ (/** @type {unknown} */ (window));
    const own = memory();
    add(own, "a.txt");
    add(own, "function.txt", { onDone: () => {} });
    add(own, "proxy.txt", { path: new Proxy(["Scans"], {}) });
    await own.take(add(own, "b.txt", { handle: () => {} }), signal);
    await own.take(add(own, "c.txt"), signal);
    return (await entries()).map(({ name }) => name).sort();
  });
  assert.deepEqual(names, ["a.txt", "c.txt", "function.txt", "proxy.txt"]);
});

test("a tab lets another delete the database, or open a newer version, and goes on without it", async () => {
  const page = await tab();
  const said = await page.evaluate(async () => {
    const { memory, add, signal } = /** @type {Page} */ (/** @type {unknown} */ (window));
    const own = memory();
    await own.take(add(own, "a.txt"), signal);
    const deleting = indexedDB.deleteDatabase("dray-uploads");
    await new Promise((resolve, reject) => {
      deleting.onsuccess = resolve;
      deleting.onblocked = () => reject(new Error("blocked"));
    });
    return [await own.take(add(own, "b.txt"), signal), await own.left()];
  });
  assert.deepEqual(said, [true, null], "and it does not take the list for empty");
});

test("a database that another page keeps from opening stops no upload", async () => {
  const page = await tab();
  const isTaken = await page.evaluate(async () => {
    const { memory, add, signal } = /** @type {Page} */ (/** @type {unknown} */ (window));
    const opening = indexedDB.open("dray-uploads", 1);
    await new Promise((resolve) => (opening.onsuccess = resolve));
    // This connection ignores `versionchange`, so the deletion waits, and every opening after it.
    indexedDB.deleteDatabase("dray-uploads");
    const own = memory();
    return own.take(add(own, "a.txt"), signal);
  });
  assert.equal(isTaken, true);
});

test("where the browser forbids IndexedDB by throwing, uploads work without it", async () => {
  const page = await tab(() => {
    Object.defineProperty(window, "indexedDB", {
      get() {
        throw new DOMException("The operation is insecure.", "SecurityError");
      },
    });
  });
  const isTaken = await page.evaluate(async () => {
    const { memory, add, signal } = /** @type {Page} */ (/** @type {unknown} */ (window));
    const own = memory();
    return own.take(add(own, "a.txt"), signal);
  });
  assert.equal(isTaken, true);
});
