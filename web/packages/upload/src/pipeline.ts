// Sends many small files of a batch in one request: the store takes their PUTs in the body of one POST, one after the other (media
// type `application/http`, RFC 9112, 10.2). A request costs a browser milliseconds, more than most small files.
// A file that is not stored in this way goes by itself. It is a part of the script that is loaded with the first batch.

import type { FileOutcome } from "./api.ts";
import type { Update } from "./crc64.ts";
import type { Part } from "./parts.ts";
import type { PutBody } from "./put.ts";
import type { Sender } from "./sender.ts";
import type { Upload } from "./upload.ts";

/** Larger files gain little, and go by themselves. */
const SMALL_BYTES = 256 << 10;
/** Few enough that a broken connection costs little, and that several pipelines of a batch are sent at once. */
const MOST_FILES = 100;
const MOST_BYTES = 4 << 20;
/** How long a file waits for others. */
const WAIT_MS = 20;
/** Answers that say nothing about pipelines: the store is busy. */
const PASSING = [408, 429, 500, 502, 503, 504];

/** The state before the first byte; a checksum is the inverted state. */
const ALL_ONES = 0xffff_ffff_ffff_ffffn;

/**
 * Chromium reads one blob of all files in a fraction of the time in which it reads each file, and refuses files that have changed. Node
 * reads each file in less, and other browsers may read a file as it is now: then only its own length says where the next one begins.
 */
const readsTogether = (): boolean => /Chrome\//.test(globalThis.navigator?.userAgent ?? "");

/** How many pipelines in a row may get no answer: then a proxy may cut them off. */
const MOST_TROUBLES = 4;
/** How many have got none. A store or a proxy that refuses one counts as `MOST_TROUBLES`. */
const troubles = new WeakMap<Sender, number>();

type Pipeline = NonNullable<FileOutcome["pipeline"]>;

/** A file that waits for its pipeline, or is sent in it. */
interface Piped {
  upload: Upload;
  part: Part;
  signal: AbortSignal;
  /** Its request, up to the empty line. */
  head: string;
  /** Where its bytes begin in the pipeline. */
  start: number;
  /** Whether the store has it. */
  resolve: (isStored: boolean) => void;
}

/** The files of a pipeline, read. */
interface Read {
  /** Of each file. */
  bytes: Uint8Array[];
  /** The body of the request. Chromium takes several times as long to send bytes as to send a blob of them; Node does not. */
  body: PutBody;
}

/** What is answered to one request of a pipeline; of an error, the store also sends its XML. */
interface Entry {
  status: number;
  eTag?: string;
  /** Seconds. */
  retryAfter?: number;
}

/** The pipelines of one batch. */
export class Pipes {
  #waiting: Piped[] = [];
  #bytes = 0;
  #update: Update | null = null;
  #cancelTimer = (): void => {};

  constructor(
    private readonly sender: Sender,
    private readonly pipeline: Pipeline,
  ) {}

