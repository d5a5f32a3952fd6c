// Many uploads: which of them run, what a person may do with each, and what is found again after a reload.
// sender.ts sends each. The network, clock and journal are arguments, or index.ts chooses them.

import { abandon } from "./abandon.ts";
import { newKey, type Item } from "./api.ts";
import { Failure } from "./failure.ts";
import type { Left, Listing } from "./left.ts";
import { canKeep, type Memory } from "./memory.ts";
import { Meter } from "./meter.ts";
import { Patience } from "./patience.ts";
import { still } from "./pause.ts";
import { dropAddresses, Sender } from "./sender.ts";
import type { Source } from "./source.ts";
import type { Events, Picked, Surroundings } from "./surroundings.ts";
import { Totals } from "./totals.ts";
import { Upload, type Destination, type Session, type State } from "./upload.ts";

/** Files up to this size may go in a batch, by one PUT each: the server's limit. */
const SMALL_BYTES = 8 << 20;
/** The minimum number of small files for a batch. */
const FEWEST = 8;
/** How many batches are sent at once: while one is started or finalized, the files of another are sent. */
const BATCHES_IN_FLIGHT = 3;
/** How often to check whether another tab still sends a file. */
const OTHER_TAB_MS = 5_000;
const ELSEWHERE = "Another tab of this browser is sending this file.";
const FOREIGN = "Somebody else may have added this file. “Try again” uploads it as yours.";

export class Uploads {
  readonly all = new Set<Upload>();
  readonly totals = new Totals();
  readonly meter = new Meter();
  readonly #queue = new Set<Upload>();
  /** Small files that wait. If there are enough of them, they go in batches. */
  readonly #small = new Set<Upload>();
  /** Files that another tab sends. */
  readonly #elsewhere = new Set<Upload>();
  /** What closed tabs have left, once `restore` has looked. */
  #found: Left | null = null;
  #left: Promise<Left> | null = null;
  readonly #listeners = new Map<keyof Events, Set<(upload: Upload) => void>>();
  readonly #patience: Patience;
  readonly #memory: Memory;
  readonly #sender: Sender;
  #running = 0;
  #batches = 0;
  #isTimed = false;
  #isDisposed = true;
  #offline = (): void => {};

