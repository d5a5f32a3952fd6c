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
      /** Writes what an earlier version kept: version 1 of the database, with a record for each entry. @param {{ id: string }[]} entries */
      earlier: async (entries) => {
        const db = await new Promise((resolve, reject) => {
          const opening = indexedDB.open("dray-uploads", 1);
          opening.onupgradeneeded = () => {
            const store = opening.result.createObjectStore("uploads", { keyPath: "id" });
            store.createIndex("match", "match");
            store.createIndex("owner", "owner");
            store.createIndex("pick", ["pick", "done"]);
          };
          opening.onerror = reject;
          opening.onsuccess = () => resolve(opening.result);
        });
        const write = db.transaction("uploads", "readwrite");
        for (const entry of entries) {
          const { id } = entry;
          const file = { name: id, size: id.length, type: "", lastModified: 1e12, match: JSON.stringify(["me", null, [], id, id.length]) };
          const kept = { tab: "dead", sending: true, pick: "old", owner: "me", done: 0, item: null, session: null, at: Date.now() };
          write.objectStore("uploads").put({ ...file, ...kept, destination: { path: [] }, folderIds: [], startKey: "s", ...entry });
        }
        await new Promise((resolve) => (write.oncomplete = resolve));
        db.close();
      },
      entries: () =>
        new Promise((resolve, reject) => {
          const opening = indexedDB.open("dray-uploads");
          opening.onerror = reject;
          opening.onsuccess = () => {
            const asking = opening.result.transaction("packs").objectStore("packs").getAll();
            asking.onsuccess = () => (opening.result.close(), resolve(asking.result.flatMap(({ entries }) => [...entries.values()])));
          };
        }),
    });
  });
  return page;
}

/** What the functions in a page may use. @typedef {{ kit: any, signal: AbortSignal, memory: (owner?: string, place?: string) => any, add: (memory: any, name: string, destination?: object) => any, entries: () => Promise<any[]>, earlier: (entries: object[]) => Promise<void> }} Page */

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

test("many small files cost few requests to IndexedDB, and a large file lies by itself", async () => {
  const page = await tab(() => {
    const asked = /** @type {Record<string, number>} */ ({});
    Object.assign(window, { asked });
    for (const name of ["get", "getAll", "put", "delete", "clear"]) {
      const store = /** @type {any} */ (IDBObjectStore.prototype);
      const was = store[name];
      store[name] = function (/** @type {unknown[]} */ ...given) {
        asked[name] = (asked[name] ?? 0) + 1;
        return was.apply(this, given);
      };
    }
  });
  const { asked, sizes, left } = await page.evaluate(async () => {
    const { memory, add, entries, kit } = /** @type {Page} */ (/** @type {unknown} */ (window));
    const own = memory();
    const large = new kit.Upload("large", "pick", { name: "large.bin", size: 9 << 20, type: "", slice: () => {} }, {}, () => {});
    own.add(large);
    const uploads = Array.from({ length: 1_000 }, (_, at) => add(own, `pick`, { path: [String(at)] }));
    await Promise.all([large, ...uploads].map((upload) => own.take(upload)));
    await Promise.all(uploads.map((upload) => own.changed(Object.assign(upload, { startKey: "changed" }))));
    const packs = await new Promise((resolve) => {
      const opening = indexedDB.open("dray-uploads");
      opening.onsuccess = () => {
        const asking = opening.result.transaction("packs").objectStore("packs").getAll();
        asking.onsuccess = () => (opening.result.close(), resolve(asking.result));
      };
    });
    const sizes = packs.map((/** @type {any} */ { entries }) => entries.size).sort((/** @type {number} */ a, /** @type {number} */ b) => a - b);
    await Promise.all(uploads.map((upload) => own.ended(Object.assign(upload, { item: {} }))));
    await own.ended(Object.assign(large, { item: {} }));
    return { asked: /** @type {any} */ (window).asked, sizes, left: await entries() };
  });
  assert.deepEqual(sizes, [1, 200, 200, 200, 200, 200]);
  assert.deepEqual(left, []);
  const requests = Object.values(asked).reduce((sum, count) => sum + /** @type {number} */ (count), 0);
  assert.ok(requests < 100, `1,001 files took ${JSON.stringify(asked)}`);
});