  /** Returns whether the store has the file now. If not, it must be sent by itself. */
  put(upload: Upload, part: Part, signal: AbortSignal): Promise<boolean> {
    const head = headOf(upload, part);
    if ((troubles.get(this.sender) ?? 0) >= MOST_TROUBLES || upload.file.size > SMALL_BYTES || head === null) return Promise.resolve(false);
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      const bytes = head.length + upload.file.size;
      const { maxFiles, maxBytes } = this.pipeline;
      if (this.#waiting.length >= Math.min(MOST_FILES, maxFiles) || this.#bytes + bytes > Math.min(MOST_BYTES, maxBytes)) this.#flush();
      this.#bytes += bytes;
      if (this.#waiting.push({ upload, part, signal, head, start: 0, resolve }) === 1) {
        this.#cancelTimer = this.sender.around.after(WAIT_MS, () => this.#flush());
      }
    });
  }

  #flush(): void {
    this.#cancelTimer();
    const files = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    // If the network broke, or everything was stopped, they go by themselves.
    void this.#sendAll(files).catch(() => files.forEach((file) => this.#leave(file)));
  }

  /** A file goes by itself. */
  #leave({ upload, part, signal, resolve }: Piped): void {
    if (!signal.aborted && part.eTag === null) upload.count(part, 0);
    resolve(false);
  }

  async #sendAll(files: Piped[]): Promise<void> {
    const giveBack = await this.sender.slots.take(ofAll(files));
    try {
      await this.#sendThose(files.filter(({ signal }) => !signal.aborted));
    } finally {
      giveBack();
    }
  }

  async #sendThose(all: Piped[]): Promise<void> {
    const now = this.sender.around.now();
    const fresh = this.#split(all, all.map(({ upload }) => now < upload.signedUntil));
    let files = fresh;
    let read = await this.#read(files);
    if (!read) {
      // Some cannot be read, or have changed.
      files = this.#split(fresh, await Promise.all(fresh.map(async (file) => (await this.#read([file])) !== null)));
      read = await this.#read(files);
    }
    if (!read || files.length === 0) return void this.#split(files, []);
    const crcs = read.bytes.map((bytes) => this.#crcOf(bytes));
    const answers = await this.#answers(files, read);
    files.forEach((file, at) => this.#settle(file, answers[at], crcs[at]!));
  }

  /** Those that may stay; the others go by themselves. */
  #split(files: Piped[], stays: boolean[]): Piped[] {
    files.filter((_, at) => !stays[at]).forEach((file) => this.#leave(file));
    return files.filter((_, at) => stays[at]);
  }

  /** The requests of these files, one after the other. `null` if a file cannot be read, or has changed. */
  async #read(files: Piped[]): Promise<Read | null> {
    let end = 0;
    for (const file of files) {
      file.start = end + file.head.length;
      end = file.start + file.upload.file.size;
    }
    try {
      return await (readsTogether() ? this.#readTogether(files) : this.#readEach(files, end));
    } catch {
      return null;
    }
  }

  /** `null` if a file is not as long as it was. */
  async #readTogether(files: Piped[]): Promise<Read | null> {
    const blobs = await Promise.all(files.map(({ upload, part }) => this.sender.bytes(upload, part)));
    if (blobs.some(({ size }, at) => size !== files[at]!.upload.file.size)) return null;
    const whole = new Uint8Array(await new Blob(blobs).arrayBuffer());
    let end = 0;
    const bytes = files.map(({ upload }) => whole.subarray(end, (end += upload.file.size)));
    if (whole.length !== end) return null;
    const encoder = new TextEncoder();
    return { bytes, body: new Blob(files.flatMap(({ head }, at) => [encoder.encode(head), bytes[at]!])) };
  }

  /** Each file goes to its place in the pipeline. */
  async #readEach(files: Piped[], end: number): Promise<Read | null> {
    const whole = new Uint8Array(end);
    const bytes = files.map(({ upload, start }) => whole.subarray(start, start + upload.file.size));
    const fit = await Promise.all(files.map((file, at) => this.#readInto(bytes[at]!, file)));
    if (!fit.every(Boolean)) return null;
    const encoder = new TextEncoder();
    for (const { head, start } of files) encoder.encodeInto(head, whole.subarray(start - head.length, start));
    return { bytes, body: whole };
  }

  /** Returns whether the file is as long as it was. */
  async #readInto(into: Uint8Array, { upload, part }: Piped): Promise<boolean> {
    const { file } = upload;
    if (file.readInto) return file.readInto(into, part.start).then(() => true);
    const read = new Uint8Array(await (await this.sender.bytes(upload, part)).arrayBuffer());
    if (read.length === into.length) into.set(read);
    return read.length === into.length;
  }

  /** A small file takes less time here than to hand it over to a worker. */
  #crcOf(bytes: Uint8Array): bigint | null {
    const { around, update } = this.sender;
    return around.checksum && (this.#update ??= update())(ALL_ONES, bytes) ^ ALL_ONES;
  }

  /** What the store answered to each request that it read. */
  async #answers(files: Piped[], { body: all }: Read): Promise<Entry[]> {
    const { sender } = this;
    let first = 0;
    const onSent = (count: number): void => {
      for (let at = first; at < files.length; at++) {
        const { upload, part, signal, start } = files[at]!;
        if (count <= start) return;
        const sent = Math.min(count - start, upload.file.size);
        if (!signal.aborted) sender.sent(upload, part, sent);
        if (sent === upload.file.size) first = at + 1;
      }
    };
    const headers = { "Content-Type": "application/http;msgtype=request" };
    const signal = ofAll(files);
    try {
      const { status, body } = await sender.around.put(this.pipeline.url, all, { method: "POST", signal, onSent, headers });
      if (status !== 200) {
        if (!PASSING.includes(status)) troubles.set(sender, MOST_TROUBLES);
        return [];
      }
      const { answers } = JSON.parse(body) as { answers: Entry[] };
      troubles.delete(sender);
      return answers;
    } catch (error) {
      if (!signal.aborted) troubles.set(sender, (troubles.get(sender) ?? 0) + 1);
      throw error;
    }
  }

  #settle(file: Piped, entry: Entry | undefined, crc: bigint | null): void {
    const { upload, part, signal, resolve } = file;
    if (signal.aborted) return;
    const { sender } = this;
    const { status = 0, eTag = "", retryAfter } = entry ?? {};
    // Its URL writes once: 412 means that an earlier request has arrived.
    if (status === 412 || (status >= 200 && status < 300)) {
      part.crc = crc;
      sender.stored(upload, part, eTag);
      upload.file.release?.(part.start, part.end);
      return resolve(true);
    }
    if (!retryAfter) return this.#leave(file);
    upload.count(part, 0);
    const { patience } = sender;
    void patience.rest(upload, "The object store is busy.", patience.pause(1, retryAfter), signal).then(() => this.#leave(file), () => {});
  }
}

/** `null` if its address or headers cannot be written as they are. */
function headOf({ headers, file }: Upload, { url }: Part): string | null {
  const [, host, path] = /^https?:\/\/([^/]+)(\/[^#]*)$/.exec(url ?? "") ?? [];
  const lines = Object.entries({ ...headers, "Content-Length": file.size }).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `PUT ${path} HTTP/1.1\r\nHost: ${host}\r\n${lines.join("")}\r\n`;
  // Each line ends where it was meant to end, and a character is a byte.
  return path && /^[ -~\r\n]*$/.test(head) && head.split(/[\r\n]+/).length === lines.length + 3 ? head : null;
}

/** Aborts once all of these are stopped. */
function ofAll(files: readonly Piped[]): AbortSignal {
  const all = new AbortController();
  let left = files.length;
  const end = (): void => {
    if (--left === 0) all.abort();
  };
  for (const { signal } of files) {
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  }
  return all.signal;
}
