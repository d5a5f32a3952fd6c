// Repeats requests to the API until it answers, with pauses: what every step of an upload does if something fails for a while.

import { ApiError, NoAnswer, NoToken, type Api } from "./api.ts";
import { Failure, judgeApi } from "./failure.ts";
import { askedMs, called, still, TRIES } from "./pause.ts";
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

/** How often a busy drive may say so, in multiples of `TRIES`: it says when to come back. */
const BUSY = 8;

export class Patience {
  /** Waits for a connection. */
  readonly #sleepers = new Set<() => void>();

  constructor(
    private readonly timing: Timing,
    private readonly onChange: (upload: Upload) => void,
  ) {}

  /** Ends every wait for a connection: the network is back. A pause that a server has asked for goes on. */
  wake(): void {
    for (const wake of [...this.#sleepers]) wake();
  }

  /** Sends a request to the API, and repeats it while the API is unreachable or busy. */
  async ask<T>(upload: Upload, signal: AbortSignal, question: (api: Api) => Promise<T>): Promise<T> {
    let unanswered = 0;
    for (let tries = 1; ; ) {
      try {
        // Not `still`: what a batch has started must be known, even if all of its files were stopped.
        const answer = await question(this.timing.api());
        if (upload.run && !signal.aborted) upload.note = null;
        return answer;
      } catch (error) {
        signal.throwIfAborted();
        const said = error instanceof ApiError ? error : null;
        if (!said && !(error instanceof NoAnswer)) throw error;
        const failure = said && judgeApi(said);
        if (failure) throw failure;
        const isAway = !said && !(error instanceof NoToken);
        if (!isAway && tries >= TRIES * (said?.status === 429 ? BUSY : 1)) throw new Failure((error as Error).message);
        const pause = isAway ? this.pause(++unanswered) : this.pause(tries++, said?.retryAfterSecs);
        still(signal, await this.rest(upload, isAway ? AWAY : (error as Error).message, pause, signal, isAway));
      }
    }
  }

  /** Waits until the drive gives any answer. Returns whether it had to wait. */
  async untilDriveAnswers(upload: Upload, signal: AbortSignal): Promise<boolean> {
    let away = 0;
    while (!still(signal, await this.#driveAnswers(signal))) still(signal, await this.rest(upload, AWAY, this.pause(++away), signal, true));
    return away > 0;
  }

  /** Milliseconds until the next try; a server may have asked for `secs`. */
  pause(tries: number, secs?: number | null): number {
    return askedMs(secs, tries, this.timing.random);
  }

  /** Resolves when the next try may be made. */
  later(tries: number, secs?: number | null): Promise<void> {
    return new Promise((resolve) => void this.timing.after(this.pause(tries, secs), resolve));
  }

  /** Waits `ms`, or, if it `isAway`, until `wake`. Meanwhile, the upload's note says why, unless it was stopped. */
  rest(upload: Upload, why: string, ms: number, signal: AbortSignal, isAway = false): Promise<void> {
    if (upload.run) {
      upload.note = why;
      this.onChange(upload);
    }
    signal.throwIfAborted();
    return called(isAway ? this.#sleepers : new Set(), signal, (end) => this.timing.after(ms, end));
  }

  async #driveAnswers(signal: AbortSignal): Promise<boolean> {
    try {
      await this.timing.api().workspace(signal);
      return true;
    } catch (error) {
      signal.throwIfAborted();
      return error instanceof NoToken || !(error instanceof NoAnswer);
    }
  }
}

const AWAY = "No connection to the drive. The upload continues by itself when the connection is back.";
