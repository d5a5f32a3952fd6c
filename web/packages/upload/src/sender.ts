// Runs one upload from start to item: start → sign → PUT the parts straight to the store → finalize.
// Knows no list of uploads and no page. Its clock and its connection to the store are arguments.

import { ApiError, NoAnswer, type Api, type Finalize, type Item, type NewUpload } from "./api.ts";
import { checksumHere, type Checksum } from "./checksum.ts";
import { base64, combined, update } from "./crc64.ts";
import { CHANGED, Failure, judgeApi, judgePut, startOver } from "./failure.ts";
import { Folders } from "./folders.ts";
import type { Memory } from "./memory.ts";
import type { Meter } from "./meter.ts";
import { cut, mustBeReadable, type Part } from "./parts.ts";
import type { Patience, Timing } from "./patience.ts";
import { still, TRIES } from "./pause.ts";
import type { PutAnswer, PutPart } from "./put.ts";
import { Slots } from "./slots.ts";
import type { Session, Upload } from "./upload.ts";
import { isTheirs } from "./whose.ts";

/** Few enough to be sent before their URLs expire (by default after an hour), even on a slow connection. */
const PARTS_SIGNED_AT_ONCE = 32;
/** How often to try a PUT that sends no byte although the drive answers: then the CORS preflight fails, and will always. */
const TRIES_WITHOUT_A_BYTE = 3;
/** A URL that expires within this time is signed again first, because a PUT must begin before it expires. */
const EXPIRES_SOON_MS = 30_000;
/** The number of small files that are sent at once in place of one part: each needs little bandwidth, but a round trip. */
const FILES_A_PART = 4;

/** How bytes are sent, and how their checksums are computed. */
export interface Sending extends Timing {
  put: PutPart;
  /** `null`: only uploads that continue after a reload are verified. */
  checksum: Checksum | null;
  /** The origin of the page, which distinguishes a missing CORS rule from a broken connection. */
  pageOrigin: string;
  /** How many parts are sent at once, over all files. */
  partsInFlight: number;
}

export class Sender {
  readonly folders: Folders;
  readonly slots: Slots;
  /** For small files, of which more are sent at once. */
  readonly #smallSlots: Slots;
  /** Whether the drive knows batches of small files, as far as is known yet. */
  knowsBatches = true;
  /** Thrown if a file must leave its batch, and be started by itself. */
  readonly alone = new Error();
  /** Thrown if another tab sends the file. */
  readonly elsewhere = new Error();
  /** Thrown if another person added the file. */
  readonly foreign = new Error();
  readonly judge = judgeApi;
  readonly startOver = startOver;
  readonly cut = cut;
  readonly update = update;
  readonly still = still;
  /** Where a PUT was answered: its CORS rules allow that. */
  readonly #allowed = new Set<string>();
  /** Whether the drive's store proves checksums, as far as is known yet. */
  #proves = true;

  constructor(
    readonly around: Sending,
    readonly patience: Patience,
    readonly memory: Memory,
    /** Measures what is sent of all uploads. */
    private readonly meter: Meter,
    readonly hooks: {
      onChange: (upload: Upload) => void;
      /** This tab sends the upload. */
      onTaken: (upload: Upload) => void;
      /** The whole list: the server may have something else from the same person. */
      all: ReadonlySet<Upload>;
      onFinishing: (upload: Upload) => void;
      /** The server's data of an upload is of no more use. */
      giveUp: (upload: Upload) => void;
      abandon: (upload: Upload, session: Session) => void;
    },
  ) {
    this.folders = new Folders(patience);
    this.slots = new Slots(around.partsInFlight);
    this.#smallSlots = new Slots(around.partsInFlight * FILES_A_PART);
  }

