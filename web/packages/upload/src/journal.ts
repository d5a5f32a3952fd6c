// What is kept of uploads after the page is closed: an entry in IndexedDB for each, and a lock that shows which tab is alive.
// Decides which tab may send an upload. Sends nothing and knows no API.

import { believed, doubled, entryOf, type Entry } from "./entry.ts";
import type { Upload } from "./upload.ts";

/** Which tab sends an upload: this one, which now holds it, or another that is alive. */
export interface Found {
  isMine: boolean;
  entry: Entry;
  /** Whether another tab has had it, or has ended it: what this tab knows of it may be out of date. */
  isNews: boolean;
}

/** The server forgets an upload after at most seven days, and so does the journal. */
const LIFE_MS = 7 * 24 * 3_600_000;
/** Another page can keep the database from opening, for as long as it likes. */
const OPEN_MS = 3_000;
const STORE = "uploads";

type Change = (store: IDBObjectStore) => void;

/** The entries that a journal of this page has found: no other lists them. */
const found = new Map<string, Journal>();

export class Journal {
  /** Called when other tabs have changed something. */
  onNews: () => void = () => {};
  readonly #channel = new BroadcastChannel("dray-uploads");
  /** What the next transaction will write. */
  #changes: Change[] = [];
  #writing: Promise<void> = Promise.resolve();
  /** Whether the transaction has changed something. */
  #hasNews = false;
  /** How many uploads the transaction has still to end, and the picks of those that it has ended. */
  #ending = 0;
  readonly #picks = new Set<string>();
  /** Tabs that were seen and are closed. Their names are never used again. */
  readonly #dead = new Set<string>();
  #letGo = (): void => {};

  private constructor(
    readonly tab: string,
    private readonly place: string | undefined,
    private readonly db: IDBDatabase,
  ) {
    this.#channel.onmessage = () => this.onNews();
    // Without this, a page that deletes the database, or needs a newer one, would wait until this tab is closed.
    db.onversionchange = () => db.close();
  }

