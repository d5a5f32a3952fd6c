// What is dropped: reads a folder, however deep it is (the drive says which files it does not take), and holds back what a page does not
// want. It is a script of its own, which is loaded with the first folder, or with a page's rules. It imports only types.

import type { Picked, Rules } from "./surroundings.ts";

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

/** The files that keep to the rules. The others are told to `onLeftOut`. */
export function fitting(picked: Picked[], { accept = "", multiple = true, onLeftOut }: Rules): Picked[] {
  const wanted = accept.split(",").map((one) => one.trim().toLowerCase()).filter(Boolean);
  const accepted = picked.filter(({ file }) => wanted.length === 0 || wanted.some((one) => isOf(one, file)));
  const fit = new Set(multiple ? accepted : accepted.slice(0, 1));
  const left = picked.filter((one) => !fit.has(one));
  if (left.length > 0) onLeftOut?.(left);
  return [...fit];
}

/** `wanted` is an extension, a type, or all types of a kind (HTML, 4.10.5.1.17). */
function isOf(wanted: string, { name, type }: Picked["file"]): boolean {
  if (wanted.startsWith(".")) return name.toLowerCase().endsWith(wanted);
  const [is] = type.toLowerCase().split(";");
  return wanted.endsWith("/*") ? is!.startsWith(wanted.slice(0, -1)) : is === wanted;
}
