// The files that a person picked or dropped, with the names of their folders. dropped.ts reads folders. Knows no uploads.

import type { Picked, Rules } from "./surroundings.ts";

/** The files of an `<input type="file">`; with `webkitdirectory`, the files of the folder with their paths. */
export function pickedFrom(files: Iterable<File>): Picked[] {
  return Array.from(files, (file) => ({ file, path: (file.webkitRelativePath ?? "").split("/").slice(0, -1) }));
}

/** A `DataTransfer`: not every environment's types know that name. */
export interface Dropped {
  readonly items: ArrayLike<{ readonly kind: string }>;
}

/**
 * The dropped files and whole folders, with handles if the browser has them. Call it within the event, because browsers
 * forget dropped files afterwards. An input keeps to `accept` and `multiple` by itself, a drop only to the `rules` here.
 */
export async function droppedIn(transfer: Dropped, rules?: Rules): Promise<Picked[]> {
  const items = Array.from(transfer.items).filter(({ kind }) => kind === "file") as DroppedItem[];
  const reading = items.map((item) => {
    const file = item.getAsFile();
    const entry = item.webkitGetAsEntry?.() ?? null;
    const handle = item.getAsFileSystemHandle?.().catch(() => null) ?? Promise.resolve(null);
    return handle.then(async (handle): Promise<Picked[]> => {
      if (handle && isFile(handle)) return [await pickedBy(handle)];
      const folder = handle ?? (entry?.isDirectory ? entry : null);
      if (folder) return (await import("./dropped.ts")).filesIn(folder);
      return file ? [{ file }] : [];
    });
  });
  const picked = (await Promise.all(reading)).flat();
  return rules ? (await import("./dropped.ts")).fitting(picked, rules) : picked;
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
    return await Promise.all(handles.map(pickedBy));
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return [];
    return null;
  }
}

const isFile = (handle: FileSystemHandle): handle is FileSystemFileHandle => handle.kind === "file";
const pickedBy = async (handle: FileSystemFileHandle): Promise<Picked> => ({ file: await handle.getFile(), path: [], handle });

// Not in TypeScript's library (WICG, "File System Access").
type DroppedItem = DataTransferItem & { getAsFileSystemHandle?(): Promise<FileSystemHandle | null> };
interface PickingWindow {
  showOpenFilePicker?(options: { multiple: boolean }): Promise<FileSystemFileHandle[]>;
}
