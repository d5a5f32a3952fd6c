// Files and folders of the disk in Node: what is found, what is read, and what a change of the disk does.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, open, rename, rm, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { pathToFileURL } from "node:url";
import { StandIn } from "../../../test/stand-in.mjs";
import { filesIn, fromPath } from "../src/disk.ts";
import { createUploads, type Picked, type Source, type Uploads } from "../src/index.ts";

const MIB = 1 << 20;
let server: StandIn;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dray-disk-"));
  server = await new StandIn().start();
  server.batches = true;
  server.pipelines = true;
  server.partSize = MIB;
});
afterEach(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

const at = (...names: string[]): string => join(folder, ...names);
const uploads = (): Uploads => createUploads({ url: server.apiUrl, token: server.token });
const bytesOf = async (source: Source, start = 0, end = source.size): Promise<Buffer> =>
  Buffer.from(await (await source.slice(start, end)).arrayBuffer());
async function filled(source: Source, start: number, end: number): Promise<Buffer> {
  const into = Buffer.alloc(end - start);
  await source.readInto!(into, start);
  return into;
}
const shown = (picked: Picked[]): string[] => picked.map(({ file, path }) => [...path!, file.name].join("/")).sort();

test("a folder's files are found however deep, without links and pipes", async () => {
  await mkdir(at("a", "b", "c"), { recursive: true });
  await mkdir(at("a", "empty"));
  for (const name of ["2", "1", "b/c/3", "b/ä"]) await writeFile(at("a", ...name.split("/")), name);
  await symlink("/", at("a", "root"));
  await symlink(at("a", "1"), at("a", "b", "link"));
  await symlink(at("a"), at("named"));
  const found = await filesIn(at("a"));
  assert.deepEqual(shown(found), ["a/1", "a/2", "a/b/c/3", "a/b/ä"]);
  for (const { file, path } of found) assert.equal(`a/${await bytesOf(file)}`, [...path!, file.name].join("/"));
  assert.deepEqual(shown(await filesIn(pathToFileURL(at("named", "b", "..")))), ["named/1", "named/2", "named/b/c/3", "named/b/ä"]);
  await assert.rejects(filesIn(at("none")), /ENOENT/);
  await assert.rejects(filesIn(at("a", "1")), /ENOTDIR/);
});

test("a file is named and typed, and is no folder", async () => {
  await writeFile(at("photo.png"), "png");
  await utimes(at("photo.png"), 5, 7);
  const typeOf = (name: string): string | null => (name.endsWith(".png") ? "image/png" : null);
  const { name, size, type, lastModified } = await fromPath(at("photo.png"), { typeOf });
  assert.deepEqual([name, size, type, lastModified], ["photo.png", 3, "image/png", 7_000]);
  assert.equal((await fromPath(at("photo.png"))).type, "");
  assert.deepEqual((await filesIn(folder, { typeOf })).map(({ file }) => file.type), ["image/png"]);
  await assert.rejects(fromPath(folder), /is not a file/);
  await assert.rejects(fromPath(at("none")), /ENOENT/);
});

test("any slice has its bytes, of short and of large files", async () => {
  for (const length of [0, 1, MIB, MIB + 1, 3 * MIB]) {
    const bytes = randomBytes(length);
    await writeFile(at("file"), bytes);
    const file = await fromPath(at("file"));
    for (const [start, end] of [[0, length], [length >> 1, length], [0, length >> 1]] as const) {
      assert.ok((await bytesOf(file, start, end)).equals(bytes.subarray(start, end)), `${start} to ${end} of ${length}`);
      assert.ok(bytes.subarray(start, end).equals(await filled(file, start, end)));
    }
  }
});

test("a file of more than 4 GiB has all of its bytes, and a change of any kind is noticed at each part", async () => {
  const bytes = 2 ** 32 + 100;
  await writeFile(at("huge"), "");
  await truncate(at("huge"), bytes);
  const handle = await open(at("huge"), "r+");
  await handle.write("hello", bytes - 5);
  await handle.close();
  const file = await fromPath(at("huge"));
  assert.equal(file.size, bytes);
  assert.equal(String(await bytesOf(file, bytes - 5)), "hello");
  assert.equal(String(await bytesOf(file, bytes - 10, bytes)).length, 10);
  for (const time of [5, 7]) {
    await utimes(at("huge"), time, time);
    const now = await fromPath(at("huge"));
    await bytesOf(now, 0, MIB);
    await utimes(at("huge"), time + 1, time + 1);
    await assert.rejects(bytesOf(now, 0, MIB), /has changed since it was added/);
  }
});

test("a folder of many files and a large one arrives whole", async () => {
  await mkdir(at("in", "deep"), { recursive: true });
  const wanted = new Map(Array.from({ length: 120 }, (_, index) => [`${index}`, randomBytes(index * 40)]));
  for (const [name, bytes] of wanted) await writeFile(at("in", Number(name) % 2 ? "deep" : "", name), bytes);
  await writeFile(at("in", "large"), wanted.set("large", randomBytes(10 * MIB)).get("large")!);
  const all = uploads().addAll(await filesIn(at("in")));
  await Promise.all(all.map((upload) => upload.finished()));
  for (const [name, bytes] of wanted) assert.ok(server.bytesOf(name).equals(bytes), name);
  assert.equal(server.log.filter((line) => line === "POST pipeline").length, 2);
});

test("a file that has changed, is gone, or has a name that is no text, fails alone and says so", async () => {
  const names = Array.from({ length: 20 }, (_, index) => `${index}`);
  for (const name of names) await writeFile(at(name), `bytes of ${name}`);
  await writeFile(at("empty"), "");
  await writeFile(Buffer.concat([Buffer.from(at("n")), Buffer.from([0xff])]), "bytes");
  for (const name of ["large", "touched"]) await writeFile(at(name), randomBytes(9 * MIB));
  const picked = await filesIn(folder);
  for (const name of ["3", "empty"]) await writeFile(at(name), "more bytes than before");
  await rename(at("4"), `${folder}-4`);
  await truncate(at("large"), 8 * MIB);
  for (const name of ["5", "touched"]) await utimes(at(name), 5, 7);
  const all = uploads().addAll(picked);
  const ended = await Promise.allSettled(all.map((upload) => upload.finished()));
  await rm(`${folder}-4`);
  const failed = ended.flatMap((end, index) => (end.status === "rejected" ? [[all[index]!.file.name, String(end.reason)] as const] : []));
  const changed = "has changed since it was added";
  const wanted = { "3": changed, "4": "ENOENT", "5": changed, empty: changed, large: changed, "n\ufffd": "ENOENT", touched: changed };
  assert.deepEqual(failed.map(([name]) => name).sort(), Object.keys(wanted).sort());
  for (const [name, why] of failed) assert.ok(why.includes(wanted[name as keyof typeof wanted]), `${name}: ${why}`);
});
