// Makes src/schema.ts of a drive's OpenAPI document: its types, and which method and path each operation has.
// `npm run generate:client` asks a fresh `dray serve`; test/kit.mjs holds the committed file against it.
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import openapiTypescript, { astToString } from "openapi-typescript";
import { serveDray } from "../../test/real.mjs";

export const SCHEMA = new URL("src/schema.ts", import.meta.url);
const METHODS = ["get", "put", "post", "delete", "patch"];

/** The text of src/schema.ts. @param {string} url of a running drive */
export async function schemaOf(url) {
  const document = await (await fetch(`${url}/openapi.json`)).json();
  // Where the drive of the moment is, and its version, are not the API.
  delete document.servers;
  for (const methods of Object.values(document.paths)) {
    // All refusals are one type, which index.ts has.
    for (const { responses } of Object.values(methods).filter((method) => method?.responses)) {
      for (const status of Object.keys(responses)) if (Number(status) >= 400) delete responses[status];
    }
  }
  const types = astToString(await openapiTypescript(document, { defaultNonNullable: false }));
  const routes = Object.entries(document.paths)
    .flatMap(([path, methods]) => METHODS.filter((method) => methods[method]).map((method) => [methods[method].operationId, method.toUpperCase(), path]))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, method, path]) => `  ${id}: ["${method}", "${path}"],`);
  return `// Made by generate.mjs from the drive's OpenAPI document. Not to be edited.
${types}
/** Each operation's method and path. */
export const ROUTES = {
${routes.join("\n")}
} as const satisfies Record<keyof operations, readonly [string, string]>;
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const drive = await serveDray();
  await writeFile(SCHEMA, await schemaOf(drive.url));
  await drive.stop();
}
