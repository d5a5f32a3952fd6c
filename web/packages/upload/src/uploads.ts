// Many uploads: which of them run, what a person may do with each, and what is found again after a reload.
// sender.ts sends each. The network, clock and journal are arguments, or index.ts chooses them.

import { abandon } from "./abandon.ts";
import { newKey, type Item } from "./api.ts";
import { Failure } from "./failure.ts";
import type { Entry } from "./journal.ts";
import { matchOf, type Memory } from "./memory.ts";
import { Meter } from "./meter.ts";
import { Patience } from "./patience.ts";
import { dropAddresses, Sender, type Sending } from "./sender.ts";
import type { Source } from "./source.ts";
import { Totals } from "./totals.ts";
import { Upload, type Destination, type Session, type State } from "./upload.ts";

export interface Surroundings extends Sending {
  memory: (onNews: () => void) => Memory;
  filesInFlight: number;
}

/** The events that a listener can receive. */
export interface Events {
  /** An upload was added or has changed. */
  change: Upload;
  done: Upload;
  failed: Upload;
  /** An upload was removed from the list. */
  removed: Upload;
  /** An upload was cancelled, but the server could not be reached: its bytes count towards the quota until it expires. */
  leftOpen: Upload;
}

/** A file to add, and where to put it. */
export interface Picked extends Destination {
  file: Source;
}

/** Files up to this size may go in a batch, by one PUT each: the server's limit. */
const SMALL_BYTES = 8 << 20;
/** The minimum number of small files for a batch. */
const FEWEST = 8;
/** How many batches are sent at once: while one is started or finalized, the files of another are sent. */
const BATCHES_IN_FLIGHT = 3;
/** The reason of a run that was aborted although nothing failed. */
const STOPPED = new Failure("stopped");
const PICK_AGAIN = "Pick the file or its folder again to continue the upload.";
const ALLOW_AGAIN = "Resume, and allow the browser to read the file again.";

export class Uploads {
  readonly all = new Set<Upload>();
  readonly totals = new Totals();
  readonly meter = new Meter();
  readonly #queue = new Set<Upload>();
  /** Small files that wait. If there are enough of them, they go in batches. */
  readonly #small = new Set<Upload>();
  readonly #unpicked = new Map<string, Set<Upload>>();
  readonly #listeners = new Map<keyof Events, Set<(upload: Upload) => void>>();
  readonly #patience: Patience;
  readonly #memory: Memory;
  readonly #sender: Sender;
  #running = 0;
  #batches = 0;
  #isLooking = false;

