// How entries lie in IndexedDB: many of one tab in one record, a pack. A request to IndexedDB costs a browser a tenth of a
// millisecond, and an entry changes four times, so a record for each entry took a third of the time of a small file.

import type { Entry } from "./entry.ts";

/** Entries of one tab. What another tab takes of them moves into a pack of that tab. */
export interface Pack {
  tab: string;
  /** Counts the packs of a tab. */
  number: number;
  /** By id. */
  entries: Map<string, Entry>;
}

/** A pack with what is found by an index: the picks of its entries, those of which an entry is not done, and what identifies the files. */
interface StoredPack extends Pack {
  picks: string[];
  open: string[];
  matches: string[];
}

/** What a transaction needs to read. */
export interface Wanted {
  /** Entries that this tab has, or has seen. */
  ids: readonly string[];
  /** Files of which other tabs may have entries. */
  matches?: readonly string[];
  /** Whether all entries are needed. */
  all?: boolean;
}

export type Key = [tab: string, number: number];

export const STORE = "packs";
/** Up to so many packs of other tabs are read whole. Of more, those with a wanted file are looked up: a request for each file. */
const FEW_PACKS = 8;
/** As many small files as go in a batch: they change together. */
const MOST_ENTRIES = 200;
/** A larger file changes by itself, and for longer, so it has a pack of its own. It is the limit of files that go in batches. */
const SMALL_BYTES = 8 << 20;

/** Opens the database. Entries that an earlier version has left, each in a record, are put into packs. */
export function opened(): Promise<IDBDatabase> {
  const opening = indexedDB.open("dray-uploads", 2);
  opening.onupgradeneeded = () => {
    const { result: db, transaction } = opening;
    const store = db.createObjectStore(STORE, { keyPath: ["tab", "number"] });
    store.createIndex("pick", "picks", { multiEntry: true });
    store.createIndex("open", "open", { multiEntry: true });
    store.createIndex("match", "matches", { multiEntry: true });
    if (!db.objectStoreNames.contains("uploads")) return;
    const asking = transaction!.objectStore("uploads").getAll();
    asking.onsuccess = () => {
      const entries = asking.result as Entry[];
      for (const tab of new Set(entries.map((entry) => entry.tab))) {
        const work = new UnitOfWork(new Places(tab), []);
        // If that tab lives, it closes the database now, and will not notice if another takes what waits there.
        for (const entry of entries) if (entry.tab === tab) work.put({ ...entry, sending: !entry.done });
        work.write(store);
      }
      db.deleteObjectStore("uploads");
    };
  };
  return answer(opening);
}

/** The key of a pack, as the key of a map. */
export const keyOf = ({ tab, number }: Pack): string => String([tab, number] satisfies Key);

/** All entries of these packs. */
export const entriesOf = (packs: readonly Pack[]): Entry[] => packs.flatMap(({ entries }) => [...entries.values()]);

export function answer<T>(request: IDBRequest): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result as T);
    request.onerror = () => reject(request.error ?? new Error("The IndexedDB request failed."));
  });
}

/** Where the entries lie that a tab has, or has seen. */
export class Places {
  readonly #keys = new Map<string, Key>();
  #next = 0;

  constructor(readonly tab: string) {}