  constructor(private readonly around: Surroundings) {
    this.#patience = new Patience(around, (upload) => this.#emit("change", upload));
    this.#memory = around.memory(() => {
      this.#lookElsewhere();
      void this.#found?.look();
    });
    this.#sender = new Sender(around, this.#patience, this.#memory, this.meter, {
      onChange: (upload) => this.#emit("change", upload),
      onTaken: (upload) => upload.state === "queued" && this.#enter(upload, "uploading"),
      all: this.all,
      onFinishing: (upload) => this.#enter(upload, "finishing"),
      giveUp: (upload) => this.#giveUp(upload),
      abandon: (upload, session) => void this.#abandon(upload, session),
    });
    this.#open();
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
    this.#open();
    const pick = newKey();
    const uploads = Array.from(picked, ({ file, ...to }) => this.#found?.again(file, to) ?? this.#fresh(file, to, pick));
    this.#pump();
    return uploads;
  }

  /** Pauses an upload. The store keeps its parts; `resume` sends parts that were in flight again. */
  pause(upload: Upload): void {
    if (["queued", "uploading"].includes(upload.state)) this.#stop(upload, "paused");
  }

  /**
   * Cancels the upload, here and on the server, where it would count towards the quota until it expires. If it is just becoming an
   * item, that goes to the trash.
   */
  cancel(upload: Upload): void {
    if (["done", "cancelled"].includes(upload.state)) return;
    const { session, wasDone, state } = upload;
    this.#stop(upload, "cancelled");
    this.#reset(upload);
    this.#found?.isPicked(upload);
    void this.#drop(upload, wasDone ? null : session, state === "finishing");
  }

  /** Continues an upload after a pause, a failure, or (if its file can be read after a click) a reload. */
  resume(upload: Upload): void {
    if (upload.state === "unpicked") return void this.#found?.reopen(upload, true);
    this.#resume(upload, upload.state === "failed" ? "clicked" : upload.doubt);
  }

  /**
   * Continues the uploads that stopped because their token ended. Call it once there is another token. Those of somebody else
   * stay as they are until `resume`. With another token, only the server can tell: it must know an upload that this person began.
   */
  resumeSignedOut(): void {
    for (const upload of this.all) if (upload.failure?.kind === "signed-out") this.#resume(upload, "signed-out");
  }

  #resume(upload: Upload, doubt: Upload["doubt"]): void {
    if (!["paused", "failed"].includes(upload.state) || !this.all.has(upload)) return;
    this.#open();
    upload.doubt = doubt;
    this.#wait(upload);
    this.#pump();
  }

  /** Another person takes over: everything is cancelled and removed, except what waits for its file until its owner comes back. */
  clear(): void {
    for (const upload of [...this.all, ...(this.#found?.waiting ?? [])]) {
      if (upload.state !== "unpicked") this.cancel(upload);
      this.forget(upload);
    }
  }

  /**
   * Stops, and leaves what is unfinished to other tabs, and to other `Uploads` of this page. Call it if nobody needs these
   * `Uploads` any more. The next `add`, `resume` or `restore` continues them.
   */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#offline();
    this.#memory.close();
    for (const upload of this.all) {
      if (!upload.active) continue;
      this.#halt(upload);
      this.#wait(upload);
    }
  }

  #open(): void {
    if (!this.#isDisposed) return;
    this.#isDisposed = false;
    this.#memory.open();
    this.#offline = this.around.online?.(() => this.wake()) ?? this.#offline;
  }

  /** Removes an upload that is not active from the list. One that is paused is cancelled first. */
  forget(upload: Upload): void {
    if (upload.active) return;
    if (upload.state === "paused") this.cancel(upload);
    this.#found?.isPicked(upload);
    if (!this.all.delete(upload)) return;
    this.totals.count(upload, -1);
    upload.removed();
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
    this.#open();
    this.#pump();
    if (!canKeep()) return [];
    this.#left ??= import("./kept.ts").then(({ Left }) => (this.#found = new Left(this.#listing())));
    return (await this.#left.catch(() => (this.#left = null)))?.restore() ?? [];
  }

  #listing(): Listing {
    return {
      uploads: this,
      memory: this.#memory,
      folders: this.#sender.folders,
      make: (...from) => this.#make(...from),
      list: (upload) => this.#list(upload),
      fresh: (file, destination) => this.#fresh(file, destination, newKey()),
      wait: (upload) => this.#wait(upload),
      pump: () => this.#pump(),
      changed: (upload) => this.#emit("change", upload),
    };
  }

  /** Another tab sends this file. Until that ends, it takes no place of a file that this tab could send. */
  #waitElsewhere(upload: Upload): void {
    this.#elsewhere.add(upload);
    this.#enter(upload, "queued", ELSEWHERE);
    if (this.#isTimed) return;
    this.#isTimed = true;
    this.around.after(OTHER_TAB_MS, () => {
      this.#isTimed = false;
      this.#lookElsewhere();
    });
  }

  /** Checks whether the next files that other tabs have sent are free, or done. */
  #lookElsewhere(): void {
    for (const upload of [...this.#elsewhere].slice(0, this.around.filesInFlight)) this.#requeue(upload);
    this.#pump();
  }

  #fresh(file: Source, destination: Destination, pick: string): Upload {
    const upload = this.#make(newKey(), pick, file, destination);
    this.#memory.add(upload);
    this.#requeue(upload);
    this.#list(upload);
    return upload;
  }

  #make(id: string, pick: string, file: Source, destination: Destination): Upload {
    const upload: Upload = new Upload(id, pick, file, destination, (bytes) => this.all.has(upload) && this.totals.move(upload, bytes));
    return upload;
  }

  #list(upload: Upload): void {
    this.all.add(upload);
    this.totals.count(upload, 1);
    this.#emit("change", upload);
  }

  /** The event comes last, here and everywhere: whoever hears it may do anything with the upload. */
  #wait(upload: Upload): void {
    this.#requeue(upload);
    this.#enter(upload, "queued");
  }

  #requeue(upload: Upload): void {
    this.#elsewhere.delete(upload);
    const isSmall = this.#sender.knowsBatches && upload.file.size <= SMALL_BYTES && !upload.session;
    (isSmall ? this.#small : this.#queue).add(upload);
  }

  #pump(): void {
    if (this.#isDisposed) return;
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
      if (!this.#isDisposed) await runBatch(this.#small, this.#sender, newKey(), (upload) => this.#run(upload));
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
    const hasWaited = upload.note === ELSEWHERE;
    if (!hasWaited) this.#enter(upload, "uploading");
    try {
      this.#finish(upload, still(run.signal, await this.#sender.send(upload, run)));
    } catch (error) {
      run.abort(error);
      if (upload.run !== run) return;
      this.#caught(upload, error);
    }
    if (hasWaited && upload.note !== ELSEWHERE) this.#lookElsewhere();
  }

  #caught(upload: Upload, error: unknown): void {
    const { alone, elsewhere, foreign } = this.#sender;
    this.#halt(upload);
    if (error === foreign && upload.doubt === "found") {
      // It was picked by another person than the one who began it: it has nothing to do with that upload.
      this.#reset(upload);
      this.#memory.isAnother(upload);
      return this.#wait(upload);
    }
    if (error !== alone && error !== elsewhere) return this.#fail(upload, error === foreign ? new Failure(FOREIGN) : error);
    if (error === elsewhere) return this.#waitElsewhere(upload);
    this.#queue.add(upload);
    this.#enter(upload, "queued");
  }

  #finish(upload: Upload, item: Item): void {
    upload.item = item;
    upload.run = null;
    this.#enter(upload, "done");
    this.#emit("done", upload);
    void this.#memory.ended(upload);
  }

  #stop(upload: Upload, state: "paused" | "cancelled"): void {
    this.#halt(upload);
    if (state === "paused") this.#memory.release(upload);
    this.#enter(upload, state);
  }

  #fail(upload: Upload, error: unknown): void {
    const failure = error instanceof Failure ? error : new Failure(`The page failed: ${error}`);
    if (failure.kind === "start-over") {
      // What was sent before a reload belongs to another file, or is gone: the whole file is sent.
      const { resumed } = upload;
      this.#giveUp(upload);
      if (resumed) return this.#wait(upload);
    }
    this.#memory.release(upload);
    this.#enter(upload, "failed", failure.message, failure);
    this.#emit("failed", upload);
  }

  /**
   * Takes the upload from its run, which from now on changes nothing more (see `still`), and from its batch. Bytes in flight count
   * as not sent, and URLs may be expired when it continues.
   */
  #halt(upload: Upload): void {
    upload.run?.abort();
    upload.run = null;
    upload.batch?.leave(upload);
    upload.signing = null;
    this.#queue.delete(upload);
    this.#small.delete(upload);
    this.#elsewhere.delete(upload);
    dropAddresses(upload);
    for (const part of upload.parts) if (part.eTag === null) upload.count(part, 0);
  }

  /** Aborts the upload on the server: its data there is of no more use. Only the tab that holds it may do this. */
  #giveUp(upload: Upload): void {
    const { session } = upload;
    this.#reset(upload);
    if (session) void this.#abandon(upload, session);
  }

  /** The upload has nothing to do any more with what was sent of it. */
  #reset(upload: Upload): void {
    Object.assign(upload, { session: null, startKey: newKey(), resumed: false, wasDone: false, begunWith: null, headers: null });
    upload.setParts([]);
  }

  /** Ends a cancelled upload. It is aborted only if no other tab sends it. */
  async #drop(upload: Upload, session: Session | null, undo: boolean): Promise<void> {
    const api = this.around.api().frozen();
    if (session && (await this.#memory.take(upload))) void this.#abandon(upload, session, api, undo);
    await this.#memory.ended(upload);
  }

  // Signing out cancels uploads too: this needs the token of now.
  async #abandon(upload: Upload, session: Session, api = this.around.api().frozen(), undo = false): Promise<void> {
    if (!(await abandon(api, session, this.#patience, undo))) this.#emit("leftOpen", upload);
  }

  #enter(upload: Upload, state: State, note: string | null = null, failure: Failure | null = null): void {
    // What was removed from the list is no longer counted.
    const times = this.all.has(upload) ? 1 : 0;
    this.totals.count(upload, -times);
    Object.assign(upload, { state, note, failure });
    this.totals.count(upload, times);
    this.#emit("change", upload);
  }

  #emit(event: keyof Events, upload: Upload): void {
    if (event === "change") upload.touch();
    for (const listener of this.#listeners.get(event) ?? []) {
      try {
        listener(upload);
      } catch (error) {
        // As with events of the DOM, it is the environment that reports it, and nobody else notices.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
