// A tiny API and object store on two real HTTP ports. Tests can change its answers. It has only what the page uses.
import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

/** @typedef {import("node:http").IncomingMessage} Request */
/** @typedef {import("node:http").ServerResponse} Answer */
/** @typedef {{ status: number, body: string | object, headers?: Record<string, string> }} Said */
/** @typedef {{ id: string, name: string, size: number, parentId?: string, parts: Map<number, Buffer>, item: object | null, checksum: string | null, isWhole?: boolean }} Held */

const PREFIX = "/public/v1";
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:; connect-src 'self' http: https:; img-src 'self' data:; base-uri 'none'; form-action 'none'";

/** @param {string} code @param {string} message */
export const s3Error = (code, message) => `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;

/** @param {number} status @param {string} code @param {string} message @param {number} [retryAfter] @returns {Said} */
export const apiError = (status, code, message, retryAfter) => ({ status, body: { statusCode: status, error: "…", code, message, retryAfter } });

export class StandIn {
  token = "cp_pat_right";
  partSize = 5;
  /** Whether a page of another origin may reach the store, and read the ETag. */
  cors = { allow: true, expose: true };
  /** Called before a part is stored: an answer instead, or "cut" the connection. @type {(partNumber: number, url: URL) => Promise<Said | "cut" | undefined>} */
  onPut = async () => undefined;
  /** The same for the API; "lose" performs the request and then cuts the connection. @type {(route: string) => Promise<Said | "cut" | "lose" | undefined>} */
  onApi = async () => undefined;
  /** Called before a finalize: an answer instead. @type {(request: any) => Said | undefined} */
  onFinalize = () => undefined;
  /** Computes the checksum that finalize compares; `null`: it compares none. @type {((bytes: Buffer) => string) | null} */
  checksumOf = null;
  /** The validity that a signed URL states; `null`: it states none. @type {number | null} */
  signedSecs = null;
  /** Whether it knows batches of small files; an older drive does not. */
  batches = false;
  /** Whether the store takes many small files in one request. */
  pipelines = false;
  /** Called before a pipeline is read: an answer instead, or "cut" the connection. @type {(requests: string[]) => Promise<Said | "cut" | undefined>} */
  onPipeline = async () => undefined;
  /** The number of files of each pipeline. @type {number[]} */
  pipelineSizes = [];
  /** The number of files of each batch that was started. @type {number[]} */
  batchSizes = [];
  /** Called for each file of a batch that is started or finalized: an error instead. @type {(step: "start" | "finalize", name: string) => object | undefined} */
  onFile = () => undefined;
  /** @type {{ id: string, name: string, parentId?: string }[]} */
  folders = [];
  /** @type {Map<string, Held>} */
  uploads = new Map();
  /** Answers by `Idempotency-Key`. @type {Map<string, Said>} */
  made = new Map();
  /** All requests, as `METHOD route`. @type {string[]} */
  log = [];
  /** Those of them that were answered; a start counts once it arrived. @type {string[]} */
  answered = [];
  /** @type {(() => unknown)[]} */
  #waiting = [];
  /** The `partNumbers` of each request to sign. @type {number[][]} */
  signed = [];
  api = createServer((request, answer) => void this.#guard(answer, () => this.#api(request, answer)));
  store = createServer((request, answer) => void this.#guard(answer, () => this.#store(request, answer)));

  async start(apiPort = 0) {
    await new Promise((resolve) => this.api.listen(apiPort, "127.0.0.1", () => resolve(null)));
    if (!this.store.listening) await new Promise((resolve) => this.store.listen(0, "127.0.0.1", () => resolve(null)));
    return this;
  }

  async stop() {
    for (const server of [this.api, this.store]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  get apiUrl() {
    return address(this.api);
  }

  get storeUrl() {
    return address(this.store);
  }

  /** Resolves once this request was sent and answered so many times. @param {string} line */
  until(line, times = 1) {
    return new Promise((/** @type {(value: null) => void} */ resolve) => {
      this.#waiting.push(() => this.answered.filter((entry) => entry === line).length >= times && resolve(null));
      this.#look();
    });
  }

  #look() {
    for (const look of this.#waiting) look();
  }

  /** The one upload's bytes, in part order. @param {string} [name] */
  bytesOf(name) {
    const held = [...this.uploads.values()].find((upload) => upload.item && (name === undefined || upload.name === name));
    if (!held) throw new Error(`nothing finalized as ${name}`);
    return Buffer.concat([...held.parts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes));
  }

  /** @param {Answer} answer @param {() => Promise<void>} serve */
  async #guard(answer, serve) {
    try {
      await serve();
    } catch (error) {
      // The client has disconnected. Anything else is a bug in a test, and must be reported.
      if (!answer.destroyed && /** @type {NodeJS.ErrnoException} */ (error).code !== "ECONNRESET") throw error;
    }
  }

  /** @param {Request} request @param {Answer} answer */
  async #api(request, answer) {
    const url = new URL(request.url ?? "/", this.apiUrl);
    if (!url.pathname.startsWith(PREFIX)) return this.#page(url.pathname, answer);
    const route = url.pathname.slice(PREFIX.length).replace("/drive/files/upload/multipart", "");
    this.log.push(`${request.method} ${route}`);
    const asked = await bodyOf(request);
    if (route === "/start") this.#tell(request, route);
    const bent = await this.onApi(route);
    if (bent === "cut") return void request.socket.destroy();
    const said = bent && bent !== "lose" ? bent : this.#answer(route, request, asked.length ? JSON.parse(asked.toString()) : {});
    if (bent === "lose") return void request.socket.destroy();
    if (route !== "/start") this.#tell(request, route);
    const body = typeof said.body === "string" ? said.body : JSON.stringify(said.body);
    answer.writeHead(said.status, { "Content-Type": "application/json", ...said.headers }).end(body);
  }

  /** @param {Request} request @param {string} route */
  #tell(request, route) {
    this.answered.push(`${request.method} ${route}`);
    this.#look();
  }

  /** @param {string} route @param {Request} request @param {any} asked @returns {Said} */
  #answer(route, request, asked) {
    if (request.headers.authorization !== `Bearer ${this.token}`) {
      return apiError(401, "invalid_token", "This access token is unknown. Make another one.");
    }
    if (route === "/workspace/info") return { status: 200, body: { name: "Harbour & Sons" } };
    if (route === "/start") return this.#once(request, () => this.#start(asked));
    if (route === "/drive/folders") return this.#once(request, () => this.#folder(asked));
    if (route.startsWith("/drive/files/upload/batch")) return this.#batch(route, request, asked);
    const file = /^\/drive\/files\/(.+)\/download$/.exec(route);
    if (file) return { status: 200, body: { url: `${this.storeUrl}/get/${file[1]}` } };
    const held = this.uploads.get(asked.uploadId);
    if (!held) return apiError(404, "upload_not_found", "No such upload.");
    if (route === "/abort") {
      if (!held.item) this.uploads.delete(held.id);
      return { status: 204, body: "" };
    }
    if (route === "/parts") return { status: 200, body: this.#stored(held) };
    return route === "/presigned-urls" ? this.#sign(held, asked) : (this.onFinalize(asked) ?? finalize(held, asked, this.checksumOf));
  }

  /** @param {string} route @param {Request} request @param {any} asked @returns {Said} */
  #batch(route, request, asked) {
    if (!this.batches) return apiError(404, "route_not_found", "There is no such route.");
    if (route.endsWith("/start")) return this.#once(request, () => this.#startFiles(asked));
    const files = asked.files.map((/** @type {any} */ file) => {
      const held = this.uploads.get(file.uploadId);
      if (!held) return { error: apiError(404, "upload_not_found", "No such upload.").body };
      const error = this.onFile("finalize", held.name);
      if (error) return { error };
      const bytes = held.parts.get(1);
      if (!bytes) return { error: apiError(400, "invalid_part", "It is not in the store.").body };
      const said = finalize(held, { ...file, parts: [{ partNumber: 1, eTag: eTagOf(bytes) }] }, this.checksumOf);
      return said.status === 200 ? { item: said.body } : { error: said.body };
    });
    return { status: 200, body: { files } };
  }

  /** @param {any} asked @returns {Said} */
  #startFiles(asked) {
    this.batchSizes.push(asked.files.length);
    const files = asked.files.map((/** @type {any} */ { path, fileSize, parentId }) => {
      const error = this.onFile("start", path);
      if (error) return { error };
      const { uploadId, fileKey } = /** @type {any} */ (this.#start({ fileName: path, fileSize, parentId }).body);
      const held = this.uploads.get(uploadId);
      if (held) held.isWhole = true;
      return { upload: { uploadId, fileKey, url: `${this.storeUrl}/put/${uploadId}?partNumber=1`, headers: headersOf(uploadId) } };
    });
    const pipeline = { url: `${this.storeUrl}/pipeline`, maxFiles: 256, maxBytes: 16 << 20 };
    return { status: 200, body: { files, ...(this.pipelines && { pipeline }) } };
  }

  /** The answer to the first request with this key. @param {Request} request @param {() => Said} make @returns {Said} */
  #once(request, make) {
    const key = String(request.headers["idempotency-key"] ?? randomBytes(8).toString("hex"));
    const said = this.made.get(key) ?? make();
    this.made.set(key, said);
    return said;
  }

  /** @param {any} asked @returns {Said} */
  #folder(asked) {
    const folder = { ...asked, id: randomBytes(12).toString("hex") };
    this.folders.push(folder);
    return { status: 200, body: folder };
  }

  /** @param {any} asked @returns {Said} */
  #start({ fileName: name, fileSize: size, parentId }) {
    const id = randomBytes(8).toString("hex");
    this.uploads.set(id, { id, name, size, parentId, parts: new Map(), item: null, checksum: null });
    return { status: 200, body: { uploadId: id, fileKey: `files/${id}`, partSize: this.partSize, parts: Math.max(1, Math.ceil(size / this.partSize)) } };
  }

  /** @param {Held} held */
  #stored({ id, name, size, parts, item }) {
    const stored = [...parts].sort(([a], [b]) => a - b).map(([partNumber, bytes]) => ({ partNumber, size: bytes.length, eTag: eTagOf(bytes) }));
    return { uploadId: id, fileName: name, fileSize: size, partSize: this.partSize, parts: item ? [] : stored, ...(item && { itemId: id }) };
  }

  /** @param {Held} held @param {any} asked @returns {Said} */
  #sign(held, { partNumbers }) {
    this.signed.push(partNumbers);
    const nonce = this.signed.length;
    const parts = partNumbers.map((/** @type {number} */ partNumber) => ({
      partNumber,
      signedUrl: `${this.storeUrl}/put/${held.id}?partNumber=${partNumber}&signed=${nonce}${this.signedSecs === null ? "" : `&X-Amz-Expires=${this.signedSecs}`}`,
    }));
    return { status: 200, body: { parts, ...(held.isWhole && { headers: headersOf(held.id) }), expiresAt: new Date().toISOString() } };
  }

  /** @param {Request} request @param {Answer} answer */
  async #store(request, answer) {
    const url = new URL(request.url ?? "/", this.storeUrl);
    const partNumber = Number(url.searchParams.get("partNumber"));
    if (this.cors.allow) answer.setHeader("Access-Control-Allow-Origin", "*").setHeader("Access-Control-Allow-Methods", "PUT, GET, POST").setHeader("Access-Control-Allow-Headers", "*");
    if (this.cors.expose) answer.setHeader("Access-Control-Expose-Headers", "ETag");
    if (request.method === "OPTIONS") return void answer.writeHead(204).end();
    if (url.pathname === "/pipeline") return this.#pipeline(request, answer);
    const held = this.uploads.get(url.pathname.split("/")[2] ?? "");
    if (!held) return void answer.writeHead(404).end(s3Error("NoSuchUpload", "No such upload."));
    if (request.method === "GET") {
      const disposition = `attachment; filename*=UTF-8''${encodeURIComponent(held.name)}`;
      return void answer.writeHead(200, { "Content-Disposition": disposition }).end(this.bytesOf(held.name));
    }
    this.log.push(`PUT part ${partNumber}`);
    const said = await this.#put(held, url, request.headers, await bodyOf(request));
    if (said === "cut") return void request.socket.destroy();
    answer.writeHead(said.status, said.headers).end(said.body);
    if (said.status === 200) this.#tell(request, `part ${partNumber}`);
  }

  /** @param {Held} held @param {URL} url @param {Record<string, unknown>} headers @param {Buffer} bytes @returns {Promise<Said | "cut">} */
  async #put(held, url, headers, bytes) {
    const partNumber = Number(url.searchParams.get("partNumber"));
    if (held.isWhole && headers["x-amz-meta-dray-upload"] !== held.id) return { status: 403, body: s3Error("SignatureDoesNotMatch", "No.") };
    if (held.isWhole && held.parts.has(partNumber)) return { status: 412, body: s3Error("PreconditionFailed", "It is there.") };
    const bent = await this.onPut(partNumber, url);
    if (bent) return bent;
    held.parts.set(partNumber, bytes);
    return { status: 200, body: "", headers: { ETag: eTagOf(bytes) } };
  }

  /** Many PUTs in one request. "cut" for one of them ends it there. @param {Request} request @param {Answer} answer */
  async #pipeline(request, answer) {
    this.log.push("POST pipeline");
    const puts = putsIn(await bodyOf(request));
    this.pipelineSizes.push(puts.length);
    const bent = await this.onPipeline(puts.map(({ url }) => url.pathname));
    if (bent === "cut") return void request.socket.destroy();
    if (bent) return void answer.writeHead(bent.status, bent.headers).end(bent.body);
    const answers = [];
    for (const { url, headers, bytes } of puts) {
      const held = this.uploads.get(url.pathname.split("/")[2] ?? "");
      const said = held ? await this.#put(held, url, headers, bytes) : { status: 404, body: s3Error("NoSuchUpload", "No such upload.") };
      if (said === "cut") break;
      const { status, body, headers: more } = said;
      answers.push({ status, ...(more?.ETag && { eTag: more.ETag }), ...(more?.["Retry-After"] && { retryAfter: Number(more["Retry-After"]) }), ...(body && { body }) });
    }
    const stopped = answers.length < puts.length && { code: "IncompleteBody", message: "It ended." };
    answer.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify({ answers, ...(stopped && { stopped }) }));
    this.#tell(request, "pipeline");
  }

  /** @param {string} path @param {Answer} answer */
  async #page(path, answer) {
    const types = { html: "text/html; charset=utf-8", js: "text/javascript", css: "text/css", svg: "image/svg+xml" };
    const name = path === "/" ? "index.html" : path.slice(1);
    const type = types[/** @type {keyof typeof types} */ (name.split(".").at(-1) ?? "html")];
    const contents = await readFile(new URL(`../dist/${name}`, import.meta.url));
    answer.writeHead(200, { "Content-Type": type, "Content-Security-Policy": POLICY }).end(contents);
  }
}

/** The requests in the body of a pipeline. @param {Buffer} body */
function putsIn(body) {
  const puts = [];
  for (let at = 0; at < body.length; ) {
    const end = body.indexOf("\r\n\r\n", at) + 4;
    if (end < 4) throw new Error("a head without an end");
    const [line = "", ...lines] = body.toString("latin1", at, end - 4).split("\r\n");
    const [method, path] = line.split(" ");
    if (method !== "PUT" || !line.endsWith(" HTTP/1.1")) throw new Error(`no PUT: ${line}`);
    const headers = Object.fromEntries(lines.map((text) => text.split(": ")).map(([name = "", value = ""]) => [name.toLowerCase(), value]));
    at = end + Number(headers["content-length"]);
    puts.push({ url: new URL(path ?? "", `http://${headers.host}`), headers, bytes: body.subarray(end, at) });
  }
  return puts;
}

