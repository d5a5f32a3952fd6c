// Builds each package into its published form: the scripts of its entries, what they load when they need it, and their types. `npm publish` runs this first.
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { conditions, plugin } from "./bundling.mjs";

const packages = new URL("packages/", import.meta.url);

/** Relative imports in the sources end in `.ts`. Beside the published types there are only files that end in `.js`. @param {URL} folder */
async function asPublished(folder) {
  for (const name of await readdir(folder)) {
    if (!name.endsWith(".d.ts")) continue;
    const text = await readFile(new URL(name, folder), "utf8");
    await writeFile(new URL(name, folder), text.replace(/(from "\.\/[\w-]+)\.ts"/g, '$1.js"'));
  }
}

// `upload` comes first, because the others read its types.
const names = (await readdir(packages)).sort((a, b) => Number(b === "upload") - Number(a === "upload"));
for (const name of names) {
  const dist = new URL(`${name}/dist/`, packages);
  await rm(dist, { recursive: true, force: true });
  /** @type {{ exports: Record<string, { source: string }> }} */
  const { exports } = JSON.parse(await readFile(new URL(`${name}/package.json`, packages), "utf8"));
  await build({
    entryPoints: Object.values(exports).map(({ source }) => fileURLToPath(new URL(`${name}/${source}`, packages))),
    outdir: fileURLToPath(dist),
    splitting: true,
    chunkNames: "[name]-[hash]",
    bundle: true,
    format: "esm",
    target: "es2022",
    packages: "external",
    plugins: [plugin],
    conditions,
  });
  const tsc = fileURLToPath(new URL("node_modules/typescript/bin/tsc", import.meta.url));
  const flags = ["--declaration", "--emitDeclarationOnly", "--noEmit", "false", "--outDir", fileURLToPath(dist), "--rootDir", fileURLToPath(new URL(`${name}/src/`, packages))];
  const config = { extends: "../../tsconfig.json", compilerOptions: { customConditions: [] }, include: ["src"] };
  const project = new URL(`${name}/tsconfig.build.json`, packages);
  await writeFile(project, JSON.stringify(config));
  const { status } = spawnSync(process.execPath, [tsc, "-p", fileURLToPath(project), ...flags], { stdio: "inherit" });
  await rm(project);
  if (status !== 0) process.exit(status ?? 1);
  await asPublished(dist);
}
