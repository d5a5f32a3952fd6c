// What the browser keeps of one upload. It has no IO.

import type { Destination, Session, Upload } from "./upload.ts";

/** An upload, as the browser keeps it. */
export interface Entry {
  id: string;
  /** The tab that sends it, or sent it last. */
  tab: string;
  /** Whether that tab sends it now. While that tab is alive, no other may send it. */
  sending: boolean;
  pick: string;
  /** Identifies a file that is picked again; it includes the owner. */
  match: string;
  /** Whose uploads these are: another person at the same browser must not see them. */
  owner: string;
  /** Where in the pages of this origin it was added, if the page names places. */
  place?: string | undefined;
  name: string;
  size: number;
  type: string;
  lastModified: number | null;
  destination: Destination;
  folderIds: readonly string[];
  startKey: string;
  session: Session | null;
  /** 1 once the item exists. The entry is kept until this is so for all files of its pick, so that none is sent twice if the
   * folder is picked again. */
  done: 0 | 1;
  /** Milliseconds since 1970. */
  at: number;
}

/** The entry of a new upload. It has only what the browser can store: a page may have put anything into the destination. */
export function entryOf(upload: Upload, owner: string, tab: string, place?: string): Entry {
  const { id, pick, file, startKey, session } = upload;
  const { parentId, path = [], onConflict, handle } = upload.destination;
  const { name, size, type, lastModified = null } = file;
  const destination = { path: [...path], ...(parentId !== undefined && { parentId }), ...(onConflict && { onConflict }), ...(handle && { handle }) };
  const own = { id, tab, sending: false, pick, match: matchOf(owner, upload), owner, place, destination, folderIds: [...upload.folderIds], startKey, session };
  return { ...own, name, size, type, lastModified, done: 0, at: Date.now() };
}

/** The entry without a list of folders that cannot be true: earlier versions wrote some ids twice, and so put ids at the wrong depth. */
export function believed(entry: Entry): Entry {
  const { folderIds, destination } = entry;
  const isTrue = folderIds.length <= (destination.path ?? []).length && new Set(folderIds).size === folderIds.length;
  return isTrue ? entry : { ...entry, folderIds: [] };
}

/** Identifies a file that is picked again. */
export function matchOf(owner: string, { file: { name, size }, destination }: Pick<Upload, "file" | "destination">): string {
  const { parentId = null, path = [] } = destination;
  return JSON.stringify([owner, parentId, path, name, size]);
}

/**
 * Which of the entries that closed tabs have left are not needed. Entries of one file from several tabs are one upload: the tabs waited
 * for each other. Those of the tab that has come the farthest stay. Equal files of one tab are several uploads.
 */
export function doubled(left: readonly Entry[]): Entry[] {
  const files = new Map<string, Entry[]>();
  for (const entry of left) files.set(entry.match, [...(files.get(entry.match) ?? []), entry]);
  return [...files.values()].flatMap((same) => {
    const best = same.reduce((a, b) => (rank(b) < rank(a) ? b : a));
    return same.filter(({ tab }) => tab !== best.tab);

    /** If the file has changed since its upload was done, it is another file. */
    function rank({ done, session, lastModified }: Entry): number {
      if (done) return same.every((other) => other.done || other.lastModified === lastModified) ? 0 : 3;
      return session ? 1 : 2;
    }
  });
}
