// The upload engine: start → sign → PUT the parts straight to the store → finalize, for many files at once.
// Pure of the DOM: the API, the PUT, the clock and the timer are handed in.

import { abandon } from "./abandon.ts";
import {
  ApiError,
  NoAnswer,
  newKey,
  type Api,
  type Item,
  type PutAnswer,
  type PutPart,
  type StartedUpload,
} from "./api.ts";
import { Failure, judgeApi, judgePut, storeOutOfReach } from "./failure.ts";
import { Meter } from "./meter.ts";
import { cut, mustBeReadable, type Part } from "./parts.ts";
import { pauseMs, TRIES } from "./pause.ts";
import { Slots } from "./slots.ts";

const PARTS_IN_FLIGHT = 4;
/** More would only hold upload ids open: each file has at least one part. */
const FILES_IN_FLIGHT = 4;
/** Few enough to be sent before their addresses expire (an hour by default), on any line worth using. */
const PARTS_SIGNED_AT_ONCE = 32;
/** Tries while not a byte leaves, although the drive answers: the preflight fails, and will. */
const TRIES_WITHOUT_A_BYTE = 3;

export type State = "queued" | "uploading" | "finishing" | "paused" | "done" | "failed" | "cancelled";

/** Which upload it is to the server. */
export interface Session {
  uploadId: string;
  fileKey: string;
}

/** What the engine needs of a `File`. */
export type Source = Pick<File, "name" | "size" | "type" | "slice">;

/** A file on its way. The view reads it; only the engine writes it. */
export class Upload {
  state: State = "queued";
  /** Why it failed, or what it waits for. */
  note: string | null = null;
  failure: Failure | null = null;
  parts: Part[] = [];
  item: Item | null = null;
  session: Session | null = null;
  /** Of the start, so that one whose answer is lost is not another upload when it is asked again. */
  startKey = newKey();
  run: AbortController | null = null;
  signing: Promise<void> | null = null;
  readonly meter = new Meter();

  constructor(
    readonly id: number,
    readonly file: Source,
  ) {}

  get sent(): number {
    return this.parts.reduce((sum, part) => sum + part.sent, 0);
  }

  get active(): boolean {
    return this.state === "queued" || this.state === "uploading" || this.state === "finishing";
  }
}

export interface Surroundings {
  /** The API with the token of now. */
  api: () => Api;
  put: PutPart;
  /** Milliseconds of a clock that only goes forward. */
  now: () => number;
  /** Calls back after `ms`; answers what calls that off. */
  after: (ms: number, callback: () => void) => () => void;
  /** Where the page is from, to tell a missing CORS rule from a cut line. */
  pageOrigin: string;
  onChange: (upload: Upload) => void;
  /** An upload was given up, and the server could not be told: it holds its bytes until it expires. */
  onLeftOpen: (upload: Upload) => void;
}

/** Why a run was aborted when nothing failed. */
const STOPPED = new Failure("stopped");

export class Uploads {
  readonly all: Upload[] = [];
  readonly meter = new Meter();
  private readonly slots = new Slots(PARTS_IN_FLIGHT);
  private readonly sleepers = new Set<() => void>();
  private running = 0;
  private lastId = 0;

  constructor(private readonly around: Surroundings) {}

  get busy(): boolean {
    return this.all.some((upload) => upload.active);
  }

  /** Something would be lost if the page went away now. */
  get unfinished(): boolean {
    return this.all.some((upload) => upload.active || upload.state === "paused");
  }

  add(file: Source): Upload {
    const upload = new Upload(++this.lastId, file);
    this.all.push(upload);
    this.enter(upload, "queued");
    this.pump();
    return upload;
  }

  /** Keeps what the store has; parts in flight are sent again on `resume`. */
  pause(upload: Upload): void {
    if (upload.state === "queued" || upload.state === "uploading") this.stop(upload, "paused");
  }

  /** Gives the upload up, here and on the server, where it would count towards the quota until it expires. */
  cancel(upload: Upload): void {
    if (upload.state === "done" || upload.state === "finishing" || upload.state === "cancelled") return;
    this.stop(upload, "cancelled");
    this.giveUp(upload);
  }

  /** Goes on after a pause or a failure. */
  resume(upload: Upload): void {
    if (upload.state !== "paused" && upload.state !== "failed") return;
    if (upload.failure?.kind === "start-over") this.giveUp(upload);
    this.enter(upload, "queued");
    this.pump();
  }

  /** Goes on with those that a token's end stopped, now that there is another. */
  resumeSignedOut(): void {
    for (const upload of this.all) if (upload.failure?.kind === "signed-out") this.resume(upload);
  }

  /** Takes an upload that is over off the list. */
  forget(upload: Upload): void {
    if (!upload.active) this.all.splice(this.all.indexOf(upload), 1);
  }

  /** Ends every wait: the network is back. */
  wake(): void {
    for (const wake of [...this.sleepers]) wake();
  }

