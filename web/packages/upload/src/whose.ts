// Whether an upload is that of the person who is signed in now. It is a script of its own, which is loaded only if there is doubt:
// for an upload from before a reload, or after a token has ended. It imports only types.

import type { Session, Upload } from "./upload.ts";
import type { Sender } from "./sender.ts";

/** People who have proved to be the same, as `before now`: their token is another one. */
const same = new Set<string>();

/** Makes the upload theirs, and returns true, if it was, or if they have clicked. Throws if it cannot be found out. */
export async function isTheirs(upload: Upload, { memory, patience, hooks, still }: Sender, signal: AbortSignal): Promise<boolean> {
  const now = still(signal, await memory.whose());
  const { owner, doubt } = upload;
  const isKnown = doubt === "clicked" || (now !== null && (now === owner || (owner !== null && same.has(`${owner} ${now}`))));
  if (!isKnown && !still(signal, await isSeen())) return false;
  still(signal, await memory.belongs(upload, now, signal));
  upload.doubt = null;
  return true;

  /** With another token: only the person who began an upload can ask the server for it, or for another that they began. */
  async function isSeen(): Promise<boolean> {
    const session: Session | null = upload.session ?? [...hooks.all].find((other) => owner !== null && other.owner === owner && other.session)?.session ?? null;
    if (!session) return false;
    try {
      still(signal, await patience.ask(upload, signal, (api) => api.parts(session, signal)));
    } catch (error) {
      signal.throwIfAborted();
      if ((error as { kind?: string }).kind === "start-over") return false;
      throw error;
    }
    if (owner !== null && now !== null) same.add(`${owner} ${now}`);
    return true;
  }
}