test("of thousands of files that a closed tab has left, the one that is picked again is found, wherever it lies by then", async () => {
  const page = await tab();
  const [many, taken, other, sizes] = await page.evaluate(async () => {
    const { memory, add, entries } = /** @type {Page} */ (/** @type {unknown} */ (window));
    const closed = memory();
    const uploads = Array.from({ length: 2_500 }, (_, at) => add(closed, "pick", { path: [String(at)] }));
    await Promise.all(uploads.map((upload) => closed.take(upload)));
    await Promise.all(uploads.map((upload, at) => closed.changed(Object.assign(upload, { session: { uploadId: `upload ${at}` } }))));
    closed.close();
    while ((await navigator.locks.query()).held?.length) await new Promise((resolve) => setTimeout(resolve, 10));
    const [one, two] = [memory(), memory()];
    const left = await one.left();
    const again = add(two, "pick", { path: ["1777"] });
    const isMine = await two.take(again);
    // The first list has seen it in the closed tab's pack; it lies in the second's now.
    const entry = left.find((/** @type {any} */ { destination }) => destination.path[0] === "1777");
    const known = add(one, "pick", { path: ["1777"] });
    await one.left();
    known.id = entry.id;
    one.knows(known, entry);
    const isOther = await one.take(known);
    const all = await entries();
    return [left.length, [isMine, again.session?.uploadId], isOther, [all.length, new Set(all.map(({ id }) => id)).size]];
  });
  assert.equal(many, 2_500);
  assert.deepEqual(taken, [true, "upload 1777"]);
  assert.equal(other, false, "the second tab sends it");
  assert.equal(sizes[0], sizes[1], "no entry lies twice");
});

test("what a tab does while it takes another file changes nothing of an upload that a living tab has taken from it", async () => {
  const page = await tab();
  const results = await page.evaluate(async () => {
    const { memory, add, entries } = /** @type {Page} */ (/** @type {unknown} */ (window));
    const results = [];
    for (const act of ["pause", "cancel", "end"]) {
      const [one, two, three] = [memory(), memory(), memory()];
      const own = add(one, act);
      await one.take(own);
      await one.changed(Object.assign(own, { session: { uploadId: act } }));
      one.release(own);
      await one.left();
      const theirs = add(two, act);
      const isTheirs = await two.take(theirs);
      // Both changes of the first tab are one transaction, which reads what other tabs have.
      const other = one.take(add(one, `other ${act}`));
      if (act === "pause") {
        const again = one.take(own);
        one.release(own);
        await again;
      } else await one.ended(act === "cancel" ? Object.assign(own, { state: "cancelled" }) : Object.assign(own, { item: {} }));
      await other;
      const kept = (await entries()).find(({ id }) => id === own.id);
      results.push([act, isTheirs, theirs.session?.uploadId, kept?.sending, kept?.done, await three.take(add(three, act))]);
    }
    return results;
  });
  for (const [act, ...rest] of results) assert.deepEqual(rest, [true, act, true, 0, false], act);
});

