// The uploads that closed tabs have left: which of them are listed again, and how each gets its file back. It decides nothing
// about sending. Like journal.ts, it is part of the script that is loaded only where something can be kept.

import { matchOf, type Entry } from "./entry.ts";
import type { Folders } from "./folders.ts";
import type { Memory } from "./memory.ts";
import type { Source } from "./source.ts";
import type { Destination, FileHandle, Upload } from "./upload.ts";
import type { Uploads } from "./uploads.ts";

/** What is needed of the list of uploads. */
export interface Listing {
  readonly uploads: Uploads;
  readonly memory: Memory;
  /** Made for other uploads of the same pick. */
  readonly folders: Folders;
  make(id: string, pick: string, file: Source, destination: Destination): Upload;
  /** Adds an upload to the list. */
  list(upload: Upload): void;
  /** Adds a new upload to the list, and lets it wait for its turn. */
  fresh(file: Source, destination: Destination): Upload;
  /** Lets an upload wait for its turn. */
  wait(upload: Upload): void;
  pump(): void;
  changed(upload: Upload): void;
}

const PICK_AGAIN = "Pick the file or its folder again to continue the upload.";
const ALLOW_AGAIN = "Resume, and allow the browser to read the file again.";

export class Left {
  /** The uploads that wait for their files. */
  readonly #waiting = new Map<string, Set<Upload>>();
  #isLooking = false;

  constructor(private readonly list: Listing) {}

  /** Uploads that wait for their files, also those that are done, and are known only in case their folder is picked again. */
  get waiting(): Upload[] {
    return [...this.#waiting.values()].flatMap((uploads) => [...uploads]);
  }

  /** Finds what closed tabs have left, and forgets what belongs to another person than the one who is there now. */
  async restore(): Promise<Upload[]> {
    const { list } = this;
    const owner = await list.memory.whose();
    for (const upload of this.waiting) if (upload.owner !== owner) list.uploads.forget(upload);
    const entries = (await list.memory.left()) ?? [];
    // Somebody else may have signed in meanwhile: they must not see these.
    if ((await list.memory.whose()) !== owner) return [];
    const known = new Set([...list.uploads.all, ...this.waiting].map(({ id }) => id));
    const uploads = entries.filter(({ id }) => !known.has(id)).map((entry) => this.#found(entry));
    await Promise.all(uploads.map((upload) => (upload.state === "unpicked" ? this.reopen(upload, false) : undefined)));
    return uploads.filter((upload) => list.uploads.all.has(upload));
  }

  /** Reads the file through its handle. The browser may ask the person for permission only after a click. */
  async reopen(upload: Upload, mayAsk: boolean): Promise<void> {
    const handle = upload.destination.handle as PermittedHandle | undefined;
    if (!handle) return;
    try {
      let permission = (await handle.queryPermission?.({ mode: "read" })) ?? "granted";
      if (permission !== "granted" && mayAsk) permission = (await handle.requestPermission?.({ mode: "read" })) ?? "granted";
      if (permission !== "granted") return;
      // Nothing happens if it no longer waits for its file.
      this.#pickedAgain(upload, await handle.getFile());
      this.list.pump();
    } catch {
      if (!this.waiting.includes(upload)) return;
      upload.note = PICK_AGAIN;
      this.list.changed(upload);
    }
  }

  /** The upload from before that this file continues, if there is one. */
  again(file: Source, destination: Destination): Upload | null {
    const [upload] = this.#waiting.get(matchOf("", { file, destination })) ?? [];
    return upload ? this.#pickedAgain(upload, file) : null;
  }

  /** Its file was picked, so the upload no longer waits for it. Returns whether it did. */
  isPicked(upload: Upload): boolean {
    return this.#waiting.get(matchOf("", upload))?.delete(upload) ?? false;
  }

  /** Checks whether another tab has continued an upload that waits for its file here. */
  async look(): Promise<void> {
    if (this.#isLooking || this.waiting.length === 0) return;
    this.#isLooking = true;
    const entries = await this.list.memory.left();
    this.#isLooking = false;
    if (!entries) return;
    const left = new Set(entries.map(({ id }) => id));
    for (const upload of this.waiting) if (!left.has(upload.id)) this.list.uploads.forget(upload);
  }

  /** An upload from before. If it is done, it is not listed, but only remembered, in case its folder is picked again. */
  #found(entry: Entry): Upload {
    const { id, pick, name, size, type, lastModified, destination } = entry;
    const file: Source = { name, size, type, slice: () => Promise.reject(new Error(PICK_AGAIN)), ...(lastModified !== null && { lastModified }) };
    const upload = this.list.make(id, pick, file, destination);
    this.list.memory.knows(upload, entry);
    const { path = [], parentId } = destination;
    const ids = upload.folderIds;
    ids.forEach((id, at) => this.list.folders.remember(pick, path.slice(0, at + 1), ids[at - 1] ?? parentId, id));
    upload.doubt = "found";
    upload.state = "unpicked";
    upload.note = destination.handle ? ALLOW_AGAIN : PICK_AGAIN;
    const match = matchOf("", upload);
    const waiting = this.#waiting.get(match) ?? new Set();
    this.#waiting.set(match, waiting.add(upload));
    if (!entry.done) this.list.list(upload);
    return upload;
  }

  #pickedAgain(upload: Upload, file: Source): Upload {
    const { list } = this;
    if (!this.isPicked(upload)) return upload;
    const isSame = file.size === upload.file.size && (!upload.wasDone || file.lastModified === upload.file.lastModified);
    if (!isSame) {
      // A finished upload stays as it is; an unfinished one is of no more use. The file is uploaded as a new one.
      if (!upload.wasDone) list.uploads.cancel(upload);
      list.uploads.forget(upload);
      return list.fresh(file, upload.destination);
    }
    upload.file = file;
    if (!list.uploads.all.has(upload)) list.list(upload);
    // Whoever was told of it may have cancelled it.
    if (upload.state === "unpicked") list.wait(upload);
    return upload;
  }
}

/** Not in TypeScript's library yet (WICG, "File System Access", 2.4); files of the origin's own storage need no permission. */
interface PermittedHandle extends FileHandle {
  queryPermission?(descriptor: { mode: "read" }): Promise<PermissionState>;
  requestPermission?(descriptor: { mode: "read" }): Promise<PermissionState>;
}
