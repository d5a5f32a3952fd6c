// Continues an upload that the journal has kept: asks the server what has become of it. It is a part of the script that is loaded where
// uploads can be kept, and imports only types.

import type { Api, ApiError, Item, StoredParts } from "./api.ts";
import type { Part } from "./parts.ts";
import type { Sender } from "./sender.ts";
import type { Upload } from "./upload.ts";

/** Returns the item if it exists already. Parts that the store has are not sent again. */
export async function goOn(upload: Upload, { patience, hooks, cut, startOver, still }: Sender, signal: AbortSignal): Promise<Item | null> {
  const session = upload.session!;
  if (upload.wasDone) return patience.ask(upload, signal, itemOf);
  const stored = still(signal, await patience.ask(upload, signal, (api) => api.parts(session, signal)));
  if (stored.itemId !== undefined) return patience.ask(upload, signal, itemOf);
  upload.setParts(withStored(cut(upload.file.size, stored.partSize), stored));
  hooks.onChange(upload);
  return null;

  /** The server says what has become of a finished upload: its item may be in the trash, or gone. */
  function itemOf(api: Api): Promise<Item> {
    return api.finalize(session, signal).catch((error: ApiError) => {
      throw error.status === 404 ? startOver(error.message) : error;
    });
  }
}

/** Marks the parts that the store has. A part of another size is sent again. */
function withStored(parts: Part[], stored: StoredParts): Part[] {
  for (const { partNumber, size, eTag } of stored.parts) {
    const part = parts[partNumber - 1];
    if (!part || part.end - part.start !== size) continue;
    part.eTag = eTag;
    part.sent = size;
  }
  return parts;
}
