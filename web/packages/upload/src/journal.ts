// What is kept of uploads after the page is closed: an entry of each in IndexedDB, and a lock that shows which tab is alive.
// Decides which tab may send an upload. Sends nothing and knows no API.

import { believed, doubled, entryOf, type Entry } from "./entry.ts";
import { answer, entriesOf, keyOf, opened, Places, STORE, UnitOfWork, type Key, type Pack, type Wanted } from "./packs.ts";
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

/** A change of entries. All that are made together are one transaction. */
interface Change extends Wanted {
  change(work: UnitOfWork): void;
  /** The pick of an upload that it ends. */
  ends?: string | undefined;
}

/** The entries that a journal of this page has found: no other lists them. */
const found = new Map<string, Journal>();

export class Journal {
  /** Called when other tabs have changed something. */
  onNews: () => void = () => {};
  readonly #channel = new BroadcastChannel("dray-uploads");
  readonly #places: Places;
  /** What the next transaction will write. */
  #changes: Change[] = [];
  #writing: Promise<void> = Promise.resolve();
  /** Tabs that were seen and are closed. Their names are never used again. */
  readonly #dead = new Set<string>();
  #letGo = (): void => {};

  private constructor(
    readonly tab: string,
    private readonly place: string | undefined,
    private readonly db: IDBDatabase,
  ) {
    this.#places = new Places(tab);
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
      const journal = new Journal(tab, place, await opened());
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
    return this.#write({ ids: entries.map(({ id }) => id), change: (work) => entries.forEach((entry) => work.put(entry)) });
  }

  /** The entries of `owner` that closed tabs have left at this place, each for one list of the page. It removes those that are old or doubled. */
  async left(owner: string): Promise<Entry[]> {
    const packs = await answer<Pack[]>(this.db.transaction(STORE).objectStore(STORE).getAll());
    this.#places.seen(packs.filter(({ tab }) => tab !== this.tab));
    const entries = entriesOf(packs).filter((entry) => entry.owner === owner);
    // This comes after the reading: a tab lives before it writes.
    const alive = await this.#alive();
    const left = entries.filter(({ tab }) => !alive.has(tab));
    const old = left.filter(isOld);
    const needless = new Set([...old, ...doubled(left.filter((entry) => !isOld(entry)))]);
    if (needless.size > 0) await this.#write({ ids: [], all: true, change: (work) => needless.forEach((entry) => remove(work, entry)) }).catch(() => {});
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
      const change = (work: UnitOfWork): void => {
        if (!isWanted()) return;
        const stored = work.get(own.id);
        // The entry itself may still be another person's.
        const same = work.same(own.match);
        const all = (stored && stored.match !== own.match ? [...same, stored] : same).map(believed);
        unknown.push(...all.map(({ tab }) => tab).filter((tab) => !living.has(tab) && !this.#dead.has(tab)));
        if (unknown.length === 0) found = this.#taken(work, own, all);
      };
      await this.#write({ ids: [own.id], matches: [own.match], change });
      if (unknown.length === 0) return found;
      const alive = await this.#alive();
      for (const tab of unknown) (alive.has(tab) ? living : this.#dead).add(tab);
    }
  }

  /** `all`: the entries of this file, and its own. */
  #taken(work: UnitOfWork, own: Entry, all: Entry[]): Found {
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
    if (best.id !== own.id) work.delete(own.id);
    // What other closed tabs have of this file is of no more use: it would become an upload of its own.
    for (const { id, tab } of others) if (id !== best.id && tab !== best.tab && this.#dead.has(tab)) work.delete(id);
    const entry = { ...best, tab: this.tab, sending: true };
    work.put(entry);
    return { isMine: true, entry, isNews: isNews || best !== mine };
  }

  /** This tab no longer sends the upload. `entry` says how far it is. */
  release(entry: Entry): Promise<void> {
    return this.#change(entry.id, (work) => work.put({ ...entry, sending: false }));
  }

  /** The item exists. Once this is so for all files of its pick, all entries of the pick are removed. */
  done(entry: Entry): Promise<void> {
    return this.#change(entry.id, (work) => work.put({ ...entry, done: 1, sending: false }), entry.pick);
  }

  /** The upload was cancelled. */
  forget(entry: Entry): Promise<void> {
    return this.#change(entry.id, (work) => work.delete(entry.id), entry.pick);
  }

  /** Changes an entry unless another tab has taken it: the transaction may have read what other tabs have, too. */
  #change(id: string, change: (work: UnitOfWork) => void, ends?: string): Promise<void> {
    return this.#write({ ids: [id], ends, change: (work) => work.get(id)?.tab === this.tab && change(work) });
  }

  /** Writes in one transaction what is to be written while the one before runs: many small files change at once. */
  #write(change: Change): Promise<void> {
    if (this.#changes.push(change) === 1) this.#writing = this.#writing.catch(() => {}).then(() => this.#commit(this.#changes.splice(0)));
    return this.#writing;
  }

  async #commit(changes: readonly Change[]): Promise<void> {
    const transaction = this.db.transaction(STORE, "readwrite");
    const over = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error("The IndexedDB transaction was aborted."));
    });
    const works: UnitOfWork[] = [];
    try {
      const store = transaction.objectStore(STORE);
      const work = await this.#places.read(store, changes);
      works.push(work);
      for (const { change } of changes) change(work);
      work.write(store);
      // They are looked at once, however many files end together.
      const picks = new Set(changes.flatMap(({ ends }) => ends ?? []));
      if (picks.size > 0) works.push(await this.#tidy(store, [...picks]));
    } catch {
      abort(transaction);
    }
    await over;
    for (const work of works) this.#places.written(work);
    if (works.some(({ isChanged }) => isChanged)) this.#channel.postMessage(null);
  }

  /** Removes the entries of those picks whose files are all done, except what may be waited for: another pick has the same file. */
  async #tidy(store: IDBObjectStore, picks: readonly string[]): Promise<UnitOfWork> {
    const open = await Promise.all(picks.map((pick) => answer(store.index("open").getKey(pick))));
    const over = new Set(picks.filter((_, at) => open[at] === undefined));
    const read = await Promise.all([...over].map((pick) => answer<Pack[]>(store.index("pick").getAll(pick))));
    const packs = new Map(read.flat().map((pack) => [keyOf(pack), pack]));
    const work = new UnitOfWork(this.#places, [...packs.values()]);
    const entries = entriesOf([...packs.values()]);
    const ended = entries.filter(({ pick }) => over.has(pick));
    const isAll = (await answer(store.count())) === packs.size;
    const elsewhere = isAll ? [] : await Promise.all(ended.map(({ match }) => answer<Key[]>(store.index("match").getAllKeys(match))));
    const beside = new Set(entries.filter(({ pick }) => !over.has(pick)).map(({ match }) => match));
    ended.forEach(({ id, match }, at) => {
      const isWanted = beside.has(match) || elsewhere[at]?.some((key) => !packs.has(String(key)));
      if (!isWanted) work.delete(id);
    });
    work.write(store);
    return work;
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

function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    // It was aborted already.
  }
}

/** Removes an entry if it is still of the tab that it was of. */
function remove(work: UnitOfWork, { id, tab }: Entry): void {
  if (work.get(id)?.tab === tab) work.delete(id);
}
