// Aborts an upload on the server, and repeats the request while that may help. Knows nothing of the file or the page.

import { ApiError, NoAnswer, type Api } from "./api.ts";
import { judgeApi } from "./failure.ts";
import { TRIES } from "./pause.ts";
import type { Session } from "./upload.ts";

/** Returns whether the upload has ended, through this or otherwise. `rest` waits after a number of tries, as the server asks. */
export async function abandon(api: Api, session: Session, rest: (tries: number, secs: number | null) => Promise<void>): Promise<boolean> {
  for (let tries = 1; tries <= TRIES; tries++) {
    let secs: number | null = null;
    try {
      await api.abort(session);
      return true;
    } catch (error) {
      // The upload no longer exists, or has become a file.
      if (error instanceof ApiError && [404, 409, 410].includes(error.status)) return true;
      const passing = error instanceof NoAnswer || (error instanceof ApiError && !judgeApi(error));
      if (!passing) return false;
      if (error instanceof ApiError) secs = error.retryAfterSecs;
    }
    if (tries < TRIES) await rest(tries, secs);
  }
  return false;
}
