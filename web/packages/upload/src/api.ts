// The requests of an upload to Dray's API, and the errors they can have.
// Knows nothing of whole uploads, of retries, or of the page.

/** An item, as the API returns it. */
export interface Item {
  id: string;
  name: string;
  /** Size in bytes; absent for a folder. */
  size?: number;
}

/** The arguments of `start`. */
export interface NewUpload {
  fileName: string;
  fileSize: number;
  mimeType: string;
  /** The folder to upload into; if absent, the root. */
  parentId?: string | undefined;
  onConflict?: OnConflict | undefined;
}

/** What happens if the folder already has a file of this name when the upload is finalized. */
export type OnConflict = "keep" | "rename" | "fail" | "replace";

export interface StartedUpload {
  uploadId: string;
  fileKey: string;
  /** Size in bytes of every part except the last. */
  partSize: number;
  parts: number;
}

/** A small file of a batch. */
export interface NewFile {
  /** Its name. */
  path: string;
  fileSize: number;
  mimeType: string;
  parentId?: string;
}

/** The outcome of one file of a batch. */
export interface FileOutcome {
  /** Of a start: it must be sent by one PUT of the whole file, with these headers. */
  upload?: { uploadId: string; fileKey: string; url: string; headers: Record<string, string> };
  /** Of a finalize: the file. */
  item?: Item;
  error?: ApiError;
  /** Of a start: where many of the files can be sent in one request, if the store takes that. */
  pipeline?: { url: string; maxFiles: number; maxBytes: number } | undefined;
}

export interface SignedParts {
  parts: { partNumber: number; signedUrl: string }[];
  /** The headers that the PUT of a small file must have. */
  headers?: Record<string, string>;
  /** RFC 3339. */
  expiresAt: string;
}

export interface UploadedPart {
  partNumber: number;
  /** If absent: the part that the store has. */
  eTag?: string | undefined;
}

/** An upload as the server knows it, and its parts in the store. */
export interface StoredParts {
  /** The item, if the upload has become one. */
  itemId?: string;
  partSize: number;
  parts: { partNumber: number; size: number; eTag: string }[];
}

export interface Finalize {
  uploadId: string;
  fileKey: string;
  /** If absent: every part that the store has. */
  parts?: UploadedPart[];
  /** The checksum that the whole file must have. */
  checksum?: { crc64nvme: string };
  /** Read the file back if the store cannot prove its checksum. */
  verify?: boolean;
}

/** The API answered with an error. `message` is for people. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retryAfterSecs: number | null,
  ) {
    super(message);
  }
}

/** No answer at all: no network, no server, a broken connection, or (for another origin) no CORS permission. */
export class NoAnswer extends Error {}

/** The page's own function has given no token. */
export class NoToken extends NoAnswer {}

/** A bearer token, or a function that returns the current one. */
export type Token = string | (() => string | Promise<string>);

/** The drive itself answers every request within 30 s, if only with an error. */
const SILENT_MS = 60_000;

export class Api {
  readonly #base: string;

  /** `url`: the drive's address, with the path it is below, if any: `https://example.com/drive`. */
  constructor(
    private readonly url: string,
    private readonly token: Token,
    private readonly fetch: typeof globalThis.fetch = globalThis.fetch.bind(globalThis),
  ) {
    this.#base = `${url.replace(/\/+$/, "")}/public/v1`;
  }

  /** The same drive for the person of this moment, even if they sign out. */
  frozen(): Api {
    const token = this.#token();
    token.catch(() => {});
    return new Api(this.url, () => token, this.fetch);
  }

  workspace(signal?: AbortSignal): Promise<{ name: string }> {
    return this.call("GET", "/workspace/info", undefined, signal);
  }

  /**
   * A repeated request with the same `key` returns the same upload. It cannot be cancelled: the server may have created the
   * upload already, and only the answer contains its id.
   */
  start(file: NewUpload, key: string): Promise<StartedUpload> {
    return this.call("POST", "/drive/files/upload/multipart/start", file, undefined, { key });
  }

  sign(
    request: { uploadId: string; fileKey: string; parts: number; partNumbers: number[] },
    signal: AbortSignal,
  ): Promise<SignedParts> {
    return this.call("POST", "/drive/files/upload/multipart/presigned-urls", request, signal);
  }

  /** The parts of an upload that the store has. The request prolongs the upload's life. */
  parts(upload: { uploadId: string; fileKey: string }, signal: AbortSignal): Promise<StoredParts> {
    return this.call("POST", "/drive/files/upload/multipart/parts", upload, signal);
  }

  finalize(request: Finalize, signal?: AbortSignal): Promise<Item> {
    return this.call("POST", "/drive/files/upload/multipart/finalize", request, signal);
  }

