// Files and folders of the disk, for programs in Node: `@dray/upload/node`, an entry of its own, which pages never load. Sends nothing.

import { closeSync, fstatSync, open, promises, read, stat, type Callback, type Found } from "node:fs";
import { basename, join, resolve as absolute } from "node:path";
import { fileURLToPath } from "node:url";
import type { Source } from "./source.ts";
import type { Picked } from "./surroundings.ts";

/** How many files are looked at at once. */
const LOOKS_AT_ONCE = 64;

/** Returns the MIME type of a file by its name: the packages `mime` and `mime-types` know most. Without it, the type is unknown. */
export type TypeOf = (name: string) => string | null | false | undefined;

/** A file of the disk. Rejects if there is none at `path`. It is opened when its turn comes, and parts in flight are in memory. */
export async function fromPath(path: string | URL, { typeOf }: { typeOf?: TypeOf } = {}): Promise<Source> {
  const at = pathOf(path);
  const found = await look(at);
  if (!found.isFile()) throw new Error(`${at} is not a file.`);
  return new FileOnDisk(at, found, typeOf);
}

/**
 * All files in a folder, however deep it is, with the names of their folders from this one on: for `addAll`. Links and whatever else is
 * no file are left out. Rejects if a folder cannot be read; a file that cannot be read fails when its turn comes.
 */
export async function filesIn(folder: string | URL, { typeOf }: { typeOf?: TypeOf } = {}): Promise<Picked[]> {
  const top = pathOf(folder);
  const picked: Picked[] = [];
  await walk(top, [basename(top)].filter(Boolean), picked, typeOf);
  return picked;
}

async function walk(folder: string, path: readonly string[], picked: Picked[], typeOf: TypeOf | undefined): Promise<void> {
  const entries = await promises.readdir(folder, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => join(folder, name));
  for (let at = 0; at < files.length; at += LOOKS_AT_ONCE) {
    const some = files.slice(at, at + LOOKS_AT_ONCE);
    // One that cannot even be looked at cannot be read, and says why then.
    const found = await Promise.all(some.map((file) => look(file).catch(() => ({ size: 0, mtimeMs: 0 }))));
    some.forEach((file, index) => picked.push({ file: new FileOnDisk(file, found[index]!, typeOf), path }));
  }
  for (const { name } of entries.filter((entry) => entry.isDirectory())) await walk(join(folder, name), [...path, name], picked, typeOf);
}

class FileOnDisk implements Source {
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly lastModified: number;

  constructor(
    private readonly at: string,
    { size, mtimeMs }: Pick<Found, "size" | "mtimeMs">,
    typeOf?: TypeOf,
  ) {
    this.name = basename(at);
    this.type = typeOf?.(this.name) || "";
    this.size = size;
    this.lastModified = mtimeMs;
  }

  /** In memory: Node's blobs of files have the wrong size from 4 GiB on (nodejs/node#52585), and miss some changes of the file. */
  async slice(start: number, end: number): Promise<Blob> {
    const bytes = new Uint8Array(end - start);
    await this.readInto(bytes, start);
    return new Blob([bytes]);
  }

  async readInto(into: Uint8Array, start: number): Promise<void> {
    const fd = await called<number>((done) => open(this.at, "r", done));
    try {
      for (let at = 0; at < into.length; ) {
        const more = await called<number>((done) => read(fd, into, at, into.length - at, start + at, done));
        if (more === 0) throw this.#changed();
        at += more;
      }
      // What was read before this is what was added.
      const { size, mtimeMs } = fstatSync(fd);
      if (size !== this.size || mtimeMs !== this.lastModified) throw this.#changed();
    } finally {
      closeSync(fd);
    }
  }

  #changed(): Error {
    return new Error(`${this.at} has changed since it was added.`);
  }
}

const pathOf = (path: string | URL): string => absolute(typeof path === "string" ? path : fileURLToPath(path));

const look = (path: string): Promise<Found> => called((done) => stat(path, done));

/** The promises of `node:fs` take twice the processor time. */
const called = <T>(begin: (done: Callback<T>) => void): Promise<T> =>
  new Promise((resolve, reject) => begin((why, value) => (why ? reject(why) : resolve(value))));
