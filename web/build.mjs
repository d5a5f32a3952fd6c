// Bundles the pages into dist/: index.html and docs.html, and assets whose names change with their bytes. It also
// bundles the packages of the kit for other people's pages into dist/kit/.
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, extname } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { conditions, plugin } from "./bundling.mjs";

const here = new URL("./", import.meta.url);
const dist = new URL("dist/", here);
// The maximum number of bytes of each page with all that it loads, gzipped. The reference page is nearly all Swagger
// UI.
const LIMITS = { "index.html": 60 * 1024, "request.html": 40 * 1024, "docs.html": 520 * 1024 };
// Larger files go into the binary gzipped, because every browser accepts gzip.
const PLAIN_BYTES = 128 * 1024;
// Smaller files are not worth compressing: compression.rs has the same limit.
const LEAST_BYTES = 4096;

const options = { absWorkingDir: here.pathname, bundle: true, minify: true, write: false, charset: "utf8", plugins: [plugin], conditions };
/** The script or style sheet of an entry point, and what the script loads when it needs it, by name. */
const bundleAll = async (entryPoint, more) => {
  const { outputFiles } = await build({ ...options, ...more, entryPoints: [entryPoint], outdir: ".", chunkNames: "[name]-[hash]" });
  const isMain = ({ path }) => basename(path, extname(path)) === basename(entryPoint, extname(entryPoint));
  const chunks = outputFiles.filter((file) => !isMain(file)).map(({ path, contents }) => [basename(path), contents]);
  return { contents: outputFiles.find(isMain).contents, chunks };
};
/** What the pages' scripts load when they need it. */
const pageChunks = new Map();
const bundle = async (entryPoint, more) => {
  const { contents, chunks } = await bundleAll(entryPoint, more);
  for (const [name, chunk] of chunks) pageChunks.set(name, chunk);
  return contents;
};
const scripts = { format: "esm", target: "es2022", splitting: true };
const styles = { target: ["chrome111", "firefox113", "safari16.2"] };
const assets = {
  "main.js": await bundle("src/main.ts", { ...scripts, legalComments: "none" }),
  "style.css": await bundle("style.css", styles),
  "request.js": await bundle("src/request.ts", { ...scripts, legalComments: "none" }),
  "request.css": await bundle("request.css", styles),
  "docs.js": await bundle("src/docs.ts", { ...scripts, legalComments: "eof" }),
  "docs.css": await bundle("docs.css", styles),
  "icon.svg": await readFile(new URL("icon.svg", here)),
};

/** What `/kit/…` serves, and the maximum number of bytes of each, gzipped, without what it loads only when it needs it. */
const KIT = { upload: 12 * 1024, element: 20 * 1024, uppy: 16 * 1024, client: 4 * 1024 };

const hashOf = (contents) => createHash("sha256").update(contents).digest("hex").slice(0, 10);

const output = new Map();
const weights = [];
for (const [page, limit] of Object.entries(LIMITS)) {
  let html = await readFile(new URL(page, here), "utf8");
  let weight = 0;
  for (const [name, contents] of Object.entries(assets)) {
    if (!html.includes(`{{${name}}}`)) continue;
    const hashed = `assets/${name.replace(".", `-${hashOf(contents)}.`)}`;
    html = html.replaceAll(`{{${name}}}`, `/${hashed}`);
    const gzipped = gzipSync(contents, { level: 9 });
    weight += gzipped.length;
    output.set(hashed, contents.length > PLAIN_BYTES ? gzipped : contents);
  }
  if (html.includes("{{")) throw new Error(`${page} names an asset that was not built`);
  weight += gzipSync(html).length;
  if (weight > limit) throw new Error(`${page} has ${weight} bytes gzipped, and the limit is ${limit}`);
  weights.push(`${page} ${weight}`);
  output.set(page, html);
}
const weightOf = (contents) => gzipSync(contents, { level: 9 }).length;
for (const [name, contents] of pageChunks) output.set(`assets/${name}`, contents);
for (const [name, limit] of Object.entries(KIT)) {
  const { contents, chunks } = await bundleAll(`packages/${name}/src/index.ts`, { ...scripts, legalComments: "none" });
  const weight = weightOf(contents);
  if (weight > limit) throw new Error(`@dray/${name} has ${weight} bytes gzipped, and the limit is ${limit}`);
  weights.push([`kit/${name} ${weight}`, ...chunks.map(([chunk, bytes]) => `${chunk.split("-")[0]} ${weightOf(bytes)}`)].join(" + "));
  for (const [chunk, bytes] of chunks) output.set(`kit/${chunk}`, bytes);
  const hashed = `${name}-${hashOf(contents)}.js`;
  output.set(`kit/${hashed}`, contents);
  output.set(`kit/${name}.js`, `export * from "./${hashed}";\n`);
}

// Beside each script and style lies the same, compressed once as far as gzip can: the server sends it to all who accept gzip.
for (const [name, contents] of [...output]) {
  const isPlain = Buffer.from(contents).subarray(0, 2).toString("hex") !== "1f8b";
  if (!name.endsWith(".html") && isPlain && contents.length >= LEAST_BYTES) output.set(`${name}.gz`, gzipSync(contents, { level: 9 }));
}

// This comes last, because a build that fails must not remove the last good pages.
await rm(dist, { recursive: true, force: true });
for (const folder of ["assets/", "kit/"]) await mkdir(new URL(folder, dist), { recursive: true });
for (const [name, contents] of output) await writeFile(new URL(name, dist), contents);
console.log(`web/dist, bytes gzipped: ${weights.join(", ")}`);
