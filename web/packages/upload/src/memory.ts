// Between uploads and the journal: what is written of an upload, whose it is, and what is found again after a reload.

import type { Token } from "./api.ts";
import { Journal, type Entry } from "./journal.ts";
import { Upload } from "./upload.ts";

/** Who says whose uploads these are: a text that is the same after a reload. */
export type Owner = () => string | Promise<string>;

/** The same token at the same drive is the same person. Only a hash is kept. */
export function ownerByToken(url: string, token: Token): Owner {
  return async () => {
    const secret = typeof token === "string" ? token : await token();
    const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${url}\n${secret}`));
    return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
  };
}

/** Keeps nothing where there is no journal; an error of the journal's must not end an upload. */
export class Memory {
  private readonly journal: Promise<Journal | null>;
  private readonly entries = new Map<Upload, Entry>();
  /** Uploads that are to be written with the next transaction. */
  private fresh: Upload[] = [];
  private saving: Promise<void> = Promise.resolve();

  constructor(
    private readonly owner: Owner,
    onNews: () => void,
    opening: () => Promise<Journal | null> = () => Journal.open(),
  ) {
    this.journal = opening().then((journal) => {
      if (journal) journal.onNews = onNews;
      return journal;
    });
  }

  /** Writes an upload down, all that are new at once. */
  add(upload: Upload): void {
    if (upload.file.release) return;
    this.fresh.push(upload);
    if (this.fresh.length === 1) this.saving = this.saving.then(() => this.saveFresh());
  }

  /** What tabs that are gone have left: those to go on with, and those that are done while others of their pick are not. */
  async left(): Promise<Entry[]> {
    return (await this.quietly(async (journal) => journal.left(await this.owner()))) ?? [];
  }

  /** An upload that was shown already, of this entry. */
  knows(upload: Upload, entry: Entry): void {
    this.entries.set(upload, entry);
  }

  /** Before an upload is sent: whether another tab sends it, and what is known of it from before. */
  async take(upload: Upload): Promise<"here" | "elsewhere"> {
    await this.saving;
    const own = this.entries.get(upload);
    if (!own) return "here";
    const found = await this.quietly((journal) => journal.take({ ...own, startKey: upload.startKey, session: upload.session }));
    if (!found) return "here";
    if (found.is === "elsewhere") {
      // Should that tab end the upload before it is asked again, the same key and session lead to the same item.
      this.adopt(upload, found.entry);
      return "elsewhere";
    }
    if (found.entry.id !== own.id || found.entry.tab !== own.tab) this.adopt(upload, found.entry);
    this.entries.set(upload, found.entry);
    return "here";
  }

  /** The upload has a session now, or a folder, or another key. */
  async changed(upload: Upload): Promise<void> {
    const entry = this.entries.get(upload);
    if (!entry) return;
    const { startKey, session, folderIds } = upload;
    const lastModified = upload.file.lastModified ?? null;
    const next = { ...entry, startKey, session, folderIds: [...folderIds], lastModified };
    this.entries.set(upload, next);
    await this.quietly((journal) => journal.save([next]));
  }

  /** The upload has ended: it is done, or nobody wants it. */
  async ended(upload: Upload): Promise<void> {
    await this.saving;
    const entry = this.entries.get(upload);
    this.entries.delete(upload);
    if (!entry) return;
    const { item } = upload;
    await this.quietly((journal) => (item ? journal.done({ ...entry, item }) : journal.forget(entry)));
  }

  private adopt(upload: Upload, entry: Entry): void {
    upload.startKey = entry.startKey;
    upload.session = entry.session;
    upload.resumed = true;
    upload.begunWith = entry.lastModified;
    upload.folderIds = [...entry.folderIds];
    if (entry.done) upload.item = entry.item;
  }

  private async saveFresh(): Promise<void> {
    await this.quietly(async (journal) => {
      const owner = await this.owner();
      const entries = this.fresh.map((upload) => entryOf(upload, owner, journal.tab));
      this.fresh.forEach((upload, index) => this.entries.set(upload, entries[index]!));
      this.fresh = [];
      await journal.save(entries);
    });
    this.fresh = [];
  }

  private async quietly<T>(act: (journal: Journal) => Promise<T>): Promise<T | null> {
    const journal = await this.journal;
    if (!journal) return null;
    try {
      return await act(journal);
    } catch {
      // Full, or taken away by the browser: the upload is the same without.
      return null;
    }
  }
}

function entryOf(upload: Upload, owner: string, tab: string): Entry {
  const { id, pick, file, destination, startKey, session, folderIds } = upload;
  const { name, size, type, lastModified = null } = file;
  const match = matchOf(owner, upload);
  const [at, item, done] = [Date.now(), null, 0 as const];
  return { id, tab, pick, match, owner, name, size, type, lastModified, destination, folderIds, startKey, session, done, item, at };
}

/** What a file that is picked again is known by. */
export function matchOf(owner: string, { file: { name, size }, destination }: Pick<Upload, "file" | "destination">): string {
  const { parentId = null, path = [] } = destination;
  return JSON.stringify([owner, parentId, path, name, size]);
}