  async read(store: IDBObjectStore, wanted: readonly Wanted[]): Promise<UnitOfWork> {
    if (wanted.some(({ all }) => all)) return this.#readAll(store);
    const ids = wanted.flatMap(({ ids }) => ids);
    const known = ids.map((id) => this.#keys.get(id)).filter((key) => key !== undefined);
    const keys = new Map(known.map((key) => [String(key), key]));
    const matches = wanted.flatMap(({ matches = [] }) => matches);
    if (matches.length > 0) for (const key of await this.#others(store, matches)) keys.set(String(key), key);
    const read = await Promise.all([...keys.values()].map((key) => answer<Pack | undefined>(store.get(key))));
    const work = new UnitOfWork(this, read.filter((pack) => pack !== undefined));
    // Another tab may have taken an entry that was seen elsewhere.
    const isMissing = wanted.some(({ ids, matches }) => matches && ids.some((id) => this.#keys.has(id) && !work.get(id)));
    return isMissing ? this.#readAll(store) : work;
  }

  /** The packs of other tabs that may have entries of these files. */
  async #others(store: IDBObjectStore, matches: readonly string[]): Promise<Key[]> {
    // An array is greater than any string and number.
    const ranges = [IDBKeyRange.upperBound([this.tab], true), IDBKeyRange.lowerBound([this.tab, []], true)];
    const keys = (await Promise.all(ranges.map((range) => answer<Key[]>(store.getAllKeys(range, FEW_PACKS + 1))))).flat();
    if (keys.length <= FEW_PACKS) return keys;
    return (await Promise.all(matches.map((match) => answer<Key[]>(store.index("match").getAllKeys(match))))).flat();
  }

  async #readAll(store: IDBObjectStore): Promise<UnitOfWork> {
    return new UnitOfWork(this, await answer<Pack[]>(store.getAll()));
  }

  /** An empty pack. */
  fresh(): Pack {
    return { tab: this.tab, number: this.#next++, entries: new Map() };
  }

  /** Notes where these entries lie. */
  seen(packs: readonly Pack[]): void {
    for (const { tab, number, entries } of packs) for (const id of entries.keys()) this.#keys.set(id, [tab, number]);
  }

  /** The transaction that wrote this is over. If it failed, everything lies where it lay. */
  written({ moved }: UnitOfWork): void {
    for (const [id, pack] of moved) {
      if (pack?.entries.has(id)) this.#keys.set(id, [pack.tab, pack.number]);
      else this.#keys.delete(id);
    }
  }
}

/** Packs that a transaction has read, what it changes of them, and what it will write. */
export class UnitOfWork {
  /** Where entries lie once this is written; `null`: nowhere. */
  readonly moved = new Map<string, Pack | null>();
  readonly #packs = new Map<string, Pack>();
  readonly #same = new Map<string, Entry[]>();
  readonly #changed = new Set<Pack>();
  /** The new pack that has room. */
  #room: Pack | null = null;

  constructor(
    private readonly places: Places,
    packs: readonly Pack[],
  ) {
    for (const pack of packs) {
      for (const entry of pack.entries.values()) {
        this.#packs.set(entry.id, pack);
        const same = this.#same.get(entry.match);
        if (same) same.push(entry);
        else this.#same.set(entry.match, [entry]);
      }
    }
  }

  /** Whether something is to be written. */
  get isChanged(): boolean {
    return this.#changed.size > 0;
  }

  get(id: string): Entry | undefined {
    return this.#packs.get(id)?.entries.get(id);
  }

  /** The entries of this file that were read. */
  same(match: string): Entry[] {
    return (this.#same.get(match) ?? []).flatMap(({ id }) => this.get(id) ?? []);
  }

  /** Adds or replaces an entry of this tab. */
  put(entry: Entry): void {
    const { id } = entry;
    if (this.#packs.get(id)?.tab !== this.places.tab) {
      this.delete(id);
      this.#packs.set(id, this.#packFor(entry));
    }
    const pack = this.#packs.get(id)!;
    pack.entries.set(id, entry);
    this.#changed.add(pack);
    this.moved.set(id, pack);
  }

  delete(id: string): void {
    const pack = this.#packs.get(id);
    if (!pack?.entries.delete(id)) return;
    this.#packs.delete(id);
    this.#changed.add(pack);
    this.moved.set(id, null);
  }

  /** Writes what has changed. */
  write(store: IDBObjectStore): void {
    for (const pack of this.#changed) {
      if (!put(store, pack)) store.delete([pack.tab, pack.number]);
    }
  }

  #packFor({ size }: Entry): Pack {
    if (size > SMALL_BYTES) return this.places.fresh();
    if (!this.#room || this.#room.entries.size >= MOST_ENTRIES) this.#room = this.places.fresh();
    return this.#room;
  }
}

/** Returns false if there is nothing to store. */
function put(store: IDBObjectStore, pack: Pack): boolean {
  try {
    if (pack.entries.size > 0) store.put(packed(pack));
  } catch {
    // The browser cannot store some of these entries. It stores the others.
    for (const [id, entry] of pack.entries) if (!isCloneable(entry)) pack.entries.delete(id);
    if (pack.entries.size > 0) store.put(packed(pack));
  }
  return pack.entries.size > 0;
}

function isCloneable(entry: Entry): boolean {
  try {
    structuredClone(entry);
    return true;
  } catch {
    return false;
  }
}

function packed({ tab, number, entries }: Pack): StoredPack {
  const all = [...entries.values()];
  const open = new Set(all.filter(({ done }) => !done).map(({ pick }) => pick));
  const picks = new Set(all.map(({ pick }) => pick));
  return { tab, number, entries, picks: [...picks], open: [...open], matches: all.map(({ match }) => match) };
}
