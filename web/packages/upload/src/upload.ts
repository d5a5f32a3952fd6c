// One file on its way: its state, as the page sees it. Decides nothing and sends nothing.

import { newKey, type Item, type OnConflict } from "./api.ts";
import type { Failure } from "./failure.ts";
import { Meter } from "./meter.ts";
import type { Part } from "./parts.ts";
import type { Source } from "./source.ts";

/** `unpicked`: it began before a reload or a crash, and its file must be picked again or may only be read after a click. */
export type State = "unpicked" | "queued" | "uploading" | "finishing" | "paused" | "done" | "failed" | "cancelled";

/** Which upload it is to the server. */
export interface Session {
  uploadId: string;
  fileKey: string;
}

/** Where a file goes, and what may help to find it again. */
export interface Destination {
  /** The folder; absent: the root. */
  parentId?: string;
  /** Folders below that, which are made: `["Photos", "2026"]`. */
  path?: readonly string[];
  onConflict?: OnConflict;
  /** The file's handle, so that it need not be picked again after a reload. */
  handle?: FileSystemFileHandle;
}

export class Upload {
  state: State = "queued";
  /** For people: why it failed, or what it waits for. */
  note: string | null = null;
  failure: Failure | null = null;
  parts: Part[] = [];
  /** Bytes on their way or in the store. */
  sent = 0;
  item: Item | null = null;
  session: Session | null = null;
  /** Of the start, so that one whose answer is lost is not another upload when it is asked again. */
  startKey = newKey();
  /** The server may have parts of it that were not sent from here. */
  resumed = false;
  /** The file's time when the upload began, if that was before a reload. */
  begunWith: number | null = null;
  /** The folders of its path, from the top, as far as they are made. */
  folderIds: string[] = [];
  run: AbortController | null = null;
  signing: Promise<void> | null = null;
  /** When the addresses of its parts expire, by the engine's clock. */
  signedUntil = Infinity;
  readonly meter = new Meter();
  private readonly watchers = new Set<() => void>();

  constructor(
    readonly id: string,
    /** The files that were picked together. */
    readonly pick: string,
    public file: Source,
    readonly destination: Destination,
    private readonly counted: (bytes: number) => void,
  ) {}

  get active(): boolean {
    return this.state === "queued" || this.state === "uploading" || this.state === "finishing";
  }

  /** Nothing more happens to it by itself. */
  get settled(): boolean {
    return this.state === "done" || this.state === "failed" || this.state === "cancelled";
  }

  /** `bytes` of this part are on their way or stored. Only the engine calls this. */
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

  /** Something changed. Only the engine calls this. */
  touch(): void {
    for (const watch of [...this.watchers]) watch();
  }

  /** The item, once it is in the drive; rejects when the upload fails or is cancelled. */
  finished(): Promise<Item> {
    return new Promise((resolve, reject) => {
      const watch = (): void => {
        if (!this.settled) return;
        this.watchers.delete(watch);
        if (this.item) resolve(this.item);
        else reject(this.failure ?? new Error(`${this.file.name}: the upload was cancelled.`));
      };
      this.watchers.add(watch);
      watch();
    });
  }

  /** Each change as it happens, or the latest of those that nobody waited for; ends once nothing more happens by itself. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Progress, void, void> {
    let changed = true;
    let wake = (): void => {};
    const watch = (): void => {
      changed = true;
      wake();
    };
    this.watchers.add(watch);
    try {
      for (;;) {
        if (!changed) await new Promise<void>((resolve) => (wake = resolve));
        changed = false;
        const { state, sent, note } = this;
        yield { state, sent, size: this.file.size, note };
        if (this.settled && !changed) return;
      }
    } finally {
      this.watchers.delete(watch);
    }
  }
}

/** Where an upload stands. */
export interface Progress {
  state: State;
  /** Bytes. */
  sent: number;
  /** Bytes. */
  size: number;
  note: string | null;
}
