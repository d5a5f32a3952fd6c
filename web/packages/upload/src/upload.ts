// One file being uploaded: its state, as the page sees it. Decides nothing and sends nothing.

import { newKey, type Item, type OnConflict } from "./api.ts";
import type { Batch } from "./batch.ts";
import type { Failure } from "./failure.ts";
import { Meter } from "./meter.ts";
import type { Part } from "./parts.ts";
import type { Source } from "./source.ts";

/** `unpicked`: it began before a reload or a crash, and its file must be picked again, or needs a click before it can be read. */
export type State = "unpicked" | "queued" | "uploading" | "finishing" | "paused" | "done" | "failed" | "cancelled";

/** The ids of an upload on the server. */
export interface Session {
  uploadId: string;
  fileKey: string;
}

/** Where to put a file, and how to read it again after a reload. */
export interface Destination {
  /** The folder; if absent, the root. */
  parentId?: string;
  /** Folders below it, which are created: `["Photos", "2026"]`. */
  path?: readonly string[];
  onConflict?: OnConflict;
  /** The file's handle, so that it need not be picked again after a reload. */
  handle?: FileHandle;
}

/** A `FileSystemFileHandle`: not every environment's types know that name. */
export interface FileHandle {
  readonly kind: "file";
  readonly name: string;
  getFile(): Promise<File>;
}

export class Upload {
  state: State = "queued";
  /** A message for people: why the upload failed, or what it waits for. */
  note: string | null = null;
  failure: Failure | null = null;
  parts: Part[] = [];
  /** Bytes that are in flight or in the store. */
  sent = 0;
  item: Item | null = null;
  session: Session | null = null;
  /** The idempotency key of the start, so that a lost answer does not lead to a second upload. */
  startKey = newKey();
  /** Whether the server may have parts that this page did not send. */
  resumed = false;
  /** Whether it was done before a reload: the server must confirm that its item is still there. */
  wasDone = false;
  /** Whose it is; `null` if nobody knows. */
  owner: string | null = null;
  /** Why somebody else may be there now: it was found again, or it stopped because its token ended. `clicked`: a person wants it to continue. */
  doubt: "found" | "signed-out" | "clicked" | null = null;
  /** The file's `lastModified` when the upload began, if that was before a reload. */
  begunWith: number | null = null;
  /** The ids of the folders of its path, from the top, as far as they exist. It is replaced, never changed. */
  folderIds: readonly string[] = [];
  /** The batch in which it is started and finalized, if it is a small file among many. */
  batch: Batch | null = null;
  /** The headers that the PUT of a small file must have. */
  headers: Record<string, string> | null = null;
  run: AbortController | null = null;
  signing: Promise<void> | null = null;
  /** When the URLs of its parts expire, by the engine's clock. */
  signedUntil = Infinity;
  readonly meter = new Meter();
  readonly #watchers = new Set<() => void>();
  #isRemoved = false;

  constructor(
    public id: string,
    /** Identifies the files that were picked together. */
    readonly pick: string,
    public file: Source,
    readonly destination: Destination,
    private readonly counted: (bytes: number) => unknown,
  ) {}

  get active(): boolean {
    return ["queued", "uploading", "finishing"].includes(this.state);
  }

  /** Whether it does not continue without a person. */
  get settled(): boolean {
    return this.#isRemoved || ["done", "failed", "cancelled"].includes(this.state);
  }

  /** Records that `bytes` of this part are in flight or stored. Only the engine calls this. */
  count(part: Part, bytes: number): void {
    const more = bytes - part.sent;
    part.sent = bytes;
    this.sent += more;
    this.counted(more);
  }

  /** Only the engine calls this. */
  setParts(parts: Part[]): void {
    this.counted(-this.sent);
    this.parts = parts;
    this.sent = parts.reduce((sum, part) => sum + part.sent, 0);
    this.counted(this.sent);
  }

  /** Reports a change. Only the engine calls this. */
  touch(): void {
    // One that has failed may be tried again.
    if (this.#isRemoved || ["done", "cancelled"].includes(this.state)) this.file.close?.();
    for (const watch of [...this.#watchers]) watch();
  }

  /** It is no longer on the list: nobody waits for it any more. Only the engine calls this. */
  removed(): void {
    this.#isRemoved = true;
    this.touch();
  }

  /** Resolves to the item once it is in the drive. Rejects if the upload fails, is cancelled, or is removed from the list. */
  finished(): Promise<Item> {
    return new Promise((resolve, reject) => {
      const watch = (): void => {
        if (!this.settled) return;
        this.#watchers.delete(watch);
        if (this.item) resolve(this.item);
        else reject(this.failure ?? new Error(`${this.file.name}: the upload was cancelled.`));
      };
      this.#watchers.add(watch);
      watch();
    });
  }

  /** Yields each change, or only the latest if the reader is slower. Ends when the upload does not continue without a person. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Progress, void, void> {
    let changed = true;
    let wake = (): void => {};
    const watch = (): void => {
      changed = true;
      wake();
    };
    this.#watchers.add(watch);
    try {
      for (;;) {
        if (!changed) await new Promise<void>((resolve) => (wake = resolve));
        changed = false;
        const { state, sent, note } = this;
        yield { state, sent, size: this.file.size, note };
        if (this.settled && !changed) return;
      }
    } finally {
      this.#watchers.delete(watch);
    }
  }
}

/** The progress of an upload. */
export interface Progress {
  state: State;
  /** Bytes. */
  sent: number;
  /** Bytes. */
  size: number;
  note: string | null;
}
