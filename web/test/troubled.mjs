// A proxy in front of `dray serve` that refuses requests, loses answers and cuts connections, all by one seed. It knows which PUTs
// were acknowledged, receives the drive's webhooks, and serves an empty page, the kit from dist/, and the modules of this folder.
import { readFile } from "node:fs/promises";
import { Agent, createServer, request as ask } from "node:http";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, startDray } from "./real.mjs";

/** @typedef {import("node:http").IncomingMessage} Request */
/** @typedef {import("node:http").ServerResponse} Answer */

/** A random number from 0 to 1 for each call, the same for the same seed (mulberry32). @param {number} seed */
export function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class Troubled {
  /** How many PUTs of five fail: refused, lost after they were stored, or cut. */
  partsOfFive = 1;
  /** Pipelines of small files that were answered, and those that were refused, lost or cut. There are few of them, so that half of these fail. */
  pipelines = { answered: 0, failed: 0 };
  /** How many requests to the API of twenty lose their answers. */
  losesOfTwenty = 1;
  /** Bytes of PUTs whose 200 was sent to the client, by path and part. @type {Map<string, number>} */
  acknowledged = new Map();
  /** Bytes that were sent again although they had been acknowledged. */
  sentAgain = 0;
  /** How often bytes of a part or of a small file have reached the drive. */
  arrived = 0;
  /** What has happened so far, for the record. */
  counted = { requests: 0, answersLost: 0, puts: 0, putsFailed: 0 };
  /** The ids of the items that webhooks told, with how often. @type {Map<string, number>} */
  told = new Map();
  /** @type {(() => void)[]} */
  #waiting = [];
  /** Most requests are small: a connection for each would cost more than they do. */
  #inner = new Agent({ keepAlive: true });
  #proxy = createServer((request, answer) => void this.#serve(request, answer).catch(() => request.socket.destroy()));
  #hook = createServer((request, answer) => void this.#hear(request, answer));

  /** @param {() => number} random */
  constructor(random) {
    this.random = random;
  }

  async start() {
    const [port, inner, hook] = [await freePort(), await freePort(), await freePort()];
    this.inner = inner;
    this.folder = await mkdtemp(join(tmpdir(), "dray-troubled-"));
    const secret = join(this.folder, "secret");
    await writeFile(secret, `whsec_${randomBytes(32).toString("base64")}\n`, { mode: 0o600 });
    await new Promise((resolve) => this.#hook.listen(hook, "127.0.0.1", () => resolve(null)));
    await new Promise((resolve) => this.#proxy.listen(port, "127.0.0.1", () => resolve(null)));
    this.dray = await startDray(
      ...["--listen", `127.0.0.1:${inner}`, "--public-url", `http://127.0.0.1:${port}`, "--trust-proxy", "127.0.0.1"],
      ...["--webhook-url", `http://127.0.0.1:${hook}/`, "--webhook-secret-file", secret, "--webhook-allow-private"],
    );
    this.url = `http://127.0.0.1:${port}`;
    this.token = this.dray.token;
    return this;
  }

  async stop() {
    this.#inner.destroy();
    await this.dray?.stop();
    for (const server of [this.#proxy, this.#hook]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    if (this.folder) await rm(this.folder, { recursive: true, force: true });
  }

  /** Resolves once `is` is true; it is checked after each answer and each webhook. @param {() => boolean} is */
  until(is) {
    return new Promise((/** @type {(value: null) => void} */ resolve) => {
      const look = () => {
        if (!is()) return;
        this.#waiting = this.#waiting.filter((other) => other !== look);
        resolve(null);
      };
      this.#waiting.push(look);
      look();
    });
  }

  #look() {
    for (const look of this.#waiting) look();
  }

  /** An untroubled request to the API. @param {string} path @param {string} [method] @returns {Promise<any>} */
  async ask(path, method = "GET") {
    const answer = await fetch(`http://127.0.0.1:${this.inner}/public/v1${path}`, { method, headers: { Authorization: `Bearer ${this.token}` } });
    const said = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${said}`);
    return said && JSON.parse(said);
  }

  /** The bytes of a file, past all trouble. @param {string} id @returns {Promise<Request>} */
  async read(id) {
    const { url } = await this.ask(`/drive/files/${id}/download`);
    const { host, pathname, search } = new URL(url);
    return new Promise((resolve, reject) => {
      const to = { host: "127.0.0.1", port: this.inner, path: pathname + search, headers: { host }, agent: this.#inner };
      ask(to, resolve).on("error", reject).end();
    });
  }

  /** @param {Request} request @param {Answer} answer */
  async #serve(request, answer) {
    const url = new URL(request.url ?? "/", this.url);
    const body = await bodyOf(request);
    if (/^\/(kit|test)\//.test(url.pathname)) return this.#own(url.pathname, answer);
    if (url.searchParams.has("dray-pipeline") && request.method === "POST") return this.#pipeline(request, body, answer);
    const isPut = request.method === "PUT" && !url.pathname.startsWith("/public/");
    const part = `${url.pathname} ${url.searchParams.get("partNumber") ?? ""}`;
    if (isPut) this.sentAgain += this.acknowledged.get(part) ?? 0;
    const roll = this.random();
    const fails = isPut ? roll < this.partsOfFive / 5 : url.pathname.startsWith("/public/") && roll < this.losesOfTwenty / 20;
    const kind = isPut ? Math.floor(this.random() * 3) : 1;
    this.counted[isPut ? "puts" : "requests"] += 1;
    if (fails) this.counted[isPut ? "putsFailed" : "answersLost"] += 1;
    if (fails && kind === 0) return void answer.writeHead(503, { "Retry-After": "0", "Access-Control-Allow-Origin": "*" }).end();
    if (fails && kind === 2) return void request.socket.destroy();
    const { status, headers, bytes } = await this.#forward(request, body);
    if (isPut && status === 200) this.arrived += 1;
    this.#look();
    if (fails) return void request.socket.destroy();
    answer.writeHead(status, headers).end(bytes, () => {
      if (isPut && status === 200) this.acknowledged.set(part, body.length);
      this.#look();
    });
  }

  /** @param {Request} request @param {Buffer} body @param {Answer} answer */
  async #pipeline(request, body, answer) {
    const fails = this.partsOfFive > 0 && this.random() < 1 / 2;
    const kind = Math.floor(this.random() * 4);
    this.pipelines[fails ? "failed" : "answered"] += 1;
    if (fails && kind === 0) return void answer.writeHead(503, { "Retry-After": "0", "Access-Control-Allow-Origin": "*" }).end();
    if (fails && kind === 1) {
      // Only the first half reaches the drive.
      const half = ask({ host: "127.0.0.1", port: this.inner, path: request.url, method: "POST", headers: request.headers });
      half.on("error", () => {}).write(body.subarray(0, body.length / 2), () => half.destroy());
      return void request.socket.destroy();
    }
    const { status, headers, bytes } = await this.#forward(request, body);
    if (status === 200) this.arrived += JSON.parse(bytes.toString()).answers.length;
    this.#look();
    if (fails && kind === 2) return void request.socket.destroy();
    // The answer denies some files that were stored, and does not mention the last.
    const said = fails ? JSON.parse(bytes.toString()) : null;
    said?.answers.splice(0, 3, ...said.answers.slice(0, 3).map(() => ({ status: 503, body: "<Error><Code>SlowDown</Code></Error>" })));
    said?.answers.pop();
    const told = said ? Buffer.from(JSON.stringify(said)) : bytes;
    answer.writeHead(status, { ...headers, "content-length": String(told.length) }).end(told, () => this.#look());
  }

  /** @param {Request} request @param {Buffer} body @returns {Promise<{ status: number, headers: import("node:http").IncomingHttpHeaders, bytes: Buffer }>} */
  #forward(request, body) {
    return new Promise((resolve, reject) => {
      const { connection, ...sent } = request.headers;
      const headers = { ...sent, "content-length": String(body.length) };
      if (body.length === 0 && request.method === "GET") delete (/** @type {any} */ (headers)["content-length"]);
      const asked = ask({ host: "127.0.0.1", port: this.inner, path: request.url, method: request.method, headers, agent: this.#inner }, (said) => {
        bodyOf(said).then((bytes) => {
          const { connection, "transfer-encoding": _, ...kept } = said.headers;
          resolve({ status: said.statusCode ?? 502, headers: kept, bytes });
        }, reject);
      });
      asked.on("error", reject).end(body);
    });
  }

  /** @param {string} path @param {Answer} answer */
  async #own(path, answer) {
    if (path === "/kit/empty") return void answer.writeHead(200, { "Content-Type": "text/html" }).end("<!doctype html><title>Empty</title>");
    const contents = await readFile(new URL(path.startsWith("/kit/") ? `../dist${path}` : `..${path}`, import.meta.url));
    answer.writeHead(200, { "Content-Type": "text/javascript" }).end(contents);
  }

  /** @param {Request} request @param {Answer} answer */
  async #hear(request, answer) {
    const { type, data } = JSON.parse((await bodyOf(request)).toString());
    if (type === "upload.finalized") this.told.set(data.item.id, (this.told.get(data.item.id) ?? 0) + 1);
    answer.writeHead(204).end();
    this.#look();
  }
}

/** @param {Request} request @returns {Promise<Buffer>} */
async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