  /** Returns the item. It aborts `run` if any step fails. */
  async send(upload: Upload, run: AbortController): Promise<Item> {
    const { signal } = run;
    signal.throwIfAborted();
    if (upload.doubt) {
      if (!still(signal, await isTheirs(upload, this, signal))) throw this.foreign;
    }
    if (!still(signal, await this.memory.take(upload))) throw this.elsewhere;
    still(signal, this.hooks.onTaken(upload));
    const item = still(signal, await this.#open(upload, signal));
    if (item) return item;
    still(signal, await this.#sendParts(upload, run));
    return this.#finish(upload, signal);
  }

  /** Returns the item if it exists already. */
  async #open(upload: Upload, signal: AbortSignal): Promise<Item | null> {
    const { begunWith, file } = upload;
    const isChanged = begunWith !== null && file.lastModified !== undefined && begunWith !== file.lastModified;
    if (upload.resumed && isChanged) this.hooks.giveUp(upload);
    if (upload.session) upload.batch?.leave(upload);
    else still(signal, await upload.batch?.start(upload, signal));
    if (!upload.session) still(signal, await this.#start(upload, signal));
    if (!upload.resumed || upload.parts.length > 0) return null;
    const { goOn } = still(signal, await import("./kept.ts"));
    return goOn(upload, this, signal);
  }

  async #start(upload: Upload, signal: AbortSignal): Promise<void> {
    const parentId = still(signal, await this.folders.of(upload, signal));
    const { name, size, type } = upload.file;
    const { onConflict } = upload.destination;
    const file: NewUpload = { fileName: name, fileSize: size, mimeType: type || "application/octet-stream", parentId, onConflict };
    const key = upload.startKey;
    const begin = (api: Api): Promise<void> => api.start(file, key).then((started) => this.begun(upload, key, started, started.partSize));
    still(signal, await this.patience.ask(upload, signal, begin));
    // This comes before the first part, so that parts that the store acknowledges are found again after a reload.
    return this.memory.changed(upload);
  }

  /** The server has started the upload, with this key. Only this is said of a stopped run, too: the server has the upload now. */
  begun(upload: Upload, key: string, { uploadId, fileKey }: Session, partSize: number): void {
    const session = { uploadId, fileKey };
    // With the same key, another run gets the same upload. With another key, this upload was cancelled. If it was started alone and in
    // a batch, the first answer counts.
    if (upload.startKey !== key || (upload.session ?? session).uploadId !== uploadId) return this.hooks.abandon(upload, session);
    if (upload.session) return;
    upload.session = session;
    if (!upload.resumed) upload.setParts(cut(upload.file.size, partSize));
    this.hooks.onChange(upload);
  }

  async #sendParts(upload: Upload, run: AbortController): Promise<unknown> {
    const { signal } = run;
    const sending: Promise<void>[] = [];
    const begin = (work: Promise<void>): void => {
      work.catch((error: unknown) => run.abort(error));
      sending.push(work);
    };
    begin(this.#readStored(upload, signal));
    for (const part of upload.parts) {
      if (part.eTag !== null || still(signal, await upload.batch?.put(upload, part, signal))) continue;
      // Whoever has got a slot gives it back: `#sendPart` ends if the run was stopped.
      const giveBack = await (upload.headers ? this.#smallSlots : this.slots).take(signal);
      begin(this.#sendPart(upload, part, signal).finally(giveBack));
    }
    return Promise.all(sending);
  }

  /** Reads parts that were sent before a reload: the checksum covers the whole file, and so proves that they belong to it. */
  async #readStored(upload: Upload, signal: AbortSignal): Promise<void> {
    for (const part of upload.parts) {
      if (part.eTag !== null && part.crc === null) part.crc = still(signal, await this.#checksumOf(upload, still(signal, await this.bytes(upload, part))));
    }
  }

  async #sendPart(upload: Upload, part: Part, signal: AbortSignal): Promise<void> {
    const bytes = still(signal, await this.bytes(upload, part));
    const [crc] = still(signal, await Promise.all([this.#checksumOf(upload, bytes), this.#putUntilStored(upload, part, bytes, signal)]));
    part.crc = crc;
    upload.file.release?.(part.start, part.end);
  }

  /** The part as a blob. */
  async bytes({ file, headers }: Upload, part: Part): Promise<Blob> {
    try {
      // A small file goes as it is, because Chromium takes 1 ms and more to slice a file. Its headers say which type is stored.
      return await (headers && file instanceof Blob ? file : file.slice(part.start, part.end));
    } catch (error) {
      throw startOver(error instanceof Error ? error.message : CHANGED);
    }
  }

  /** Without it, nothing would show that what was sent before a reload belongs to another file. */
  async #checksumOf({ resumed }: Upload, bytes: Blob): Promise<bigint | null> {
    const checksum = this.around.checksum ?? (resumed ? checksumHere() : null);
    if (!checksum) return null;
    try {
      return await checksum(bytes);
    } catch {
      throw startOver(CHANGED);
    }
  }

  async #putUntilStored(upload: Upload, part: Part, bytes: Blob, signal: AbortSignal): Promise<void> {
    for (let tries = 1; ; tries++) {
      const url = still(signal, await this.#urlOf(upload, part, signal));
      const answer = still(signal, await this.#put(upload, part, url, bytes, signal));
      const reached = part.sent;
      if (answer === null) {
        upload.count(part, 0);
        tries = still(signal, await this.#cutOff(upload, bytes, url, tries, reached, signal));
        continue;
      }
      const verdict = judgePut(answer, part.number, new URL(url).origin);
      if (verdict.is === "stored") return this.stored(upload, part, verdict.eTag);
      upload.count(part, 0);
      if (verdict.is === "failed" || tries >= TRIES) throw verdict.why;
      if (verdict.is === "sign-again") {
        dropAddresses(upload);
        if (tries > TRIES_WITHOUT_A_BYTE) throw verdict.why;
        if (tries === 1) continue;
      }
      still(signal, await this.patience.rest(upload, verdict.why.message, this.patience.pause(tries, answer.retryAfterSecs), signal));
    }
  }

  /** `null` if there is no answer. */
  async #put(upload: Upload, part: Part, url: string, bytes: Blob, signal: AbortSignal): Promise<PutAnswer | null> {
    const onSent = (count: number): void => {
      if (!signal.aborted) this.sent(upload, part, Math.min(count, bytes.size));
    };
    try {
      const answer = still(signal, await this.around.put(url, bytes, { signal, onSent, headers: upload.headers }));
      this.#allowed.add(corsOf(upload, url));
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof NoAnswer) return null;
      throw error;
    }
  }

  sent(upload: Upload, part: Part, bytes: number): void {
    const more = bytes - part.sent;
    // Also if a `put` of the page says something that is no number.
    if (!(more > 0)) return;
    upload.count(part, bytes);
    upload.note = null;
    const now = this.around.now();
    upload.meter.add(more, now);
    this.meter.add(more, now);
    this.hooks.onChange(upload);
  }

  stored(upload: Upload, part: Part, eTag: string): void {
    part.eTag = eTag;
    part.url = null;
    upload.count(part, part.end - part.start);
    upload.note = null;
    this.hooks.onChange(upload);
  }

  /** The store gave no answer: decides whether to wait or to fail. Returns the number of tries. */
  async #cutOff(upload: Upload, bytes: Blob, url: string, tries: number, reached: number, signal: AbortSignal): Promise<number> {
    still(signal, await mustBeReadable(bytes));
    // A store that refuses an expired URL early may close the connection before the browser has read the answer.
    dropAddresses(upload);
    if (still(signal, await this.patience.untilDriveAnswers(upload, signal))) return 0;
    // In Node there are no CORS rules, but the headers of a small file are worth no more tries: it can be sent without them.
    const isAllowed = this.#allowed.has(corsOf(upload, url)) || (!this.around.pageOrigin && !upload.headers);
    if (tries >= (reached > 0 || isAllowed ? TRIES : TRIES_WITHOUT_A_BYTE)) {
      // The headers of a small file need a CORS rule of their own. Parts need none.
      if (upload.headers) {
        this.knowsBatches = false;
        this.hooks.giveUp(upload);
        throw this.alone;
      }
      // Service workers forbid imports.
      const reach = still(signal, await import("./reach.ts").catch(() => null));
      const { origin } = new URL(url);
      throw new Failure(reach?.whyOutOfReach(origin, isAllowed ? "" : this.around.pageOrigin) ?? `${origin} cannot be reached.`);
    }
    still(signal, await this.patience.rest(upload, "The connection broke. Trying again.", this.patience.pause(tries), signal, true));
    return tries;
  }

  async #urlOf(upload: Upload, part: Part, signal: AbortSignal): Promise<string> {
    if (this.around.now() > upload.signedUntil) dropAddresses(upload);
    while (part.url === null) {
      upload.signing ??= this.#sign(upload, part, signal).finally(() => {
        if (!signal.aborted) upload.signing = null;
      });
      still(signal, await upload.signing);
    }
    return part.url;
  }

