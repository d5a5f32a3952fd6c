// How often to try something, and how long to wait before the next try.

/** How often to try one part, or one request to the API. Tries without a network do not count. */
export const TRIES = 8;
const LONGEST_PAUSE_MS = 15_000;

/**
 * 1 s, 2 s, 4 s … and at most 15 s. `random` (0 to 1) takes away up to half of that, so that clients that failed together do
 * not come back together.
 */
export function pauseMs(tries: number, random: () => number): number {
  const longest = Math.min(LONGEST_PAUSE_MS, 1_000 * 2 ** Math.max(0, tries - 1));
  return longest * (0.5 + random() / 2);
}
