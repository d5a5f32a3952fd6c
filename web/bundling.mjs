// How the sources of web/ become scripts: settings and plugins for esbuild. It writes no files.
import { readFile } from "node:fs/promises";
import { build } from "esbuild";
import wabt from "wabt";

/** Packages of this workspace are bundled from their sources. */
export const conditions = ["source"];

/** `x.wat` becomes its WebAssembly in base64; `x.ts?worker` becomes the text of the script that it bundles to. */
export const plugin = {
  name: "dray",
  /** @param {import("esbuild").PluginBuild} esbuild */
  setup(esbuild) {
    esbuild.onLoad({ filter: /\.wat$/ }, async ({ path }) => {
      const wasm = (await wabt()).parseWat(path, await readFile(path)).toBinary({}).buffer;
      return { contents: Buffer.from(wasm).toString("base64"), loader: "text" };
    });
    esbuild.onResolve({ filter: /\?worker$/ }, async ({ path, resolveDir }) => {
      const found = await esbuild.resolve(path.replace(/\?worker$/, ""), { resolveDir, kind: "import-statement" });
      return { path: found.path, namespace: "worker", errors: found.errors };
    });
    esbuild.onLoad({ filter: /.*/, namespace: "worker" }, async ({ path }) => {
      const options = { bundle: true, minify: true, write: false, format: "esm", target: "es2022", legalComments: "none" };
      const built = await build({ .../** @type {any} */ (options), entryPoints: [path], plugins: [plugin], conditions });
      return { contents: built.outputFiles?.[0]?.text ?? "", loader: "text", watchFiles: [path] };
    });
  },
};