test("nothing stays of a pick whose files are all done, also if two of them are equal or the browser cannot store one", async () => {
  const page = await tab();
  const [records, inShort] = await page.evaluate(async () => {
    const { memory, add } = /** @type {Page} */ (/** @type {unknown} */ (window));
    const own = memory();
    const equal = [add(own, "pick"), add(own, "pick"), add(own, "pick", { path: ["y"] }), add(own, "pick", { path: ["z"], handle: () => {} })];
    const strange = Array.from({ length: 3 }, (_, at) => add(own, "strange", { path: [String(at)], handle: () => {} }));
    const records = () =>
      new Promise((resolve) => {
        const opening = indexedDB.open("dray-uploads");
        opening.onsuccess = () => {
          const counting = opening.result.transaction("packs").objectStore("packs").count();
          counting.onsuccess = () => (opening.result.close(), resolve(counting.result));
        };
      });
    for (const upload of [...equal, ...strange]) await own.take(upload);
    const inShort = await records();
    for (const upload of [...equal, ...strange]) await own.changed(Object.assign(upload, { startKey: "s" }));
    for (const upload of [...equal, ...strange]) await own.ended(Object.assign(upload, { item: {} }));
    return [await records(), inShort];
  });
  assert.equal(inShort, 1, "three files of the first pick");
  assert.equal(records, 0);
});

test("after a transaction that failed, an entry still lies in one place", async () => {
  const page = await tab();
  const ids = await page.evaluate(async () => {
    const { memory, add, entries } = /** @type {Page} */ (/** @type {unknown} */ (window));
    const closed = memory();
    const before = add(closed, "x");
    await closed.take(before);
    await closed.changed(Object.assign(before, { session: { uploadId: "u" } }));
    closed.close();
    while ((await navigator.locks.query()).held?.length) await new Promise((resolve) => setTimeout(resolve, 10));
    const own = memory();
    const upload = add(own, "x");
    await own.whose();
    while ((await entries()).length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    // The transaction of the take writes, and is aborted, as if the disk were full.
    const { put } = IDBObjectStore.prototype;
    IDBObjectStore.prototype.put = function (/** @type {unknown} */ value) {
      const request = put.call(this, value);
      this.transaction.abort();
      return request;
    };
    await own.take(upload);
    IDBObjectStore.prototype.put = put;
    await own.changed(Object.assign(upload, { startKey: "s" }));
    return (await entries()).map(({ id }) => id);
  });
  assert.equal(new Set(ids).size, ids.length, `${ids}`);
  assert.equal(ids.length, 2);
});

test("what an earlier version has left, each upload in a record of its own, is found, taken and ended", async () => {
  const page = await tab();
  const [found, taken, kept] = await page.evaluate(async () => {
    const { memory, add, signal, entries, earlier } = /** @type {Page} */ (/** @type {unknown} */ (window));
    await earlier(["a.txt", "b.txt", "c.txt"].map((id) => ({ id, done: id === "b.txt" ? 1 : 0, session: { uploadId: `upload of ${id}` } })));
    const own = memory();
    const left = await own.left();
    const upload = add(own, "a.txt");
    const isMine = await own.take(upload, signal);
    await own.ended(Object.assign(upload, { item: {} }));
    return [left.map((/** @type {any} */ { id, done }) => [id, done]), [isMine, upload.session?.uploadId], (await entries()).map(({ name, done }) => [name, done]).sort()];
  });
  assert.deepEqual(found, [["a.txt", 0], ["b.txt", 1], ["c.txt", 0]]);
  assert.deepEqual(taken, [true, "upload of a.txt"]);
  assert.deepEqual(kept, [["a.txt", 1], ["b.txt", 1], ["c.txt", 0]], "its pick is not over");
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

test("what waits in a living tab of an earlier version is left to it, and continued once it is closed", async () => {
  const page = await tab();
  const taken = await page.evaluate(async () => {
    const { memory, add, earlier } = /** @type {Page} */ (/** @type {unknown} */ (window));
    let close = () => {};
    const lock = navigator.locks.request("dray-tab-living", () => new Promise((resolve) => (close = () => resolve(null))));
    await earlier([{ id: "a.txt", tab: "living", sending: false, session: { uploadId: "u" } }]);
    const own = memory();
    const upload = add(own, "a.txt");
    const first = await own.take(upload);
    close();
    await lock;
    return [first, await own.take(upload), upload.session?.uploadId];
  });
  assert.deepEqual(taken, [false, true, "u"]);
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
    const opening = indexedDB.open("dray-uploads");
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
