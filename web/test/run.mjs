// Bundles the unit tests for Node (which cannot run TypeScript before 22.6), and runs them.
import { spawnSync } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { conditions, plugin } from "../bundling.mjs";

const folders = ["./", "../packages/upload/test/"].map((path) => fileURLToPath(new URL(path, import.meta.url)));
const outdir = fileURLToPath(new URL("../node_modules/.cache/dray-test/", import.meta.url));
const inside = await Promise.all(folders.map(async (folder) => (await readdir(folder)).map((name) => folder + name)));
const tests = inside.flat().filter((name) => name.endsWith(".test.ts"));
await rm(outdir, { recursive: true, force: true });
await build({
  entryPoints: tests,
  plugins: [plugin],
  conditions,
  outdir,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  sourcemap: "inline",
});
const files = (await readdir(outdir, { recursive: true })).filter((name) => name.endsWith(".mjs")).map((name) => outdir + name);
process.exit(spawnSync(process.execPath, ["--enable-source-maps", "--test", "--test-timeout=60000", ...files], { stdio: "inherit" }).status ?? 1);
