// Creates the folders that a picked folder needs: each once, before the first file that goes into it.

import { finished, inJavaScript, START } from "./crc64.ts";
import type { Patience } from "./patience.ts";
import { still } from "./pause.ts";
import type { Upload } from "./upload.ts";

export class Folders {
  /** By pick, path and the folder above. */
  readonly #made = new Map<string, Promise<string>>();

  constructor(private readonly patience: Patience) {}

  /** Remembers a folder that was made before a reload. */
  remember(pick: string, path: readonly string[], parentId: string | undefined, id: string): void {
    this.#made.set(name(pick, path, parentId), Promise.resolve(id));
  }

  /** The folder that `upload` goes into; `undefined` means the root. */
  async of(upload: Upload, signal: AbortSignal): Promise<string | undefined> {
    const { path = [], parentId } = upload.destination;
    for (;;) {
      const ids = upload.folderIds;
      const above = ids.at(-1) ?? parentId;
      if (ids.length >= path.length) return above;
      const id = still(signal, await this.#make(upload, path.slice(0, ids.length + 1), above, signal));
      // It is never added to a list that another run may have changed meanwhile.
      upload.folderIds = [...ids, id];
    }
  }

  async #make(upload: Upload, path: string[], parentId: string | undefined, signal: AbortSignal): Promise<string> {
    const at = name(upload.pick, path, parentId);
    for (;;) {
      const waited = this.#made.get(at);
      if (!waited) break;
      try {
        return await waited;
      } catch {
        // The upload that was creating it failed or was stopped, so this one creates it now.
        signal.throwIfAborted();
        if (this.#made.get(at) === waited) this.#made.delete(at);
      }
    }
    // It is the same after a reload, so that neither a lost answer nor a crash leads to a second folder.
    const key = upload.pick + finished(inJavaScript()(START, new TextEncoder().encode(at))).toString(16);
    const folder = { name: path.at(-1)!, parentId };
    const making = this.patience.ask(upload, signal, (api) => api.createFolder(folder, key, signal)).then(({ id }) => id);
    this.#made.set(at, making);
    return making;
  }
}

const name = (pick: string, path: readonly string[], parentId: string | undefined): string => JSON.stringify([pick, parentId ?? null, ...path]);
