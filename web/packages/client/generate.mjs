// Generates src/schema.ts from a drive's OpenAPI document: the types, and the method and path of each operation.
// `npm run generate:client` asks a new `dray serve`; test/kit.mjs compares the committed file with it.
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import openapiTypescript, { astToString } from "openapi-typescript";
import { serveDray } from "../../test/real.mjs";

export const SCHEMA = new URL("src/schema.ts", import.meta.url);
const METHODS = ["get", "put", "post", "delete", "patch"];

/** The text of src/schema.ts. @param {string} url the address of a running drive */
export async function schemaOf(url) {
  const document = await (await fetch(`${url}/openapi.json`)).json();
  // The address and version of this drive are not part of the API.
  delete document.servers;
  for (const methods of Object.values(document.paths)) {
    // All errors have one type, which is in index.ts.
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
