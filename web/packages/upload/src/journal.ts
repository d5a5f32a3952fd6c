// What of the uploads outlives the page: an entry each in IndexedDB, and a lock that says which tab is alive.
// Decides who may go on with an entry; sends nothing and knows no API.

import { newKey, type Item } from "./api.ts";
import type { Destination, Session } from "./upload.ts";

/** An upload as the browser keeps it. */
export interface Entry {
  id: string;
  /** The tab that sends it; if that one is gone, any may go on with it. */
  tab: string;
  pick: string;
  /** What a file that is picked again is known by; holds whose it is. */
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
  /** 1 once the item is there. Kept until all of its pick are, so that picking the folder again sends none twice. */
  done: 0 | 1;
  item: Item | null;
  /** Milliseconds since 1970. */
  at: number;
}

/** Who goes on with an upload: this tab, or another one that is alive. */
export type Found = { is: "mine" | "elsewhere"; entry: Entry };

/** The server forgets an upload after seven days at the latest; so does the journal. */
const LIFE_MS = 7 * 24 * 3_600_000;
const STORE = "uploads";

export class Journal {
  readonly tab = newKey();
  /** Other tabs changed something. */
  onNews: () => void = () => {};
  private readonly channel = new BroadcastChannel("dray-uploads");

  private constructor(private readonly db: IDBDatabase) {
    this.channel.onmessage = () => this.onNews();
  }

  /** `null` where the browser keeps nothing or cannot tell tabs apart: without TLS, in private windows, in Node. */
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
      await journal.hold();
      return journal;
    } catch {
      return null;
    }
  }

  /** Writes entries anew: all or none. */
  save(entries: Entry[]): Promise<void> {
    return this.write((store) => {
      for (const entry of entries) store.put(entry);
    });
  }

  /** What tabs that are gone have left of `owner`'s. */
  async left(owner: string): Promise<Entry[]> {
    const alive = await this.alive();
    const entries = await answer<Entry[]>(this.db.transaction(STORE).objectStore(STORE).index("owner").getAll(owner));
    const [old, young] = [entries.filter(isOld), entries.filter((entry) => !isOld(entry))];
    if (old.length > 0) await this.drop(old.filter(({ tab }) => !alive.has(tab)).map(({ id }) => id));
    return young.filter(({ tab }) => !alive.has(tab));
  }

  /**
   * Takes the entry of an upload that is to be sent now. If a tab that is gone left one of the same file, that one is
   * taken instead; if a living tab has one, it stays there. One transaction, so no two tabs take the same.
   */
  async take(own: Entry): Promise<Found> {
    const alive = await this.alive();
    let found: Found = { is: "mine", entry: own };
    await this.write((store) => {
      const asking = store.index("match").getAll(own.match);
      asking.onsuccess = () => {
        const others = (asking.result as Entry[]).filter(({ tab, done, lastModified }) => {
          // What is done and has changed since is another file.
          return tab !== this.tab && !(done && lastModified !== own.lastModified);
        });
        const gone = others.filter(({ tab }) => !alive.has(tab));
        const left = gone.find(({ id }) => id === own.id) ?? gone[0];
        const elsewhere = others.find(({ tab }) => alive.has(tab));
        if (elsewhere && left?.id !== own.id) {
          found = { is: "elsewhere", entry: elsewhere };
          return;
        }
        if (left && left.id !== own.id) store.delete(own.id);
        found = { is: "mine", entry: { ...(left ?? own), tab: this.tab } };
        store.put(found.entry);
      };
    });
    if (found.is === "mine" && own.tab !== this.tab) this.channel.postMessage(null);
    return found;
  }

  /** The item is there. Once that is so for all of its pick, nothing of the pick is kept. */
  done(entry: Entry): Promise<void> {
    return this.ended(entry.pick, (store) => store.put({ ...entry, done: 1 } satisfies Entry));
  }

  /** The upload was given up. */
  forget(entry: Entry): Promise<void> {
    return this.ended(entry.pick, (store) => store.delete(entry.id));
  }

  private async ended(pick: string, change: (store: IDBObjectStore) => void): Promise<void> {
    await this.write((store) => {
      change(store);
      const open = store.index("pick").getKey([pick, 0]);
      open.onsuccess = () => {
        if (open.result !== undefined) return;
        const all = store.index("pick").getAllKeys(IDBKeyRange.only([pick, 1]));
        all.onsuccess = () => all.result.forEach((id) => store.delete(id));
      };
    });
    this.channel.postMessage(null);
  }

  private drop(ids: string[]): Promise<void> {
    return this.write((store) => ids.forEach((id) => store.delete(id)));
  }

  private write(change: (store: IDBObjectStore) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const transaction = this.db.transaction(STORE, "readwrite");
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error("IndexedDB gave up."));
      change(transaction.objectStore(STORE));
    });
  }

  /** This tab is alive as long as it holds the lock of its name. */
  private hold(): Promise<void> {
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

  private async alive(): Promise<Set<string>> {
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
    request.onerror = () => reject(request.error ?? new Error("IndexedDB gave up."));
  });
}
