// How often something is tried, and how long to wait before the next try.

/** Tries of one part, or of one question to the API, before giving up. Having no network does not count. */
export const TRIES = 8;
const LONGEST_PAUSE_MS = 15_000;

/**
 * 1 s, 2 s, 4 s … and never more than a quarter of a minute; `random` (0 to 1) takes away up to half of that, so that
 * clients which failed together do not come back together.
 */
export function pauseMs(tries: number, random: () => number): number {
  const longest = Math.min(LONGEST_PAUSE_MS, 1_000 * 2 ** Math.max(0, tries - 1));
  return longest * (0.5 + random() / 2);
}
