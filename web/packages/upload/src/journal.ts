// What is kept of uploads after the page is closed: an entry in IndexedDB for each, and a lock that shows which tab is alive.
// Decides which tab may continue an entry. Sends nothing and knows no API.

import { newKey, type Item } from "./api.ts";
import type { Destination, Session } from "./upload.ts";

/** An upload, as the browser keeps it. */
export interface Entry {
  id: string;
  /** The tab that sends it. If that tab is gone, any other may continue it. */
  tab: string;
  pick: string;
  /** Identifies a file that is picked again; it includes the owner. */
  match: string;
  /** Whose uploads these are: another person at the same browser must not see them. */
  owner: string;
  name: string;
  size: number;
  type: string;
  lastModified: number | null;
  destination: Destination;
  folderIds: string[];
  startKey: string;
  session: Session | null;
  /** 1 once the item exists. The entry is kept until this is so for all files of its pick, so that none is sent twice if the
   * folder is picked again. */
  done: 0 | 1;
  item: Item | null;
  /** Milliseconds since 1970. */
  at: number;
}

/** Which tab continues an upload: this one, or another that is alive. */
export type Found = { isMine: boolean; entry: Entry };

/** The server forgets an upload after at most seven days, and so does the journal. */
const LIFE_MS = 7 * 24 * 3_600_000;
const STORE = "uploads";

export class Journal {
  readonly tab = newKey();
  /** Called when other tabs have changed something. */
  onNews: () => void = () => {};
  readonly #channel = new BroadcastChannel("dray-uploads");
  /** What the next transaction will write. */
  #changes: ((store: IDBObjectStore) => void)[] = [];
  #writing: Promise<void> = Promise.resolve();
  /** The entries that this tab has taken from closed ones. */
  readonly #taken = new Set<string>();

  private constructor(private readonly db: IDBDatabase) {
    this.#channel.onmessage = () => this.onNews();
  }

  /** `null` where the browser keeps nothing or cannot distinguish tabs: without TLS, in private windows, in Node. */
  static async open(): Promise<Journal | null> {
    if (typeof indexedDB === "undefined" || !globalThis.navigator?.locks) return null;
    try {
      const opening = indexedDB.open("dray-uploads", 1);
      opening.onupgradeneeded = () => {
        const store = opening.result.createObjectStore(STORE, { keyPath: "id" });
        store.createIndex("match", "match");
        store.createIndex("owner", "owner");
        store.createIndex("pick", ["pick", "done"]);
      };
      const journal = new Journal(await answer(opening));
      await journal.#hold();
      return journal;
    } catch {
      return null;
    }
  }

  /** Replaces entries: all or none. */
  save(entries: Entry[]): Promise<void> {
    return this.#write((store) => {
      for (const entry of entries) store.put(entry);
    });
  }

  /** The entries of `owner` that closed tabs have left. */
  async left(owner: string): Promise<Entry[]> {
    const alive = await this.#alive();
    const entries = await answer<Entry[]>(this.db.transaction(STORE).objectStore(STORE).index("owner").getAll(owner));
    const left = entries.filter(({ tab }) => !alive.has(tab));
    const old = left.filter(isOld);
    if (old.length > 0) await this.#write((store) => old.forEach(({ id }) => store.delete(id)));
    return left.filter((entry) => !isOld(entry));
  }

  /**
   * Takes the entry of an upload that is about to be sent. If a closed tab left an entry for the same file, that one is
   * taken instead; if a living tab has one, that tab keeps it. This is in one transaction, so two tabs never take the same one.
   */
  async take(own: Entry): Promise<Found> {
    const alive = await this.#alive();
    let found: Found = { isMine: true, entry: own };
    await this.#write((store) => {
      const asking = store.index("match").getAll(own.match);
      asking.onsuccess = () => {
        const others = (asking.result as Entry[]).filter(({ id, tab, done, lastModified }) => {
          // If the file has changed since its upload was done, it is another file.
          return tab !== this.tab && !this.#taken.has(id) && !(done && lastModified !== own.lastModified);
        });
        const gone = others.filter(({ tab }) => !alive.has(tab));
        const left = gone.find(({ id }) => id === own.id) ?? gone[0];
        const elsewhere = others.find(({ tab }) => alive.has(tab));
        if (elsewhere && left?.id !== own.id) {
          found = { isMine: false, entry: elsewhere };
          return;
        }
        if (left && left.id !== own.id) store.delete(own.id);
        found = { isMine: true, entry: { ...(left ?? own), tab: this.tab } };
        this.#taken.add(found.entry.id);
        store.put(found.entry);
      };
    });
    return found;
  }

  /** The item exists. Once this is so for all files of its pick, all entries of the pick are removed. */
  done(entry: Entry): Promise<void> {
    return this.#ended(entry.pick, (store) => store.put({ ...entry, done: 1 } satisfies Entry));
  }

  /** The upload was cancelled. */
  forget(entry: Entry): Promise<void> {
    return this.#ended(entry.pick, (store) => store.delete(entry.id));
  }

  #ended(pick: string, change: (store: IDBObjectStore) => void): Promise<void> {
    return this.#write((store) => {
      change(store);
      const open = store.index("pick").getKey([pick, 0]);
      open.onsuccess = () => {
        if (open.result !== undefined) return;
        const all = store.index("pick").getAllKeys(IDBKeyRange.only([pick, 1]));
        all.onsuccess = () => all.result.forEach((id) => store.delete(id));
      };
    });
  }

  /** Writes in one transaction what is to be written while the one before runs: many small files change at once. */
  #write(change: (store: IDBObjectStore) => void): Promise<void> {
    if (this.#changes.push(change) === 1) this.#writing = this.#writing.catch(() => {}).then(() => this.#commit(this.#changes.splice(0)));
    return this.#writing;
  }

  #commit(changes: ((store: IDBObjectStore) => void)[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const transaction = this.db.transaction(STORE, "readwrite");
      transaction.oncomplete = () => {
        this.#channel.postMessage(null);
        resolve();
      };
      transaction.onabort = () => reject(transaction.error ?? new Error("The IndexedDB transaction was aborted."));
      const store = transaction.objectStore(STORE);
      for (const change of changes) change(store);
    });
  }

  /** This tab counts as alive while it holds the lock with its name. */
  #hold(): Promise<void> {
    return new Promise((held, failed) => {
      const forEver = new Promise<void>(() => {});
      navigator.locks
        .request(lockOf(this.tab), () => {
          held();
          return forEver;
        })
        .catch(failed);
    });
  }

  async #alive(): Promise<Set<string>> {
    const { held = [] } = await navigator.locks.query();
    return new Set(held.flatMap(({ name }) => (name?.startsWith(LOCK) ? [name.slice(LOCK.length)] : [])));
  }
}

const LOCK = "dray-tab-";
const lockOf = (tab: string): string => LOCK + tab;
const isOld = ({ at }: Entry): boolean => Date.now() - at > LIFE_MS;

function answer<T>(request: IDBRequest): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result as T);
    request.onerror = () => reject(request.error ?? new Error("The IndexedDB request failed."));
  });
}
