// Small files in batches: one request starts many files, one request finalizes many, and each file is sent by one PUT.
// Collects what single uploads ask for. It sends no bytes of files, and knows no list of uploads. It is a script of its own,
// which is loaded with the first batch. It imports only types: code that it shared with the engine would need a third script.

import type { ApiError, FileOutcome, Finalize, Item, NewFile } from "./api.ts";
import type { Part } from "./parts.ts";
import { Pipes } from "./pipeline.ts";
import type { Sender } from "./sender.ts";
import type { Upload } from "./upload.ts";

/** How long a file waits for the others of its batch. */
const WAIT_MS = 500;

/** The maximum number of files in a batch: several batches stay below the number of uploads that one person may have open. */
const MOST_FILES = 200;

/** Takes files that have the same `onConflict` from `waiting`, and runs them together. `key` is new. */
export async function runBatch(waiting: Set<Upload>, sender: Sender, key: string, run: (upload: Upload) => Promise<void>): Promise<unknown> {
  const members: Upload[] = [];
  for (const upload of waiting) {
    if (upload.destination.onConflict !== (members[0] ?? upload).destination.onConflict) continue;
    if (members.push(upload) >= MOST_FILES) break;
  }
  const batch = new Batch(members, sender, key);
  const runs = members.map((upload) => {
    // Whoever was told that another file is sent now may have stopped this one.
    if (!waiting.has(upload)) return batch.leave(upload);
    upload.batch = batch;
    return run(upload).finally(() => batch.leave(upload));
  });
  return Promise.all(runs);
}

/** Joins what many uploads ask into one request. It is sent once all have asked, or one has waited for `WAIT_MS`. */
class Gathering<Q> {
  #asked: { upload: Upload; question: Q; resolve: (answer: FileOutcome | PromiseLike<FileOutcome>) => void }[] = [];
  #cancelTimer = (): void => {};

  constructor(
    private readonly ask: (first: Upload, questions: Q[]) => Promise<FileOutcome[]>,
    private readonly expected: Set<Upload>,
    private readonly after: (ms: number, callback: () => void) => () => void,
  ) {}

  /** Rejects if the run is stopped before the request is sent. After that, the answer comes: what the server has begun must be known. */
  add(upload: Upload, question: Q, signal: AbortSignal): Promise<FileOutcome> {
    return new Promise((resolve, reject) => {
      const asked = { upload, question, resolve };
      const stop = (): void => {
        if (!this.#asked.includes(asked)) return;
        this.#asked = this.#asked.filter((other) => other !== asked);
        reject(signal.reason);
      };
      signal.throwIfAborted();
      signal.addEventListener("abort", stop, { once: true });
      this.#asked.push(asked);
      if (this.#asked.length === 1) this.#cancelTimer = this.after(WAIT_MS, () => this.#flush());
      this.look();
    });
  }

  /** Checks whether all have asked. */
  look(): void {
    if (this.#asked.length >= this.expected.size) this.#flush();
  }

  #flush(): void {
    this.#cancelTimer();
    const asked = this.#asked;
    this.#asked = [];
    if (!asked[0]) return;
    const answers = this.ask(asked[0].upload, asked.map(({ question }) => question));
    asked.forEach(({ resolve }, at) => resolve(answers.then((all) => all[at] ?? {})));
  }
}

/** Uploads that are started and finalized together. */
export class Batch {
  readonly #starts: Gathering<NewFile>;
  readonly #finals: Gathering<Finalize>;
  readonly #starting: Set<Upload>;
  readonly #sending: Set<Upload>;
  /** Its requests end once all have left. */
  readonly #all = new AbortController();
  #requests = 0;
  #pipes: Pipes | null = null;

  /** `members` all have the same `onConflict`. `key` is new. */
  constructor(
    members: readonly Upload[],
    private readonly sender: Sender,
    key: string,
  ) {
    const { patience, around } = sender;
    const { signal } = this.#all;
    const onConflict = members[0]?.destination.onConflict;
    this.#starting = new Set(members);
    this.#sending = new Set(members);
    this.#starts = new Gathering(
      (first, files) => {
        // A repeat with the same key returns the same uploads.
        const own = `${key}-${++this.#requests}`;
        const request = { files, ...(onConflict && { onConflict }) };
        return patience.ask(first, signal, (api) => api.batch("start", request, own).catch((error) => this.#notKnown(error)));
      },
      this.#starting,
      around.after,
    );
    this.#finals = new Gathering(
      (first, files) => patience.ask(first, signal, (api) => api.batch("finalize", { files })),
      this.#sending,
      around.after,
    );
  }

  /** Starts a file with the others. Throws the sender's `alone` if there is no room for it among the open uploads. */
  async start(upload: Upload, signal: AbortSignal): Promise<void> {
    const { sender } = this;
    const { startKey, file } = upload;
    // Here it would name folders. By itself, it is a name, which the drive refuses.
    if (file.name.includes("/")) throw sender.alone;
    const parentId = sender.still(signal, await sender.folders.of(upload, signal));
    const wanted: NewFile = { path: file.name, fileSize: file.size, mimeType: file.type || "application/octet-stream" };
    if (parentId !== undefined) wanted.parentId = parentId;
    const asked = sender.around.now();
    const { upload: whole, error, pipeline } = await this.#starts.add(upload, wanted, signal);
    // It was stopped before the answer came. If it continues, it is started again, perhaps in another batch.
    if (whole && signal.aborted) sender.hooks.abandon(upload, { uploadId: whole.uploadId, fileKey: whole.fileKey });
    signal.throwIfAborted();
    this.#starting.delete(upload);
    if (!whole) throw (error && error.code !== "too_many_uploads" && sender.judge(error)) || sender.alone;
    const { uploadId, fileKey, url, headers } = whole;
    // Nothing was sent of this upload, whatever was sent before a reload.
    if (!upload.session) upload.resumed = false;
    sender.begun(upload, startKey, { uploadId, fileKey }, file.size || 1);
    if (upload.session?.uploadId !== uploadId) throw sender.alone;
    const part = upload.parts[0]!;
    part.url = url;
    upload.headers = headers;
    sender.signed(upload, part, asked);
    if (pipeline) this.#pipes ??= new Pipes(sender, pipeline);
    return sender.memory.changed(upload);
  }

  /** Sends a file that was started with others. Returns whether the store has it now; if not, it must be sent by itself. */
  async put(upload: Upload, part: Part, signal: AbortSignal): Promise<boolean> {
    return this.#pipes !== null && this.#pipes.put(upload, part, signal);
  }

  /** The item of a file that was sent, finalized with others. */
  finalize(upload: Upload, wanted: Finalize, signal: AbortSignal): Promise<Item> {
    return this.sender.patience.ask(upload, signal, async () => {
      const { item, error } = this.sender.still(signal, await this.#finals.add(upload, wanted, signal));
      if (item) return item;
      throw error ?? new Error("The server did not answer for this file.");
    });
  }

  /** An upload has ended, was stopped, or continues by itself: the others no longer wait for it. */
  leave(upload: Upload): void {
    if (upload.batch === this) upload.batch = null;
    this.#starting.delete(upload);
    this.#sending.delete(upload);
    if (this.#sending.size === 0) this.#all.abort();
    this.#starts.look();
    this.#finals.look();
  }

  /** A drive that is older than this kit knows no batches. */
  #notKnown(error: ApiError): never {
    if (!["route_not_found", "method_not_allowed"].includes(error.code)) throw error;
    this.sender.knowsBatches = false;
    throw this.sender.alone;
  }
}