  /**
   * Starts or finalizes many small files: an outcome for each, in their order. A repeated start with the same `key` returns the
   * same uploads. It cannot be cancelled, as `start`.
   */
  batch(step: "start" | "finalize", request: { files: (NewFile | Finalize)[]; onConflict?: OnConflict }, key?: string): Promise<FileOutcome[]> {
    return this.call<OfFiles>("POST", `/drive/files/upload/batch/${step}`, request, undefined, { key }).then(outcomes);
  }

  /** A repeated request with the same `key` returns the same folder. */
  createFolder(folder: { name: string; parentId?: string | undefined }, key: string, signal: AbortSignal): Promise<Item> {
    return this.call("POST", "/drive/folders", folder, signal, { key });
  }

  /** Aborts an upload, even if the page is closed meanwhile. It may be repeated. */
  async abort(upload: { uploadId: string; fileKey: string }): Promise<void> {
    await this.call("POST", "/drive/files/upload/multipart/abort", upload, undefined, { keepalive: true });
  }

  /** Moves a file to the trash. */
  async trash(id: string): Promise<void> {
    await this.call("DELETE", `/drive/files/${encodeURIComponent(id)}`);
  }

  async #token(): Promise<string> {
    // Whatever else a page of JavaScript passes, such as `undefined`, is no token: the drive says so at once.
    if (typeof this.token !== "function") return this.token;
    try {
      return await this.token();
    } catch (error) {
      throw new NoToken(`There is no access token: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }

  /** Any request of the API: `path` is below `/public/v1`. Throws `ApiError` or `NoAnswer`. */
  async call<T>(
    method: string,
    path: string,
    body?: unknown,
    signal?: AbortSignal,
    { key, keepalive = false }: { key?: string | undefined; keepalive?: boolean } = {},
  ): Promise<T> {
    const token = await this.#token();
    const headers: Record<string, string> = { Authorization: `Bearer ${token}` };
    // Older browsers cannot combine signals. There, a request has no timeout.
    const ends = AbortSignal.any?.([AbortSignal.timeout(SILENT_MS), ...(signal ? [signal] : [])]) ?? signal ?? null;
    const init: RequestInit = { method, headers, cache: "no-store", keepalive, signal: ends };
    if (key !== undefined) headers["Idempotency-Key"] = key;
    if (body !== undefined) {
      headers["Content-Type"] = "application/json";
      init.body = JSON.stringify(body);
    }
    let answer: Response;
    let text: string;
    try {
      answer = await this.fetch(this.#base + path, init);
      text = await answer.text();
    } catch (error) {
      signal?.throwIfAborted();
      throw new NoAnswer("The drive does not answer.", { cause: error });
    }
    if (!answer.ok) throw apiError(answer, text);
    return parsed<T>(answer, text);
  }
}

/** An idempotency key for one new thing. `crypto.randomUUID` is missing on pages that were loaded by plain HTTP. */
export const newKey = (): string => crypto.randomUUID?.() ?? hex(crypto.getRandomValues(new Uint8Array(16)));

export const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

function parsed<T>(answer: Response, text: string): T {
  if (answer.status === 204) return undefined as T;
  try {
    return JSON.parse(text) as T;
  } catch {
    throw errorOf({}, answer.status, "Something other than Dray answered. Is a proxy or a login page in between?", null);
  }
}

interface ErrorBody {
  statusCode?: number;
  code?: string;
  message?: string;
  retryAfter?: number;
}

function apiError(answer: Response, text: string): ApiError {
  let body: ErrorBody = {};
  try {
    body = (JSON.parse(text) as ErrorBody | null) ?? {};
  } catch {
    // Not Dray: a proxy in front of it, whose page is no message for people.
  }
  return errorOf(body, answer.status, `The server answered ${answer.status}.`, retryAfterSecs(answer.headers.get("Retry-After")));
}

function errorOf({ code = "unknown", message, retryAfter }: ErrorBody, status: number, otherwise: string, pause: number | null): ApiError {
  return new ApiError(status, code, message ?? otherwise, retryAfter ?? pause);
}

type OfFiles = Pick<FileOutcome, "pipeline"> & { files: (Omit<FileOutcome, "error"> & { error?: ErrorBody })[] };

const outcomes = ({ files, pipeline }: OfFiles): FileOutcome[] =>
  files.map(({ error, ...file }) => (error ? { error: errorOf(error, error.statusCode ?? 500, "", null) } : { ...file, pipeline }));

/** `Retry-After` in seconds, which servers write as seconds or as a date (RFC 9110, 10.2.3); `null` if it is neither. */
export function retryAfterSecs(header: string | null): number | null {
  const text = header?.trim();
  if (!text) return null;
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1_000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : null;
}
