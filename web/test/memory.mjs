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
  export { Memory, openJournal } from "./memory.ts";
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
      /** @param {string} [owner] @param {string} [place] */
      memory: (owner = "me", place) => new kit.Memory(() => owner, () => {}, () => kit.openJournal(place)),
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

/** What the functions in a page may use. @typedef {{ kit: any, signal: AbortSignal, memory: (owner?: string, place?: string) => any, add: (memory: any, name: string, destination?: object) => any, entries: () => Promise<any[]> }} Page */

/** Waits until as many tabs live as that: Playwright's `waitForFunction` would not wait for a promise. @param {import("playwright-core").Page} page @param {number} count */
const untilTabs = (page, count) =>
  page.evaluate(async (wanted) => {
    const living = async () => (await navigator.locks.query()).held?.filter(({ name }) => name?.startsWith("dray-tab-")).length;
    while ((await living()) !== wanted) await new Promise((resolve) => setTimeout(resolve, 10));
  }, count);

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
  await untilTabs(second, 1);
  assert.deepEqual(await take(), [true, "u1", true]);
});

for (const how of ["sends", "has sent"]) {
  test(`of a file that three killed tabs had, of which one ${how} it, the next tab finds one upload`, async () => {
    const tabs = [await tab(), await tab(), await tab()];
    for (const [at, page] of tabs.entries()) {
      await page.evaluate(
        async ([at, how]) => {
          const { memory, add, signal } = /** @type {Page} */ (/** @type {unknown} */ (window));
          const own = memory();
          const upload = add(own, "same.bin");
          // Another file of the pick is not done, so the entry stays.
          own.add(Object.assign(add(own, `other ${at}.bin`), { pick: upload.pick }));
          const isTaken = await own.take(upload, signal);
          if (!isTaken) return;
          upload.session = { uploadId: "u1", fileKey: "k1" };
          await own.changed(upload);
          upload.item = how === "has sent" ? { id: "i1", name: "same.bin" } : null;
          if (upload.item) await own.ended(upload);
        },
        /** @type {const} */ ([at === 1 ? 1 : at, how]),
      );
    }
    for (const page of tabs) await page.close();
    const next = await tab();
    await untilTabs(next, 0);
    const found = await next.evaluate(async () => {
      const { memory, entries } = /** @type {Page} */ (/** @type {unknown} */ (window));
      const of = (/** @type {any[]} */ all) => all.filter(({ name }) => name === "same.bin").map(({ session, done }) => [session?.uploadId, done]);
      return [of(await memory().left()), of(await entries())];
    });
    const one = [["u1", how === "has sent" ? 1 : 0]];
    assert.deepEqual(found, [one, one], "and nothing of the others is kept");
  });
}

test("equal files of one killed tab stay several uploads, and what other killed tabs had of them goes", async () => {
  const [first, second] = [await tab(), await tab()];
  for (const [page, count] of /** @type {const} */ ([[first, 2], [second, 1]])) {
    await page.evaluate(async (count) => {
      const { memory, add, signal } = /** @type {Page} */ (/** @type {unknown} */ (window));
      const own = memory();
      const all = Array.from({ length: count }, () => add(own, "same.bin"));
      for (const upload of all) {
        if (!(await own.take(upload, signal))) continue;
        upload.session = { uploadId: upload.id, fileKey: "k" };
        await own.changed(upload);
      }
    }, count);
  }
  await first.close();
  await second.close();
  const next = await tab();
  await untilTabs(next, 0);
  const counts = await next.evaluate(async () => {
    const { memory, add, signal } = /** @type {Page} */ (/** @type {unknown} */ (window));
    const own = memory();
    const left = await own.left();
    const uploads = left.map((/** @type {any} */ entry) => {
      const upload = add(own, entry.name);
      upload.id = entry.id;
      own.knows(upload, entry);
      return upload;
    });
    const taken = [];
    for (const upload of uploads) taken.push(await own.take(upload, signal));
    return [left.length, taken, new Set(uploads.map((/** @type {any} */ { session }) => session.uploadId)).size];
  });
  assert.deepEqual(counts, [2, [true, true], 2]);
});

test("a tab that continues what one killed tab had removes what the others had, and finds nothing more of it", async () => {
  const tabs = [await tab(), await tab()];
  for (const page of tabs) {
    await page.evaluate(async () => {
      const { memory, add, signal } = /** @type {Page} */ (/** @type {unknown} */ (window));
      const own = memory();
      await own.take(add(own, "same.bin"), signal);
    });
  }
  for (const page of tabs) await page.close();
  const next = await tab();
  await untilTabs(next, 0);
  const seen = await next.evaluate(async () => {
    const { memory, add, signal, entries } = /** @type {Page} */ (/** @type {unknown} */ (window));
    const own = memory();
    const upload = add(own, "same.bin");
    const early = await own.left();
    const isTaken = await own.take(upload, signal);
    return [early.length, isTaken, (await own.left()).length, (await entries()).length];
  });
  assert.deepEqual(seen, [0, true, 0, 1], "what this tab has added itself, `take` continues: it is not found once more");
});

test("each place of a page finds what was added there, and what was added at no place is found by one", async () => {
  const first = await tab();
  await first.evaluate(async () => {
    const { memory, add, signal } = /** @type {Page} */ (/** @type {unknown} */ (window));
    for (const place of ["passport", "photo", undefined]) {
      const own = memory("me", place);
      await own.take(add(own, `${place}.bin`), signal);
    }
  });
  await first.close();
  const next = await tab();
  await untilTabs(next, 0);
  const found = await next.evaluate(async () => {
    const { memory } = /** @type {Page} */ (/** @type {unknown} */ (window));
    const places = ["photo", "passport", undefined, "photo"].map((place) => memory("me", place));
    const seen = [];
    for (const one of places) seen.push((await one.left()).map((/** @type {any} */ { name }) => name).sort());
    // Whoever looks again finds the same. Once a list is closed, another finds what it has found.
    seen.push((await places[0].left()).length);
    places[0].close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    seen.push((await places[3].left()).length);
    return seen;
  });
  assert.deepEqual(found, [["photo.bin", "undefined.bin"], ["passport.bin"], [], [], 2, 2]);
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