/** @param {Held} held @param {any} asked @param {((bytes: Buffer) => string) | null} checksumOf @returns {Said} */
function finalize(held, { parts, checksum }, checksumOf) {
  if (held.item) return { status: 200, body: held.item };
  for (const { partNumber, eTag } of parts) {
    const bytes = held.parts.get(partNumber);
    if (!bytes || (eTag !== undefined && eTagOf(bytes) !== eTag)) return apiError(400, "invalid_part", `Part ${partNumber} is not in the store.`);
  }
  const size = parts.reduce((/** @type {number} */ sum, /** @type {any} */ part) => sum + (held.parts.get(part.partNumber)?.length ?? 0), 0);
  if (size !== held.size) return apiError(400, "size_mismatch", `fileSize is ${held.size}, the parts hold ${size} bytes.`);
  const whole = Buffer.concat([...held.parts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes));
  if (checksum && checksumOf && checksum.crc64nvme !== checksumOf(whole)) return apiError(400, "checksum_mismatch", "checksum: the stored bytes have another one.");
  held.checksum = checksum?.crc64nvme ?? null;
  held.item = { id: held.id, name: held.name, type: "file", size };
  return { status: 200, body: held.item };
}

/** The headers that the PUT of a small file must have. @param {string} id */
const headersOf = (id) => ({ "x-amz-meta-dray-upload": id });

/** @param {Buffer} bytes */
const eTagOf = (bytes) => `"${createHash("md5").update(bytes).digest("hex")}"`;

/** @param {import("node:http").Server} server */
function address(server) {
  const at = server.address();
  return at && typeof at === "object" ? `http://127.0.0.1:${at.port}` : "http://127.0.0.1:9";
}

/** @param {Request} request @returns {Promise<Buffer>} */
async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