  private pump(): void {
    for (const upload of this.all) {
      if (this.running >= FILES_IN_FLIGHT) return;
      if (upload.state === "queued") void this.run(upload);
    }
  }

  private async run(upload: Upload): Promise<void> {
    const run = new AbortController();
    upload.run = run;
    this.running += 1;
    this.enter(upload, "uploading");
    try {
      await this.open(upload, run.signal);
      await this.sendParts(upload, run);
      await this.finish(upload, run.signal);
    } catch (error) {
      run.abort(error);
      if (upload.run === run) this.fail(upload, error);
    } finally {
      this.running -= 1;
      this.pump();
    }
  }

  private stop(upload: Upload, state: "paused" | "cancelled"): void {
    const { run } = upload;
    this.halt(upload);
    this.enter(upload, state);
    run?.abort(STOPPED);
  }

  private fail(upload: Upload, error: unknown): void {
    const failure = error instanceof Failure ? error : new Failure(`The page failed: ${String(error)}`);
    this.halt(upload);
    this.enter(upload, "failed", failure.message, failure);
  }

  /** No run owns the upload any more: what was in flight counts as not sent, and addresses may be old when it goes on. */
  private halt(upload: Upload): void {
    upload.run = null;
    upload.signing = null;
    dropAddresses(upload);
    for (const part of upload.parts) if (part.eTag === null) part.sent = 0;
  }

  private async open(upload: Upload, signal: AbortSignal): Promise<void> {
    if (upload.session) return;
    const { name, size, type } = upload.file;
    const file = { fileName: name, fileSize: size, mimeType: type || "application/octet-stream" };
    const key = upload.startKey;
    await this.ask(upload, signal, async (api) => {
      const started = await api.start(file, key);
      // The run may have been stopped before the answer came. With the same key another run is answered the same upload;
      // with another, this one was given up.
      if (upload.startKey !== key) void this.abandon(upload, started);
      else if (!upload.session) this.started(upload, started);
    });
    signal.throwIfAborted();
  }

  private started(upload: Upload, { uploadId, fileKey, partSize }: StartedUpload): void {
    upload.session = { uploadId, fileKey };
    upload.parts = cut(upload.file.size, partSize);
    this.around.onChange(upload);
  }

  /** What the server has of it is of no more use. */
  private giveUp(upload: Upload): void {
    const { session } = upload;
    upload.session = null;
    upload.startKey = newKey();
    upload.parts = [];
    if (session) void this.abandon(upload, session);
  }

  private async abandon(upload: Upload, { uploadId, fileKey }: Session): Promise<void> {
    const after = (ms: number): Promise<void> => new Promise((resolve) => void this.around.after(ms, resolve));
    // With the token of now: signing out gives uploads up too.
    if (!(await abandon(this.around.api(), { uploadId, fileKey }, after))) this.around.onLeftOpen(upload);
  }

  private async sendParts(upload: Upload, run: AbortController): Promise<void> {
    const sending: Promise<void>[] = [];
    for (const part of upload.parts) {
      if (part.eTag !== null) continue;
      const giveBack = await this.slots.take(run.signal);
      const sent = this.sendPart(upload, part, run.signal).finally(giveBack);
      sent.catch((error: unknown) => run.abort(error));
      sending.push(sent);
    }
    await Promise.all(sending);
  }

  private async sendPart(upload: Upload, part: Part, signal: AbortSignal): Promise<void> {
    for (let tries = 1; ; tries++) {
      const url = await this.urlOf(upload, part, signal);
      const answer = await this.put(upload, part, url, signal);
      const reached = part.sent;
      part.sent = 0;
      if (answer === null) {
        tries = await this.cutOff(upload, part, url, tries, reached, signal);
        continue;
      }
      const verdict = judgePut(answer, part.number, new URL(url).origin);
      if (verdict.is === "stored") return this.stored(upload, part, verdict.eTag);
      if (verdict.is === "failed" || tries >= TRIES) throw verdict.why;
      if (verdict.is === "sign-again") {
        dropAddresses(upload);
        if (tries > TRIES_WITHOUT_A_BYTE) throw verdict.why;
        if (tries === 1) continue;
      }
      await this.rest(upload, verdict.why.message, pauseMs(tries), signal);
    }
  }

