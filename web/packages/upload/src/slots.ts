// A counting semaphore, first come first served, so that parts of all files share one limit.

import { called } from "./pause.ts";

export class Slots {
  readonly #waiting = new Set<() => void>();

  constructor(private free: number) {}

  /** Waits for a slot; returns a function that releases it (once). Rejects with the reason of the signal if that aborts first. */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.free > 0) this.free -= 1;
    else await called(this.#waiting, signal);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const [next] = this.#waiting;
      if (next) next();
      else this.free += 1;
    };
  }
}
