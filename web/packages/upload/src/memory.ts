// Connects uploads with the journal: what is written about an upload, whose it is, and what is found again after a reload.

import { hex, type Token } from "./api.ts";
import { Journal, type Entry } from "./journal.ts";
import { Upload } from "./upload.ts";

/** Returns whose uploads these are: a string that is the same after a reload. */
export type Owner = () => string | Promise<string>;

/** The same token for the same drive means the same person. Only a hash is kept. */
export function ownerByToken(url: string, token: Token): Owner {
  return async () => {
    const secret = typeof token === "string" ? token : await token();
    const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${url}\n${secret}`));
    return hex(new Uint8Array(bytes));
  };
}

/** Keeps nothing where there is no journal. An error of the journal must not end an upload. */
export class Memory {
  readonly #journal: Promise<Journal | null>;
  readonly #entries = new Map<Upload, Entry>();
  /** Uploads that the next transaction will write. */
  #fresh: Upload[] = [];
  #saving: Promise<void> = Promise.resolve();

  constructor(
    private readonly owner: Owner,
    onNews: () => void,
    opening: () => Promise<Journal | null> = () => Journal.open(),
  ) {
    this.#journal = opening().then((journal) => {
      if (journal) journal.onNews = onNews;
      return journal;
    });
  }

  /** Writes a new upload, in one transaction with other new ones. */
  add(upload: Upload): void {
    if (upload.file.release) return;
    this.#fresh.push(upload);
    if (this.#fresh.length === 1) this.#saving = this.#saving.then(() => this.#saveFresh());
  }

  /** What closed tabs have left: uploads to continue, and uploads that are done while others of their pick are not. */
  async left(): Promise<Entry[]> {
    return (await this.#quietly(async (journal) => journal.left(await this.owner()))) ?? [];
  }

  /** Connects an upload that a closed tab has left with its entry. */
  knows(upload: Upload, entry: Entry): void {
    this.#entries.set(upload, entry);
    this.#adopt(upload, entry);
  }

  /** Called before an upload is sent: finds out what is known of it from before. Returns whether another tab sends it. */
  async isElsewhere(upload: Upload): Promise<boolean> {
    await this.#saving;
    const own = this.#entries.get(upload);
    const found = own && (await this.#quietly((journal) => journal.take({ ...own, startKey: upload.startKey, session: upload.session })));
    if (!found) return false;
    const { isMine, entry } = found;
    // If the other tab finishes the upload before the next check, the same key and session lead to the same item.
    if (!isMine || entry.id !== own.id || entry.tab !== own.tab) this.#adopt(upload, entry);
    if (isMine) this.#entries.set(upload, entry);
    return !isMine;
  }

  /** The upload now has a session, a folder, or another key. */
  async changed(upload: Upload): Promise<void> {
    const entry = this.#entries.get(upload);
    if (!entry) return;
    const { startKey, session, folderIds } = upload;
    const lastModified = upload.file.lastModified ?? null;
    const next = { ...entry, startKey, session, folderIds: [...folderIds], lastModified };
    this.#entries.set(upload, next);
    await this.#quietly((journal) => journal.save([next]));
  }

  /** The upload has ended: it is done or cancelled. */
  async ended(upload: Upload): Promise<void> {
    await this.#saving;
    const entry = this.#entries.get(upload);
    this.#entries.delete(upload);
    if (!entry) return;
    const { item } = upload;
    await this.#quietly((journal) => (item ? journal.done({ ...entry, item }) : journal.forget(entry)));
  }

  #adopt(upload: Upload, entry: Entry): void {
    upload.startKey = entry.startKey;
    upload.session = entry.session;
    upload.resumed = true;
    upload.begunWith = entry.lastModified;
    upload.folderIds = [...entry.folderIds];
    if (entry.done) upload.item = entry.item;
  }

  async #saveFresh(): Promise<void> {
    await this.#quietly(async (journal) => {
      const owner = await this.owner();
      const entries = this.#fresh.map((upload) => entryOf(upload, owner, journal.tab));
      this.#fresh.forEach((upload, index) => this.#entries.set(upload, entries[index]!));
      this.#fresh = [];
      await journal.save(entries);
    });
    this.#fresh = [];
  }

  async #quietly<T>(act: (journal: Journal) => Promise<T>): Promise<T | null> {
    const journal = await this.#journal;
    if (!journal) return null;
    try {
      return await act(journal);
    } catch {
      // The database is full, or the browser has removed it. The upload works without it.
      return null;
    }
  }
}

function entryOf(upload: Upload, owner: string, tab: string): Entry {
  const { id, pick, file, destination, startKey, session, folderIds } = upload;
  const { name, size, type, lastModified = null } = file;
  const own = { id, tab, pick, match: matchOf(owner, upload), owner, destination, folderIds, startKey, session };
  return { ...own, name, size, type, lastModified, done: 0, item: null, at: Date.now() };
}

/** Identifies a file that is picked again. */
export function matchOf(owner: string, { file: { name, size }, destination }: Pick<Upload, "file" | "destination">): string {
  const { parentId = null, path = [] } = destination;
  return JSON.stringify([owner, parentId, path, name, size]);
}