  /** `null` where the browser keeps nothing, cannot tell tabs apart, or does not answer. `tab` is a new name. */
  static async open(tab: string, place?: string): Promise<Journal | null> {
    const opening = Journal.#opened(tab, place);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(() => {
        void opening.then((journal) => journal?.close());
        resolve(null);
      }, OPEN_MS);
    });
    return Promise.race([opening, late]).finally(() => clearTimeout(timer));
  }

  static async #opened(tab: string, place?: string): Promise<Journal | null> {
    try {
      const opening = indexedDB.open("dray-uploads", 1);
      opening.onupgradeneeded = () => {
        const store = opening.result.createObjectStore(STORE, { keyPath: "id" });
        store.createIndex("match", "match");
        store.createIndex("owner", "owner");
        store.createIndex("pick", ["pick", "done"]);
      };
      const journal = new Journal(tab, place, await answer(opening));
      await journal.#live();
      return journal;
    } catch {
      return null;
    }
  }

  /** Other tabs may now continue what this one has left. */
  async close(): Promise<void> {
    for (const [id, journal] of found) if (journal === this) found.delete(id);
    await this.#writing.catch(() => {});
    this.#channel.close();
    this.db.close();
    this.#letGo();
  }

  /** The entry of a new upload of this tab. */
  entryOf(upload: Upload, owner: string): Entry {
    return entryOf(upload, owner, this.tab, this.place);
  }

  /** Adds or replaces entries: all that the browser can store. */
  save(entries: Entry[]): Promise<void> {
    return this.#write(...entries.map((entry): Change => (store) => this.#put(store, entry)));
  }

  /** The entries of `owner` that closed tabs have left at this place, each for one list of the page. It removes those that are old or doubled. */
  async left(owner: string): Promise<Entry[]> {
    const entries = await answer<Entry[]>(this.db.transaction(STORE).objectStore(STORE).index("owner").getAll(owner));
    // This comes after the reading: a tab lives before it writes.
    const alive = await this.#alive();
    const left = entries.filter(({ tab }) => !alive.has(tab));
    const old = left.filter(isOld);
    const needless = new Set([...old, ...doubled(left.filter((entry) => !isOld(entry)))]);
    if (needless.size > 0) await this.#write(...[...needless].map(({ id, tab }) => this.#ifOf(tab, id, (store) => this.#delete(store, id))));
    const here = left.filter((entry) => !needless.has(entry) && (entry.place ?? this.place) === this.place);
    const own = new Set(entries.filter(({ tab }) => tab === this.tab).map(({ match }) => match));
    return here.filter((entry) => this.#finds(entry, own)).map(believed);
  }

  /** Whether no other journal of this page has found this entry. `own`: the files that this tab has: `take` continues what others have of them. */
  #finds({ id, match }: Entry, own: ReadonlySet<string>): boolean {
    if (!found.has(id) && !own.has(match)) found.set(id, this);
    return found.get(id) === this;
  }

  /**
   * Takes an upload that is about to be sent: until `release`, `done` or `forget`, no other tab gets it, nor one of the same file.
   * What another tab has begun and does not send is continued. Nothing changes if it is no longer wanted once it is its turn. All of it is one transaction, so two tabs never take the same one.
   */
  async take(own: Entry, isWanted: () => boolean): Promise<Found> {
    const living = new Set([this.tab]);
    for (;;) {
      const unknown: string[] = [];
      let found: Found = { isMine: false, entry: own, isNews: false };
      await this.#write((store) => {
        const look = (read: Entry[]): void => {
          if (!isWanted()) return;
          const all = read.map(believed);
          unknown.push(...all.map(({ tab }) => tab).filter((tab) => !living.has(tab) && !this.#dead.has(tab)));
          if (unknown.length === 0) found = this.#taken(store, own, all);
        };
        const asking = store.index("match").getAll(own.match);
        asking.onsuccess = () => {
          const all = asking.result as Entry[];
          if (all.some(({ id }) => id === own.id)) return look(all);
          // The entry itself may still be another person's.
          const itself = store.get(own.id);
          itself.onsuccess = () => look(itself.result ? [...all, itself.result as Entry] : all);
        };
      });
      if (unknown.length === 0) return found;
      const alive = await this.#alive();
      for (const tab of unknown) (alive.has(tab) ? living : this.#dead).add(tab);
    }
  }

  /** `all`: the entries of this file, and its own. */
  #taken(store: IDBObjectStore, own: Entry, all: Entry[]): Found {
    const stored = all.find(({ id }) => id === own.id);
    const isHeld = ({ sending, tab }: Entry): boolean => sending && !this.#dead.has(tab);
    const others = all.filter(({ id, tab }) => id !== own.id && tab !== this.tab);
    const holder = [...(stored && stored.tab !== this.tab ? [stored] : []), ...others].find(isHeld);
    if (holder && !(stored?.tab === this.tab && stored.sending)) return { isMine: false, entry: holder, isNews: false };
    const isNews = stored?.tab !== this.tab;
    const mine = isNews && stored ? { ...stored, owner: own.owner, match: own.match } : own;
    // If the file has changed since its upload was done, it is another file.
    const rank = ({ id, tab, done, session, lastModified }: Entry): number => {
      if (done) return lastModified === own.lastModified ? 1 : 5;
      if (session) return id === own.id ? 0 : 2;
      return id === own.id ? 4 : this.#dead.has(tab) ? 3 : 5;
    };
    const [best = mine] = [mine, ...others].sort((a, b) => rank(a) - rank(b));
    if (best.id !== own.id) this.#delete(store, own.id);
    // What other closed tabs have of this file is of no more use: it would become an upload of its own.
    for (const { id, tab } of others) if (id !== best.id && tab !== best.tab && this.#dead.has(tab)) this.#delete(store, id);
    const entry = { ...best, tab: this.tab, sending: true };
    this.#put(store, entry);
    return { isMine: true, entry, isNews: isNews || best !== mine };
  }

  /** This tab no longer sends the upload. `entry` says how far it is. */
  release(entry: Entry): Promise<void> {
    return this.#write(this.#ifOwn(entry.id, (store) => this.#put(store, { ...entry, sending: false })));
  }

  /** The item exists. Once this is so for all files of its pick, all entries of the pick are removed. */
  done(entry: Entry): Promise<void> {
    return this.#end(entry, (store) => this.#put(store, { ...entry, done: 1, sending: false }));
  }

  /** The upload was cancelled. */
  forget(entry: Entry): Promise<void> {
    return this.#end(entry, (store) => this.#delete(store, entry.id));
  }

  /** Changes an entry unless another tab has taken it. Calls `after` in either case. */
  #ifOwn(id: string, change: Change, after?: Change): Change {
    return this.#ifOf(this.tab, id, change, after);
  }

  /** Changes an entry if it is still of this tab. */
  #ifOf(tab: string, id: string, change: Change, after: Change = () => {}): Change {
    return (store) => {
      const asking = store.get(id);
      asking.onsuccess = () => {
        const stored = asking.result as Entry | undefined;
        if (stored?.tab === tab) change(store);
        after(store);
      };
    };
  }

  /** Ends an upload. Once a transaction has ended its last one, it looks at their picks: once, however many files end together. */
  #end({ id, pick }: Entry, change: Change): Promise<void> {
    const end = this.#ifOwn(id, change, (store) => {
      this.#picks.add(pick);
      if (--this.#ending > 0) return;
      for (const ended of this.#picks) this.#tidy(store, ended);
      this.#picks.clear();
    });
    return this.#write((store) => {
      this.#ending += 1;
      end(store);
    });
  }

  /** Removes the entries of a pick whose files are all done, except those that another upload of the same file waits for. */
  #tidy(store: IDBObjectStore, pick: string): void {
    const open = store.index("pick").getKey([pick, 0]);
    open.onsuccess = () => {
      if (open.result !== undefined) return;
      const all = store.index("pick").getAll(IDBKeyRange.only([pick, 1]));
      const count = store.count();
      count.onsuccess = () => {
        // Nearly always there is nothing else.
        if (count.result === all.result.length) return this.#clear(store);
        for (const { id, match } of all.result as Entry[]) {
          const same = store.index("match").count(match);
          same.onsuccess = () => same.result === 1 && this.#delete(store, id);
        }
      };
    };
  }

  #clear(store: IDBObjectStore): void {
    store.clear();
    this.#hasNews = true;
  }

  #put(store: IDBObjectStore, entry: Entry): void {
    store.put(entry);
    this.#hasNews = true;
  }

  #delete(store: IDBObjectStore, id: string): void {
    store.delete(id);
    this.#hasNews = true;
  }

  /** Writes in one transaction what is to be written while the one before runs: many small files change at once. */
  #write(...changes: Change[]): Promise<void> {
    const isFirst = this.#changes.length === 0;
    this.#changes.push(...changes);
    if (isFirst) this.#writing = this.#writing.catch(() => {}).then(() => this.#commit(this.#changes.splice(0)));
    return this.#writing;
  }

  #commit(changes: Change[]): Promise<void> {
    this.#ending = 0;
    this.#picks.clear();
    return new Promise((resolve, reject) => {
      const transaction = this.db.transaction(STORE, "readwrite");
      transaction.oncomplete = () => {
        if (this.#hasNews) this.#channel.postMessage(null);
        this.#hasNews = false;
        resolve();
      };
      transaction.onabort = () => reject(transaction.error ?? new Error("The IndexedDB transaction was aborted."));
      const store = transaction.objectStore(STORE);
      for (const change of changes) {
        try {
          change(store);
        } catch {
          // The browser cannot store this entry. It stores the others.
        }
      }
    });
  }

  /** This tab counts as alive while it holds the lock with its name. */
  #live(): Promise<void> {
    return new Promise((held, failed) => {
      const life = new Promise<void>((resolve) => (this.#letGo = resolve));
      navigator.locks
        .request(LOCK + this.tab, () => {
          held();
          return life;
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
const isOld = ({ at }: Entry): boolean => Date.now() - at > LIFE_MS;

function answer<T>(request: IDBRequest): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result as T);
    request.onerror = () => reject(request.error ?? new Error("The IndexedDB request failed."));
  });
}
