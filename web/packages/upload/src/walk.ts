// Reads a dropped folder, however deep it is: the drive says which files it does not take. It is a script of its own, which is
// loaded with the first dropped folder. It imports only types.

import type { Picked } from "./surroundings.ts";

/** All files in a folder, with the names of their folders. */
export async function filesIn(folder: FileSystemHandle | FileSystemEntry, path: string[] = [], picked: Picked[] = []): Promise<Picked[]> {
  const below = [...path, folder.name];
  const inside = "kind" in folder ? (folder as WalkedHandle).values() : entriesOf(folder as FileSystemDirectoryEntry);
  for await (const one of inside) {
    const isFile = "kind" in one ? one.kind === "file" : one.isFile;
    if (isFile) picked.push({ ...(await fileOf(one)), path: below });
    else await filesIn(one, below, picked);
  }
  return picked;
}

async function fileOf(one: FileSystemHandle | FileSystemEntry): Promise<Picked> {
  if (!("kind" in one)) return { file: await new Promise<File>((resolve, reject) => (one as FileSystemFileEntry).file(resolve, reject)) };
  const handle = one as FileSystemFileHandle;
  return { file: await handle.getFile(), handle };
}

async function* entriesOf(folder: FileSystemDirectoryEntry): AsyncGenerator<FileSystemEntry> {
  const reader = folder.createReader();
  for (;;) {
    // Browsers return a hundred at a time, and at last none.
    const inside = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (inside.length === 0) return;
    yield* inside;
  }
}

// Not in TypeScript's library (WICG, "File System Access").
type WalkedHandle = FileSystemHandle & { values(): AsyncIterable<FileSystemHandle> };
