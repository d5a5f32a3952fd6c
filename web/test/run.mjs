// Bundles the unit tests for node (which runs no TypeScript before 22.6) and runs them.
import { spawnSync } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL("./", import.meta.url));
const outdir = fileURLToPath(new URL("../node_modules/.cache/dray-test/", import.meta.url));
const tests = (await readdir(here)).filter((name) => name.endsWith(".test.ts"));
await rm(outdir, { recursive: true, force: true });
await build({
  entryPoints: tests.map((name) => here + name),
  outdir,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  sourcemap: "inline",
});
const files = tests.map((name) => outdir + name.replace(/ts$/, "mjs"));
process.exit(spawnSync(process.execPath, ["--enable-source-maps", "--test", "--test-timeout=20000", ...files], { stdio: "inherit" }).status ?? 1);
