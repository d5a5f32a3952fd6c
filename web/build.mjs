// Bundles the page into dist/: index.html, and assets whose names change with their bytes.
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = new URL("./", import.meta.url);
const dist = new URL("dist/", here);
const LIMIT_BYTES = 60 * 1024;

const options = { absWorkingDir: here.pathname, bundle: true, minify: true, write: false, charset: "utf8", legalComments: "none" };
const script = await build({ ...options, entryPoints: ["src/main.ts"], format: "esm", target: "es2022" });
const style = await build({ ...options, entryPoints: ["style.css"], target: ["chrome111", "firefox113", "safari16.2"] });
const files = {
  "main.js": script.outputFiles[0].contents,
  "style.css": style.outputFiles[0].contents,
  "icon.svg": await readFile(new URL("icon.svg", here)),
};

let html = await readFile(new URL("index.html", here), "utf8");
const output = new Map();
for (const [name, contents] of Object.entries(files)) {
  const hash = createHash("sha256").update(contents).digest("hex").slice(0, 10);
  const hashed = `assets/${name.replace(".", `-${hash}.`)}`;
  if (!html.includes(`{{${name}}}`)) throw new Error(`index.html does not use ${name}`);
  html = html.replaceAll(`{{${name}}}`, `/${hashed}`);
  output.set(hashed, contents);
}
output.set("index.html", html);

const weight = [...output.values()].reduce((sum, contents) => sum + gzipSync(contents).length, 0);
if (weight > LIMIT_BYTES) throw new Error(`the page weighs ${weight} bytes gzipped, over ${LIMIT_BYTES}`);

// Only now: a build that fails must not take the last good page away.
await rm(dist, { recursive: true, force: true });
await mkdir(new URL("assets/", dist), { recursive: true });
for (const [name, contents] of output) await writeFile(new URL(name, dist), contents);
console.log(`web/dist: ${weight} bytes gzipped`);
