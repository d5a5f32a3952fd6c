// Connects uploads with the journal: what is written about an upload, whose it is, and which uploads this tab may send.

import { hex, newKey, type Token } from "./api.ts";
import type { Entry } from "./entry.ts";
import type { Journal } from "./journal.ts";
import { still } from "./pause.ts";
import type { Upload } from "./upload.ts";

/** Returns whose uploads these are: a string that is the same after a reload; `null`: nobody knows. */
export type Owner = () => string | null | Promise<string | null>;

/** The same token for the same drive means the same person. Only a hash is kept. */
export function ownerByToken(url: string, token: Token): Owner {
  return async () => {
    const secret = typeof token === "string" ? token : await token();
    const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${url}\n${secret}`));
    return hex(new Uint8Array(bytes));
  };
}

/** Whether this environment can keep uploads and distinguish tabs: not without TLS, in Node, or where the browser forbids it. */
export function canKeep(): boolean {
  try {
    return !!(globalThis.indexedDB && globalThis.navigator?.locks);
  } catch {
    return false;
  }
}

/** `null` where nothing can be kept. */
export const openJournal = async (place?: string): Promise<Journal | null> => (canKeep() ? (await import("./kept.ts")).Journal.open(newKey(), place) : null);

/**
 * Keeps nothing where there is no journal: then every upload is this tab's. An error of the journal must not end an upload.
 * An upload that the journal knows is sent, and aborted on the server, only while this tab holds it.
 */
export class Memory {
  #journal: Promise<Journal | null> | null = null;
  /** What the journal knows. */
  readonly #entries = new Map<Upload, Entry>();
  /** The uploads that this tab is about to take, and whether it holds them already. */
  readonly #held = new Map<Upload, { isSure: boolean }>();
  /** Uploads that the next transaction will write, and whose they are. */
  #fresh: { upload: Upload; owner: Promise<string | null> }[] = [];
  #saving: Promise<unknown> = Promise.resolve();
  #now: Promise<string | null> | null = null;

  constructor(
    private readonly owner: Owner,
    private readonly onNews: () => void,
    private readonly opening: () => Promise<Journal | null>,
  ) {
    this.open();
  }

  /** Opens the journal, if it is not open. */
  open(): void {
    this.#journal ??= this.opening().then(
      (journal) => {
        if (journal) journal.onNews = this.onNews;
        return journal;
      },
      () => null,
    );
  }

  /** Leaves all uploads to other tabs. */
  close(): void {
    const closing = this.#journal;
    this.#journal = null;
    this.#held.clear();
    void closing?.then((journal) => journal?.close());
  }

  /** Whose uploads are added now; `null` if nobody knows. It is asked once for all that are added together. */
  whose(): Promise<string | null> {
    if (this.#now) return this.#now;
    queueMicrotask(() => (this.#now = null));
    return (this.#now = (async () => this.owner())().catch(() => null));
  }

  /** Writes a new upload, in one transaction with other new ones. */
  add(upload: Upload): void {
    this.#fresh.push({ upload, owner: this.whose() });
    if (this.#fresh.length === 1) this.#saving = this.#saving.then(() => this.#saveFresh());
  }

  /** What closed tabs have left: uploads to continue, and uploads that are done while others of their pick are not. `null` if this cannot be read. */
  async left(): Promise<Entry[] | null> {
    const owner = await this.whose();
    // What was added just now is not found once more.
    await this.#saving;
    return owner === null ? [] : this.#quietly((journal) => journal.left(owner));
  }

  /** Connects an upload that a closed tab has left with its entry. */
  knows(upload: Upload, entry: Entry): void {
    this.#entries.set(upload, entry);
    this.#adopt(upload, entry);
  }

  /** The upload belongs to `owner` now. */
  async belongs(upload: Upload, owner: string | null, run: AbortSignal): Promise<void> {
    still(run, await this.#saving);
    upload.owner = owner;
    const entry = this.#entries.get(upload);
    if (!entry || owner === null) return;
    await this.#quietly(async (journal) => this.#entries.set(upload, { ...entry, owner, match: journal.entryOf(upload, owner).match }));
  }

  /** What is kept of this upload is another person's: this one is new. */
  isAnother(upload: Upload): void {
    this.#entries.delete(upload);
    this.#held.delete(upload);
    upload.id = newKey();
    this.add(upload);
  }

  /** Takes an upload, so that only this tab sends it or aborts it. Returns false if another tab sends it. */
  async take(upload: Upload): Promise<boolean> {
    if (this.#held.get(upload)?.isSure) return true;
    const hold = { isSure: false };
    this.#held.set(upload, hold);
    await this.#saving;
    const own = this.#entries.get(upload);
    const isWanted = (): boolean => this.#entries.has(upload);
    const found = own && (await this.#quietly((journal) => journal.take(now(own, upload), isWanted)));
    // It may have been stopped meanwhile, and perhaps continues in another run, which then holds it.
    const held = this.#held.get(upload);
    if (found) {
      const { isMine, entry, isNews } = found;
      if (!isMine) {
        if (held === hold) this.#held.delete(upload);
        return false;
      }
      if (isWanted()) {
        this.#entries.set(upload, entry);
        if (isNews) this.#adopt(upload, entry);
      }
      if (!held) await this.#quietly((journal) => journal.release(entry));
    }
    if (held) held.isSure = true;
    return true;
  }

  /** Another tab may send the upload. */
  release(upload: Upload): void {
    if (this.#held.delete(upload)) void this.#giveBack(upload);
  }

  /** The upload now has a session, a folder, or another key. */
  async changed(upload: Upload): Promise<void> {
    const entry = this.#entries.get(upload);
    if (!entry || !this.#held.has(upload)) return;
    const next = now(entry, upload);
    this.#entries.set(upload, next);
    await this.#quietly((journal) => journal.save([next]));
  }

  /** The upload has ended: it is done or cancelled. */
  async ended(upload: Upload): Promise<void> {
    await this.#saving;
    const entry = this.#entries.get(upload);
    this.#entries.delete(upload);
    this.#held.delete(upload);
    if (!entry) return;
    await this.#quietly((journal) => (upload.item ? journal.done(now(entry, upload)) : journal.forget(entry)));
  }

  async #giveBack(upload: Upload): Promise<void> {
    await this.#saving;
    const entry = this.#entries.get(upload);
    if (entry) await this.#quietly((journal) => journal.release(now(entry, upload)));
  }

  #adopt(upload: Upload, entry: Entry): void {
    if (upload.state === "cancelled") return;
    const { owner, startKey, session, folderIds, done, lastModified } = entry;
    Object.assign(upload, { owner, startKey, session, folderIds, resumed: true, wasDone: done === 1, begunWith: lastModified });
    upload.setParts([]);
  }

  async #saveFresh(): Promise<void> {
    // What is added from now on is written by the next transaction.
    const fresh = this.#fresh.splice(0);
    for (const { upload, owner } of fresh) upload.owner = await owner;
    await this.#quietly(async (journal) => {
      const entries = fresh.flatMap(({ upload }) => {
        if (upload.file.release || upload.owner === null) return [];
        const entry = journal.entryOf(upload, upload.owner);
        this.#entries.set(upload, entry);
        return [entry];
      });
      if (entries.length > 0) await journal.save(entries);
    });
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

/** The entry of an upload, as far as the upload is now. A cancelled one has forgotten what its entry still knows. */
function now(entry: Entry, { startKey, session, folderIds, file, state }: Upload): Entry {
  return state === "cancelled" ? entry : { ...entry, startKey, session, folderIds, lastModified: file.lastModified ?? null };
}
