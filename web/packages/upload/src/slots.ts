// A counting semaphore, first come first served, so that parts of all files share one limit.

export class Slots {
  private readonly waiting: (() => void)[] = [];

  constructor(private free: number) {}

  /** Waits for a slot; returns a function that releases it (once). Rejects with the reason of the signal if that aborts first. */
  take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const grant = (): void => {
        signal.removeEventListener("abort", leave);
        resolve(this.ticket());
      };
      const leave = (): void => {
        this.waiting.splice(this.waiting.indexOf(grant), 1);
        reject(signal.reason);
      };
      if (this.free > 0) {
        this.free -= 1;
        resolve(this.ticket());
      } else {
        signal.addEventListener("abort", leave, { once: true });
        this.waiting.push(grant);
      }
    });
  }

  private ticket(): () => void {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const next = this.waiting.shift();
      if (next) next();
      else this.free += 1;
    };
  }
}
