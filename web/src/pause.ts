// How often something is tried, and how long to wait before the next try.

/** Tries of one part, or of one question to the API, before giving up. Having no network does not count. */
export const TRIES = 8;
const LONGEST_PAUSE_MS = 15_000;

/** 1 s, 2 s, 4 s … and never more than a quarter of a minute. */
export function pauseMs(tries: number): number {
  return Math.min(LONGEST_PAUSE_MS, 1_000 * 2 ** Math.max(0, tries - 1));
}