  /** Signs `first` and the next parts that have no URL. */
  async #sign(upload: Upload, first: Part, signal: AbortSignal): Promise<void> {
    const { parts } = upload;
    const lacking = parts.filter((part) => part.number >= first.number && part.url === null && part.eTag === null);
    const partNumbers = lacking.slice(0, PARTS_SIGNED_AT_ONCE).map((part) => part.number);
    const request = { ...sessionOf(upload), parts: parts.length, partNumbers };
    const asked = this.around.now();
    const signed = still(signal, await this.patience.ask(upload, signal, (api) => api.sign(request, signal)));
    for (const { partNumber, signedUrl } of signed.parts) {
      const part = parts[partNumber - 1];
      if (part) part.url = signedUrl;
    }
    if (signed.headers) upload.headers = signed.headers;
    this.signed(upload, first, asked);
  }

  /** The part has got its URL, which was asked for at that time. */
  signed(upload: Upload, { number, url }: Part, asked: number): void {
    if (url === null) throw new Failure(`The server signed no URL for part ${number}.`);
    // How long it is valid from the time of its signature (AWS, "Signature Version 4", `X-Amz-Expires`).
    const seconds = Number(/[?&]X-Amz-Expires=(\d+)/.exec(url)?.[1] ?? Infinity);
    upload.signedUntil = Math.min(upload.signedUntil, asked + seconds * 1_000 - EXPIRES_SOON_MS);
  }

  async #finish(upload: Upload, signal: AbortSignal): Promise<Item> {
    const session = sessionOf(upload);
    still(signal, this.hooks.onFinishing(upload));
    const whole = wholeOf(upload.parts);
    const proof = whole !== null && { checksum: { crc64nvme: base64(whole) } };
    if (upload.batch) return upload.batch.finalize(upload, { ...session, ...proof }, signal);
    const parts = upload.parts.map(({ number, eTag }) => ({ partNumber: number, eTag: eTag || undefined }));
    const plain: Finalize = { ...session, parts };
    // Finalize can be repeated: after a lost answer, another request returns the same item.
    return this.patience.ask(upload, signal, (api) => this.#finalize(api, upload, plain, proof, signal));
  }

  /** Sends a checksum if the store proves it. If not, the server reads a file back that was partly sent before a reload. */
  async #finalize(api: Api, upload: Upload, plain: Finalize, proof: Partial<Finalize> | false, signal: AbortSignal): Promise<Item> {
    if (proof && this.#proves) {
      try {
        return await api.finalize({ ...plain, ...proof }, signal);
      } catch (error) {
        if (!(error instanceof ApiError && error.code === "checksum_unproven")) throw error;
        this.#proves = false;
      }
    }
    return api.finalize(proof && upload.resumed ? { ...plain, ...proof, verify: true } : plain, signal);
  }
}

/** `#open` comes first, and a run that was stopped asks no more: so there is one. */
const sessionOf = ({ session }: Upload): Session => session!;

/** What a CORS rule allows: the store's origin, with the headers of a small file or without. */
const corsOf = ({ headers }: Upload, url: string): string => `${new URL(url).origin} ${headers !== null}`;

/** Forgets all URLs: those that were signed together expire together. */
export function dropAddresses(upload: Upload): void {
  for (const part of upload.parts) part.url = null;
  upload.signedUntil = Infinity;
}

/** The checksum of the file; `null` if the checksum of a part is not known. */
function wholeOf(parts: Part[]): bigint | null {
  let whole = 0n;
  for (const { start, end, crc } of parts) {
    if (crc === null) return null;
    whole = start === 0 ? crc : combined(whole, crc, end - start);
  }
  return whole;
}
