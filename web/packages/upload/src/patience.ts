// Repeats requests to the API until it answers, with pauses: what every step of an upload does if something fails for a while.

import { ApiError, NoAnswer, type Api } from "./api.ts";
import { Failure, judgeApi } from "./failure.ts";
import { called, pauseMs, TRIES } from "./pause.ts";
import type { Upload } from "./upload.ts";

/** What waiting needs. */
export interface Timing {
  /** The API, with the current token. */
  api: () => Api;
  /** Milliseconds of a clock that only goes forward. */
  now: () => number;
  /** Calls back after `ms`; returns a function that cancels this. */
  after: (ms: number, callback: () => void) => () => void;
  /** A random number from 0 to 1, which shortens pauses. */
  random: () => number;
}

export class Patience {
  readonly #sleepers = new Set<() => void>();

  constructor(
    private readonly timing: Timing,
    private readonly onChange: (upload: Upload) => void,
  ) {}

  /** Ends every wait: the network is back. */
  wake(): void {
    for (const wake of [...this.#sleepers]) wake();
  }

  /** Sends a request to the API, and repeats it while the API is unreachable or busy. */
  async ask<T>(upload: Upload, signal: AbortSignal, question: (api: Api) => Promise<T>): Promise<T> {
    let unanswered = 0;
    for (let tries = 1; ; tries++) {
      try {
        const answer = await question(this.timing.api());
        upload.note = null;
        return answer;
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof NoAnswer) {
          await this.rest(upload, AWAY, this.pause(++unanswered), signal);
          tries -= 1;
          continue;
        }
        if (!(error instanceof ApiError)) throw error;
        const failure = judgeApi(error);
        if (failure) throw failure;
        if (tries >= TRIES && error.status !== 429) throw new Failure(error.message);
        const ms = error.retryAfterSecs === null ? this.pause(tries) : error.retryAfterSecs * 1_000;
        await this.rest(upload, error.message, ms, signal);
      }
    }
  }

  /** Waits until the drive gives any answer. Returns whether it had to wait. */
  async untilDriveAnswers(upload: Upload, signal: AbortSignal): Promise<boolean> {
    let away = 0;
    while (!(await this.#driveAnswers(signal))) await this.rest(upload, AWAY, this.pause(++away), signal);
    return away > 0;
  }

  /** Milliseconds until the next try. */
  pause(tries: number): number {
    return pauseMs(tries, this.timing.random);
  }

  /** Waits `ms`, or until `wake`. Meanwhile, the upload's note says why. */
  rest(upload: Upload, why: string, ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    upload.note = why;
    this.onChange(upload);
    return called(this.#sleepers, signal, (end) => this.timing.after(ms, end));
  }

  async #driveAnswers(signal: AbortSignal): Promise<boolean> {
    try {
      await this.timing.api().workspace(signal);
      return true;
    } catch (error) {
      signal.throwIfAborted();
      return !(error instanceof NoAnswer);
    }
  }
}

const AWAY = "No connection to the drive. The upload continues by itself when the connection is back.";
