// Why a store may be out of reach although the drive answers. It is a script of its own, which is loaded only then. It imports nothing.

/** To a page, a missing CORS rule looks the same as a store that is down. `pageOrigin` is empty if it is none, or if the rules allow it. */
export function whyOutOfReach(storeOrigin: string, pageOrigin: string): string {
  if (pageOrigin === "") return `The drive answers, but its object store at ${storeOrigin} does not. “Try again” continues.`;
  if (storeOrigin === pageOrigin) return "The connection breaks each time a part is sent. Does a proxy in between limit uploads?";
  return (
    `The drive answers, but its object store at ${storeOrigin} cannot be reached from this page. ` +
    `Is it up, and do the bucket's CORS rules allow PUT from ${pageOrigin}? “dray doctor” checks both.`
  );
}
