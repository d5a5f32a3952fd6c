// Giving an upload up on the server: asked again while that may help. Knows nothing of the upload's file or of the page.

import { ApiError, NoAnswer, type Api } from "./api.ts";
import { TRIES } from "./pause.ts";
import type { Session } from "./upload.ts";

/** Answers whether the upload is over, by this or by anything else. `rest` waits after so many tries. */
export async function abandon(api: Api, session: Session, rest: (tries: number) => Promise<void>): Promise<boolean> {
  for (let tries = 1; tries <= TRIES; tries++) {
    try {
      await api.abort(session);
      return true;
    } catch (error) {
      // There is no such upload any more, or it has become a file.
      if (error instanceof ApiError && [404, 409, 410].includes(error.status)) return true;
      const passing = error instanceof NoAnswer || (error instanceof ApiError && (error.status === 429 || error.status >= 500));
      if (!passing) return false;
    }
    if (tries < TRIES) await rest(tries);
  }
  return false;
}
