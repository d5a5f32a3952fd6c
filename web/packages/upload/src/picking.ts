// The files that a person picked or dropped, with the names of their folders. Knows no uploads.

import type { Picked } from "./surroundings.ts";

/** The drive refuses files that are deeper than this. */
const MOST_FOLDERS = 100;

/** The files of an `<input type="file">`; with `webkitdirectory`, the files of the folder with their paths. */
export function pickedFrom(files: Iterable<File>): Picked[] {
  return Array.from(files, (file) => ({ file, path: (file.webkitRelativePath ?? "").split("/").slice(0, -1) }));
}

/**
 * The dropped files and whole folders, with handles if the browser has them. Call it within the event, because browsers
 * forget dropped files afterwards.
 */
export function droppedIn(transfer: DataTransfer): Promise<Picked[]> {
  const items = [...transfer.items].filter(({ kind }) => kind === "file") as DroppedItem[];
  const reading = items.map((item) => {
    const file = item.getAsFile();
    const entry = item.webkitGetAsEntry?.() ?? null;
    const handle = item.getAsFileSystemHandle?.().catch(() => null) ?? Promise.resolve(null);
    return handle.then(async (handle): Promise<Picked[]> => {
      if (handle) return fromHandle(handle, []);
      if (entry?.isDirectory) return fromEntry(entry, []);
      return file ? [{ file }] : [];
    });
  });
  return Promise.all(reading).then((picked) => picked.flat());
}

/**
 * Opens the picker that gives handles, so that files need not be picked again after a reload. `null` if the browser has no
 * such picker, and the page must use an input; an empty array if the person picks nothing.
 */
export async function pickFiles(): Promise<Picked[] | null> {
  const { showOpenFilePicker } = globalThis as unknown as PickingWindow;
  if (!showOpenFilePicker) return null;
  try {
    const handles = await showOpenFilePicker({ multiple: true });
    return (await Promise.all(handles.map((handle) => fromHandle(handle, [])))).flat();
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return [];
    return null;
  }
}

async function fromHandle(handle: FileSystemHandle, path: string[]): Promise<Picked[]> {
  if (isFile(handle)) {
    const file = await handle.getFile();
    return [{ file, path, handle }];
  }
  if (!isDirectory(handle) || path.length >= MOST_FOLDERS) return [];
  const picked: Picked[] = [];
  for await (const inside of handle.values()) picked.push(...(await fromHandle(inside, [...path, handle.name])));
  return picked;
}

async function fromEntry(entry: FileSystemEntry, path: string[]): Promise<Picked[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ file, path }];
  }
  if (path.length >= MOST_FOLDERS) return [];
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const picked: Picked[] = [];
  for (;;) {
    // Browsers return a hundred at a time, and at last none.
    const inside = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (inside.length === 0) return picked;
    for (const each of inside) picked.push(...(await fromEntry(each, [...path, entry.name])));
  }
}

const isFile = (handle: FileSystemHandle): handle is FileSystemFileHandle => handle.kind === "file";
const isDirectory = (handle: FileSystemHandle): handle is WalkedHandle => handle.kind === "directory";

// Not in TypeScript's library (WICG, "File System Access").
type WalkedHandle = FileSystemDirectoryHandle & { values(): AsyncIterable<FileSystemHandle> };
type DroppedItem = DataTransferItem & { getAsFileSystemHandle?(): Promise<FileSystemHandle | null> };
interface PickingWindow {
  showOpenFilePicker?(options: { multiple: boolean }): Promise<FileSystemFileHandle[]>;
}
