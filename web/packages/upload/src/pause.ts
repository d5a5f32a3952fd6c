// How often to try something, and how long to wait before the next try.

/** How often to try one part, or one request to the API. Tries without a network do not count. */
export const TRIES = 8;
const LONGEST_PAUSE_MS = 15_000;
/** No server is believed that asks for a longer pause. */
const LONGEST_ASKED_MS = 3_600_000;

/**
 * 1 s, 2 s, 4 s … and at most 15 s. `random` (0 to 1) takes away up to half of that, so that clients that failed together do
 * not come back together.
 */
export function pauseMs(tries: number, random: () => number): number {
  const longest = Math.min(LONGEST_PAUSE_MS, 1_000 * 2 ** Math.max(0, tries - 1));
  return longest * (0.5 + random() / 2);
}

/** As long as a server asks for, but never less than `pauseMs`. Clients that were all asked for the same come back one after the other. */
export function askedMs(secs: number | null | undefined, tries: number, random: () => number): number {
  const pause = pauseMs(tries, random);
  const asked = Math.min((secs ?? 0) * 1_000, LONGEST_ASKED_MS);
  return asked > pause ? asked + (1 - random()) * LONGEST_PAUSE_MS : pause;
}

/**
 * The rule for everything that a run does: after each wait, it looks at once whether it still has its upload: `still(signal, await …)`.
 * This throws if the run was stopped meanwhile. So a stopped run writes, sends and reports nothing more.
 */
export function still<T>(signal: AbortSignal, answer: T): T {
  signal.throwIfAborted();
  return answer;
}

/**
 * Waits until somebody calls the callback that it adds to `waiting` and passes to `begin`, which returns how to undo what it
 * began. Rejects with the reason of the signal if that aborts first.
 */
export function called(
  waiting: Set<() => void>,
  signal: AbortSignal,
  begin: (end: () => void) => () => void = () => () => {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      undo();
      waiting.delete(end);
      signal.removeEventListener("abort", end);
      if (signal.aborted) reject(signal.reason);
      else resolve();
    };
    const undo = begin(end);
    waiting.add(end);
    signal.addEventListener("abort", end);
  });
}
