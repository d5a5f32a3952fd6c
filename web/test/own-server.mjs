// A web server of a test's own, for pages that are not Dray's.
import { once } from "node:events";
import { createServer } from "node:http";

/** Starts one. It answers what is in `files`, by path, and otherwise an empty page. */
export async function serveFiles() {
  /** @type {Map<string, { type: string, body: string }>} */
  const files = new Map();
  const server = createServer((request, answer) => {
    const { type, body } = files.get(request.url ?? "") ?? { type: "text/html", body: "<!doctype html>" };
    answer.writeHead(200, { "Content-Type": `${type}; charset=utf-8` }).end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { origin: `http://127.0.0.1:${port}`, files, stop };
}
