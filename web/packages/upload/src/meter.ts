// Computes the speed from a short window of what was sent. The clock is an argument.

const WINDOW_MS = 6_000;

export class Meter {
  #samples: { at: number; bytes: number }[] = [];

  /** Records that `bytes` more were sent at `now` (ms). */
  add(bytes: number, now: number): void {
    this.#drop(now);
    const last = this.#samples.at(-1);
    // One sample per tenth of a second is enough; progress events can be far more frequent.
    if (last && now - last.at < 100) last.bytes += bytes;
    else this.#samples.push({ at: now, bytes });
  }

  /** Bytes per second; 0 while there are too few samples. */
  rate(now: number): number {
    this.#drop(now);
    const first = this.#samples[0];
    if (!first || now - first.at < 500) return 0;
    // The bytes of the first sample were sent before the measured time.
    const bytes = this.#samples.reduce((sum, sample) => sum + sample.bytes, -first.bytes);
    return (bytes * 1_000) / (now - first.at);
  }

  #drop(now: number): void {
    while (this.#samples[0] && now - this.#samples[0].at > WINDOW_MS) this.#samples.shift();
  }
}
