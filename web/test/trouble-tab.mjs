// What tabs of trouble.mjs run: the kit with files that are made up, in memory or in the private folder of the page's origin.
import { piecesOf } from "./made-up.mjs";

/** @typedef {{ name: string, size: number, path: string[] }} MadeUp */

/** @type {any} */
let uploads;

/**
 * Continues what earlier tabs have left, and tries again what has failed, as a person would. Returns how many wait until their
 * files are picked again. @param {string} token
 */
export async function open(token) {
  const { createUploads } = await import(/** @type {any} */ ("/kit/upload.js"));
  uploads = createUploads({ url: location.origin, token });
  uploads.on("failed", (/** @type {any} */ upload) => uploads.resume(upload));
  await uploads.restore();
  return uploads.totals.of.unpicked;
}

/** Writes files into the private folder, where they stay. @param {MadeUp[]} files */
export async function write(files) {
  const root = await navigator.storage.getDirectory();
  for (const { name, size } of files) {
    const writing = await (await root.getFileHandle(name, { create: true })).createWritable();
    for (const piece of piecesOf(name, size)) await writing.write(piece);
    await writing.close();
  }
}

/** Files whose handles the kit keeps. @param {MadeUp[]} files */
async function kept(files) {
  const root = await navigator.storage.getDirectory();
  return Promise.all(
    files.map(async ({ name, path }) => {
      const handle = await root.getFileHandle(name);
      return { file: await handle.getFile(), handle, path };
    }),
  );
}

/** Files that must be picked again after a reload. @param {MadeUp[]} files */
const unkept = (files) =>
  files.map(({ name, size, path }) => ({ file: new File(Array.from(piecesOf(name, size), (piece) => piece.slice()), name, { lastModified: 1e12 }), path }));

/** Adds files: those that were written, and those in memory. Resolves once one has begun, so all are remembered. @param {MadeUp[]} written @param {MadeUp[]} inMemory */
export async function add(written, inMemory) {
  const own = await kept(written);
  const added = [...uploads.addAll(own), ...uploads.addAll(unkept(inMemory))];
  return until(() => added.some(({ session }) => session !== null));
}

/** Picks files in memory again. @param {MadeUp[]} files */
export const again = (files) => void uploads.addAll(unkept(files));

/** Resolves once the list of this tab has nothing left to do. */
export const finished = () => until(() => !uploads.unfinished && uploads.totals.of.unpicked === 0);

/** Resolves once `is` is true; it is checked after each change. @param {() => boolean} is */
const until = (is) =>
  new Promise((resolve) => {
    const look = () => is() && resolve(null);
    uploads.on("change", look);
    look();
  });