  constructor(private readonly around: Surroundings) {
    this.#patience = new Patience(around, (upload) => this.#emit("change", upload));
    this.#memory = around.memory(() => {
      this.#patience.wake();
      void this.#lookAgain();
    });
    this.#sender = new Sender(around, this.#patience, this.#memory, this.meter, {
      onChange: (upload) => this.#emit("change", upload),
      onFinishing: (upload) => this.#enter(upload, "finishing"),
      giveUp: (upload) => this.#giveUp(upload),
      abandon: (upload, session) => void this.#abandon(upload, session),
    });
  }

  /** Calls `listener` for each event; returns a function that removes it. */
  on(event: keyof Events, listener: (upload: Upload) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  get busy(): boolean {
    return this.totals.active > 0;
  }

  /** Whether something would be lost if the page were closed now. */
  get unfinished(): boolean {
    return this.busy || this.totals.of.paused > 0;
  }

  add(file: Source, destination: Destination = {}): Upload {
    return this.addAll([{ file, ...destination }])[0]!;
  }

  /** Adds files that were picked together: after a reload, picking the folder once continues all of its files. */
  addAll(picked: Iterable<Picked>): Upload[] {
    const pick = newKey();
    const uploads = Array.from(picked, ({ file, ...destination }) => this.#again(file, destination) ?? this.#fresh(file, destination, pick));
    this.#pump();
    return uploads;
  }

  /** Pauses an upload. The store keeps its parts; `resume` sends parts that were in flight again. */
  pause(upload: Upload): void {
    if (upload.state === "queued" || upload.state === "uploading") this.#stop(upload, "paused");
  }

  /** Cancels the upload, here and on the server, where it would count towards the quota until it expires. */
  cancel(upload: Upload): void {
    if (["done", "finishing", "cancelled"].includes(upload.state)) return;
    this.#stop(upload, "cancelled");
    this.#giveUp(upload);
    this.#isPicked(upload);
    void this.#memory.ended(upload);
  }

  /** Continues an upload after a pause, a failure, or (if its file can be read after a click) a reload. */
  resume(upload: Upload): void {
    if (upload.state === "unpicked") return void this.#reopen(upload, true);
    if (upload.state !== "paused" && upload.state !== "failed") return;
    if (upload.failure?.kind === "start-over") this.#giveUp(upload);
    this.#wait(upload);
    this.#pump();
  }

  /** Continues the uploads that stopped because their token ended. Call it once there is another token. */
  resumeSignedOut(): void {
    for (const upload of this.all) if (upload.failure?.kind === "signed-out") this.resume(upload);
  }

  /** Removes an upload that has ended from the list. */
  forget(upload: Upload): void {
    if (upload.active) return;
    this.#isPicked(upload);
    if (!this.all.delete(upload)) return;
    this.totals.count(upload, -1);
    this.#emit("removed", upload);
  }

  /** Ends every wait: the network is back. */
  wake(): void {
    this.#patience.wake();
  }

  /**
   * Continues what a reload or a crash interrupted. An upload whose file can be read through a kept handle continues at once;
   * the others wait until their file or its folder is picked again. Returns those that are now in the list.
   */
  async restore(): Promise<Upload[]> {
    const entries = await this.#memory.left();
    const known = new Set([...this.all, ...this.#waiting()].map(({ id }) => id));
    const uploads = entries.filter(({ id }) => !known.has(id)).map((entry) => this.#found(entry));
    await Promise.all(uploads.map((upload) => (upload.state === "unpicked" ? this.#reopen(upload, false) : undefined)));
    return uploads.filter((upload) => this.all.has(upload));
  }

  /** An upload from before. If it is done, it is not listed, but only remembered, in case its folder is picked again. */
  #found(entry: Entry): Upload {
    const { id, pick, name, size, type, lastModified, destination } = entry;
    const file: Source = { name, size, type, slice: () => Promise.reject(new Error(PICK_AGAIN)), ...(lastModified !== null && { lastModified }) };
    const upload = this.#make(id, pick, file, destination);
    this.#memory.knows(upload, entry);
    this.#sender.folders.remember(upload);
    upload.state = "unpicked";
    upload.note = destination.handle ? ALLOW_AGAIN : PICK_AGAIN;
    const match = matchOf("", upload);
    const waiting = this.#unpicked.get(match) ?? new Set();
    this.#unpicked.set(match, waiting.add(upload));
    if (!entry.done) this.#list(upload);
    return upload;
  }

  /** Reads the file through its handle. The browser may ask the person for permission only after a click. */
  async #reopen(upload: Upload, mayAsk: boolean): Promise<void> {
    const handle = upload.destination.handle as PermittedHandle | undefined;
    if (!handle) return;
    try {
      let permission = (await handle.queryPermission?.({ mode: "read" })) ?? "granted";
      if (permission !== "granted" && mayAsk) permission = (await handle.requestPermission?.({ mode: "read" })) ?? "granted";
      if (permission !== "granted") return;
      this.#pickedAgain(upload, await handle.getFile());
      this.#pump();
    } catch {
      upload.note = PICK_AGAIN;
      this.#emit("change", upload);
    }
  }

  /** The upload from before that this file continues, if there is one. */
  #again(file: Source, destination: Destination): Upload | null {
    const [upload] = this.#unpicked.get(matchOf("", { file, destination })) ?? [];
    return upload ? this.#pickedAgain(upload, file) : null;
  }

  #pickedAgain(upload: Upload, file: Source): Upload {
    if (!this.#isPicked(upload)) return upload;
    const isSame = file.size === upload.file.size && (!upload.item || file.lastModified === upload.file.lastModified);
    if (!isSame) {
      // A finished upload stays as it is; an unfinished one is of no more use. The file is uploaded as a new one.
      if (!upload.item) this.cancel(upload);
      this.forget(upload);
      return this.#fresh(file, upload.destination, newKey());
    }
    upload.file = file;
    if (!this.all.has(upload)) this.#list(upload);
    this.#wait(upload);
    return upload;
  }

  /** Its file was picked, so the upload no longer waits for it. Returns whether it did. */
  #isPicked(upload: Upload): boolean {
    return this.#unpicked.get(matchOf("", upload))?.delete(upload) ?? false;
  }

  /** The uploads that wait for their files. */
  #waiting(): Upload[] {
    return [...this.#unpicked.values()].flatMap((uploads) => [...uploads]);
  }

  /** Checks whether another tab has continued an upload that waits for its file here. */
  async #lookAgain(): Promise<void> {
    if (this.#isLooking || this.#waiting().length === 0) return;
    this.#isLooking = true;
    const left = new Set((await this.#memory.left()).map(({ id }) => id));
    this.#isLooking = false;
    for (const upload of this.#waiting()) if (!left.has(upload.id)) this.forget(upload);
  }

  #fresh(file: Source, destination: Destination, pick: string): Upload {
    const upload = this.#make(newKey(), pick, file, destination);
    this.#list(upload);
    this.#memory.add(upload);
    this.#wait(upload);
    return upload;
  }

  #make(id: string, pick: string, file: Source, destination: Destination): Upload {
    const upload: Upload = new Upload(id, pick, file, destination, (bytes) => {
      if (this.all.has(upload)) this.totals.move(upload, bytes);
    });
    return upload;
  }

  #list(upload: Upload): void {
    this.all.add(upload);
    this.totals.count(upload, 1);
    this.#emit("change", upload);
  }

  #wait(upload: Upload): void {
    this.#enter(upload, "queued");
    const isSmall = this.#sender.knowsBatches && upload.file.size <= SMALL_BYTES && !upload.session;
    (isSmall ? this.#small : this.#queue).add(upload);
  }

  #pump(): void {
    const together = this.#sender.knowsBatches && this.#small.size >= FEWEST;
    for (; together && this.#batches < BATCHES_IN_FLIGHT; this.#batches++) void this.#runBatch();
    for (const queue of together ? [this.#queue] : [this.#small, this.#queue]) {
      for (const upload of queue) {
        if (this.#running >= this.around.filesInFlight) return;
        this.#running += 1;
        void this.#run(upload).finally(() => {
          this.#running -= 1;
          this.#pump();
        });
      }
    }
  }

  /** Runs the next small files. If the script for this cannot be loaded, all files go by themselves. */
  async #runBatch(): Promise<void> {
    try {
      const { runBatch } = await import("./batch.ts");
      await runBatch(this.#small, this.#sender, newKey(), (upload) => this.#run(upload));
    } catch {
      this.#sender.knowsBatches = false;
    }
    this.#batches -= 1;
    this.#pump();
  }

  async #run(upload: Upload): Promise<void> {
    const run = new AbortController();
    upload.run = run;
    this.#queue.delete(upload);
    this.#small.delete(upload);
    this.#enter(upload, "uploading");
    try {
      this.#finish(upload, await this.#sender.send(upload, run));
    } catch (error) {
      run.abort(error);
      if (upload.run !== run) return;
      if (error !== this.#sender.alone) return this.#fail(upload, error);
      this.#halt(upload);
      this.#enter(upload, "queued");
      this.#queue.add(upload);
    }
  }

  #finish(upload: Upload, item: Item): void {
    upload.item = item;
    upload.run = null;
    this.#enter(upload, "done");
    this.#emit("done", upload);
    void this.#memory.ended(upload);
  }

  #stop(upload: Upload, state: "paused" | "cancelled"): void {
    const { run } = upload;
    this.#halt(upload);
    this.#enter(upload, state);
    run?.abort(STOPPED);
  }

  #fail(upload: Upload, error: unknown): void {
    const failure = error instanceof Failure ? error : new Failure(`The page failed: ${String(error)}`);
    this.#halt(upload);
    if (failure.kind === "start-over" && upload.resumed) {
      // What was sent before the reload belongs to another file, or is gone. The whole file is sent.
      this.#giveUp(upload);
      return this.#wait(upload);
    }
    this.#enter(upload, "failed", failure.message, failure);
    this.#emit("failed", upload);
  }

  /** No run owns the upload any more. Bytes in flight count as not sent, and URLs may be expired when it continues. */
  #halt(upload: Upload): void {
    upload.run = null;
    upload.signing = null;
    this.#queue.delete(upload);
    this.#small.delete(upload);
    dropAddresses(upload);
    for (const part of upload.parts) if (part.eTag === null) upload.count(part, 0);
  }

  /** Aborts the upload on the server: its data there is of no more use. */
  #giveUp(upload: Upload): void {
    const { session } = upload;
    upload.session = null;
    upload.startKey = newKey();
    upload.resumed = false;
    upload.begunWith = null;
    upload.headers = null;
    upload.setParts([]);
    if (session) void this.#abandon(upload, session);
  }

  async #abandon(upload: Upload, session: Session): Promise<void> {
    const after = (tries: number): Promise<void> =>
      new Promise((resolve) => void this.around.after(this.#patience.pause(tries), resolve));
    // This uses the current token, because signing out cancels uploads too.
    if (!(await abandon(this.around.api(), session, after))) this.#emit("leftOpen", upload);
  }

  #enter(upload: Upload, state: State, note: string | null = null, failure: Failure | null = null): void {
    this.totals.count(upload, -1);
    upload.state = state;
    upload.note = note;
    upload.failure = failure;
    this.totals.count(upload, 1);
    this.#emit("change", upload);
  }

  #emit(event: keyof Events, upload: Upload): void {
    if (event === "change") upload.touch();
    for (const listener of this.#listeners.get(event) ?? []) listener(upload);
  }
}

/** Not in TypeScript's library yet (WICG, "File System Access", 2.4); files of the origin's own storage need no permission. */
interface PermittedHandle extends FileSystemFileHandle {
  queryPermission?(descriptor: { mode: "read" }): Promise<PermissionState>;
  requestPermission?(descriptor: { mode: "read" }): Promise<PermissionState>;
}
