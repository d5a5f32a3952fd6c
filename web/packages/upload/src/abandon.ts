// Aborts an upload on the server, and repeats the request while that may help. Knows nothing of the file or the page.

import { ApiError, NoAnswer, type Api } from "./api.ts";
import { judgeApi } from "./failure.ts";
import type { Patience } from "./patience.ts";
import { TRIES } from "./pause.ts";
import type { Session } from "./upload.ts";

/**
 * Returns whether the upload has ended, through this or otherwise. With
 * `undo`, an item that it has become meanwhile goes to the trash.
 */
export async function abandon(api: Api, session: Session, patience: Patience, undo = false): Promise<boolean> {
  let isItem = false;
  for (let tries = 1; tries <= TRIES; tries++) {
    try {
      if (isItem) await api.trash((await api.finalize(session)).id);
      else await api.abort(session);
      return true;
    } catch (error) {
      const said = error instanceof ApiError ? error : null;
      // The upload no longer exists, or has become a file.
      if (said && [404, 410, undo ? 0 : 409].includes(said.status)) return true;
      if (said?.code === "already_finalized") {
        isItem = true;
        continue;
      }
      if (said ? judgeApi(said) : !(error instanceof NoAnswer)) return false;
      if (tries < TRIES) await patience.later(tries, said?.retryAfterSecs);
    }
  }
  return false;
}