  /** `null`: no answer. */
  private async put(upload: Upload, part: Part, url: string, signal: AbortSignal): Promise<PutAnswer | null> {
    const onSent = (bytes: number): void => {
      if (!signal.aborted) this.sent(upload, part, bytes);
    };
    try {
      return await this.around.put(url, upload.file.slice(part.start, part.end), { signal, onSent });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof NoAnswer) return null;
      throw error;
    }
  }

  private sent(upload: Upload, part: Part, bytes: number): void {
    const more = Math.min(bytes, part.end - part.start) - part.sent;
    if (more <= 0) return;
    part.sent += more;
    upload.note = null;
    const now = this.around.now();
    upload.meter.add(more, now);
    this.meter.add(more, now);
    this.around.onChange(upload);
  }

  private stored(upload: Upload, part: Part, eTag: string): void {
    part.eTag = eTag;
    part.url = null;
    part.sent = part.end - part.start;
    upload.note = null;
    this.around.onChange(upload);
  }

  /** The store gave no answer: finds out whether to wait or to give up. Answers how many tries that makes. */
  private async cutOff(
    upload: Upload,
    part: Part,
    url: string,
    tries: number,
    reached: number,
    signal: AbortSignal,
  ): Promise<number> {
    await mustBeReadable(upload.file.slice(part.start, part.end));
    // A store that refuses an old address early may cut the line before the browser has read the refusal.
    dropAddresses(upload);
    let away = 0;
    while (!(await this.driveAnswers(signal))) await this.rest(upload, AWAY, pauseMs(++away), signal);
    if (away > 0) return 0;
    if (tries >= (reached > 0 ? TRIES : TRIES_WITHOUT_A_BYTE)) {
      throw storeOutOfReach(new URL(url).origin, this.around.pageOrigin);
    }
    await this.rest(upload, "The connection broke. Trying again.", pauseMs(tries), signal);
    return tries;
  }

  private async driveAnswers(signal: AbortSignal): Promise<boolean> {
    try {
      await this.around.api().workspace(signal);
      return true;
    } catch (error) {
      signal.throwIfAborted();
      return !(error instanceof NoAnswer);
    }
  }

  private async urlOf(upload: Upload, part: Part, signal: AbortSignal): Promise<string> {
    // A run that was stopped must not leave its doomed request to the one that follows.
    signal.throwIfAborted();
    while (part.url === null) {
      upload.signing ??= this.sign(upload, part, signal).finally(() => {
        if (!signal.aborted) upload.signing = null;
      });
      await upload.signing;
    }
    return part.url;
  }

  /** Signs `first` and the next parts that lack an address. */
  private async sign(upload: Upload, first: Part, signal: AbortSignal): Promise<void> {
    const { session, parts } = upload;
    if (!session) throw new Failure("The upload was not started.");
    const lacking = parts.filter((part) => part.number >= first.number && part.url === null && part.eTag === null);
    const partNumbers = lacking.slice(0, PARTS_SIGNED_AT_ONCE).map((part) => part.number);
    const request = { ...session, parts: parts.length, partNumbers };
    const signed = await this.ask(upload, signal, (api) => api.sign(request, signal));
    for (const { partNumber, signedUrl } of signed.parts) {
      const part = parts[partNumber - 1];
      if (part) part.url = signedUrl;
    }
    if (first.url === null) throw new Failure(`The server signed no address for part ${first.number}.`);
  }

  private async finish(upload: Upload, signal: AbortSignal): Promise<void> {
    if (!upload.session) throw new Failure("The upload was not started.");
    this.enter(upload, "finishing");
    const parts = upload.parts.map(({ number, eTag }) => ({ partNumber: number, eTag: eTag ?? "" }));
    const request = { ...upload.session, parts };
    // Finalize can be repeated: a lost answer is asked for again and names the same item.
    upload.item = await this.ask(upload, signal, (api) => api.finalize(request, signal));
    upload.run = null;
    this.enter(upload, "done");
  }

  /** Asks the API, again while it is only away or busy. */
  private async ask<T>(upload: Upload, signal: AbortSignal, question: (api: Api) => Promise<T>): Promise<T> {
    let unanswered = 0;
    for (let tries = 1; ; tries++) {
      try {
        const answer = await question(this.around.api());
        upload.note = null;
        return answer;
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof NoAnswer) {
          await this.rest(upload, AWAY, pauseMs(++unanswered), signal);
          tries -= 1;
          continue;
        }
        if (!(error instanceof ApiError)) throw error;
        const failure = judgeApi(error);
        if (failure) throw failure;
        if (tries >= TRIES && error.status !== 429) throw new Failure(error.message);
        const ms = error.retryAfterSecs === null ? pauseMs(tries) : error.retryAfterSecs * 1_000;
        await this.rest(upload, error.message, ms, signal);
      }
    }
  }

  /** Waits `ms`, or until `wake`, and says why meanwhile. */
  private rest(upload: Upload, why: string, ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    upload.note = why;
    this.around.onChange(upload);
    return new Promise((resolve, reject) => {
      const end = (): void => {
        callOff();
        this.sleepers.delete(end);
        signal.removeEventListener("abort", end);
        if (signal.aborted) reject(signal.reason);
        else resolve();
      };
      const callOff = this.around.after(ms, end);
      this.sleepers.add(end);
      signal.addEventListener("abort", end);
    });
  }

  private enter(upload: Upload, state: State, note: string | null = null, failure: Failure | null = null): void {
    upload.state = state;
    upload.note = note;
    upload.failure = failure;
    this.around.onChange(upload);
  }
}

const AWAY = "No connection to the drive. The upload goes on by itself when it is back.";

/** Those that were signed together expire together. */
function dropAddresses(upload: Upload): void {
  for (const part of upload.parts) part.url = null;
}
