// The wire: what the page asks of Dray's API and of the object store, and how a failure of either reads.
// Knows nothing of uploads as a whole, of retries, or of the page.

import { basePath } from "./base-path.ts";

/** An item as the API answers it. */
export interface Item {
  id: string;
  name: string;
  /** Bytes; absent on a folder. */
  size?: number;
}

export interface StartedUpload {
  uploadId: string;
  fileKey: string;
  /** Bytes of every part but the last. */
  partSize: number;
  parts: number;
}

export interface SignedParts {
  parts: { partNumber: number; signedUrl: string }[];
  /** RFC 3339. */
  expiresAt: string;
}

export interface UploadedPart {
  partNumber: number;
  eTag: string;
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

/** No answer at all: no network, no server, a cut connection, or (of another origin) no CORS permission. */
export class NoAnswer extends Error {}

/** What the store said to the PUT of a part. */
export interface PutAnswer {
  status: number;
  /** `null` when absent, or hidden from the page by the bucket's CORS rules. */
  eTag: string | null;
  /** S3's XML when it is an error. */
  body: string;
}

/** PUTs `body` to `url`; rejects with `NoAnswer`, or with the signal's reason once that is aborted. */
export type PutPart = (
  url: string,
  body: Blob,
  options: { signal: AbortSignal; onSent: (bytes: number) => void },
) => Promise<PutAnswer>;

export class Api {
  constructor(
    readonly token: string,
    private readonly base = `${basePath()}/public/v1`,
    private readonly fetch: typeof globalThis.fetch = globalThis.fetch.bind(globalThis),
  ) {}

  workspace(signal?: AbortSignal): Promise<{ name: string }> {
    return this.call("GET", "/workspace/info", undefined, signal);
  }

  /**
   * Asked again with the same `key`, it answers the same upload. Not to be called off: the server may have begun the
   * upload, and only the answer says which it is.
   */
  start(file: { fileName: string; fileSize: number; mimeType: string }, key: string): Promise<StartedUpload> {
    return this.call("POST", "/drive/files/upload/multipart/start", file, undefined, { key });
  }

  sign(
    request: { uploadId: string; fileKey: string; parts: number; partNumbers: number[] },
    signal: AbortSignal,
  ): Promise<SignedParts> {
    return this.call("POST", "/drive/files/upload/multipart/presigned-urls", request, signal);
  }

  finalize(request: { uploadId: string; fileKey: string; parts: UploadedPart[] }, signal: AbortSignal): Promise<Item> {
    return this.call("POST", "/drive/files/upload/multipart/finalize", request, signal);
  }

  /** Gives an upload up, even if the page goes away meanwhile. Doing it again does no harm. */
  async abort(upload: { uploadId: string; fileKey: string }): Promise<void> {
    await this.call("POST", "/drive/files/upload/multipart/abort", upload, undefined, { keepalive: true });
  }

  /** A signed address that downloads the file under its own name. */
  async downloadUrl(id: string): Promise<string> {
    const answer = await this.call<{ url: string }>("GET", `/drive/files/${encodeURIComponent(id)}/download`);
    return answer.url;
  }

  private async call<T>(
    method: string,
    path: string,
    body?: unknown,
    signal?: AbortSignal,
    { key, keepalive = false }: { key?: string; keepalive?: boolean } = {},
  ): Promise<T> {
    const headers: Record<string, string> = { Authorization: `Bearer ${this.token}` };
    if (key !== undefined) headers["Idempotency-Key"] = key;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const init: RequestInit = { method, headers, cache: "no-store", keepalive };
    if (body !== undefined) init.body = JSON.stringify(body);
    if (signal) init.signal = signal;
    let answer: Response;
    let text: string;
    try {
      answer = await this.fetch(this.base + path, init);
      text = await answer.text();
    } catch (error) {
      signal?.throwIfAborted();
      throw new NoAnswer("The drive does not answer.", { cause: error });
    }
    if (!answer.ok) throw apiError(answer, text);
    return parsed<T>(answer, text);
  }
}

/** A key for one thing that is to be made. (`crypto.randomUUID` is missing on pages that came by plain HTTP.) */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function parsed<T>(answer: Response, text: string): T {
  if (answer.status === 204) return undefined as T;
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new ApiError(answer.status, "unknown", "The answer is not from Dray. Is a proxy or a login page in the way?", null);
  }
}

function apiError(answer: Response, text: string): ApiError {
  let body: { code?: string; message?: string; retryAfter?: number } = {};
  try {
    body = (JSON.parse(text) as typeof body | null) ?? {};
  } catch {
    // Not Dray: a proxy in front of it, whose page is no message for people.
  }
  const retryAfter = body.retryAfter ?? Number(answer.headers.get("Retry-After") ?? NaN);
  const message = body.message ?? `The server answered ${answer.status} ${answer.statusText}`.trim() + ".";
  return new ApiError(answer.status, body.code ?? "unknown", message, Number.isFinite(retryAfter) ? retryAfter : null);
}

/** A connection over which nothing moved for so long is dead, whatever the system still believes. */
const STALLED_MS = 60_000;

/** `PutPart` with XMLHttpRequest: unlike fetch, it reports how much has been sent. */
export const putWithXhr: PutPart = (url, body, { signal, onSent }) =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const xhr = new XMLHttpRequest();
    const abort = (): void => xhr.abort();
    let watchdog = setTimeout(abort, STALLED_MS);
    signal.addEventListener("abort", abort);
    xhr.onloadend = () => {
      clearTimeout(watchdog);
      signal.removeEventListener("abort", abort);
    };
    xhr.upload.onprogress = (event) => {
      clearTimeout(watchdog);
      watchdog = setTimeout(abort, STALLED_MS);
      onSent(event.loaded);
    };
    xhr.onload = () => resolve({ status: xhr.status, eTag: eTagOf(xhr), body: xhr.responseText });
    xhr.onerror = () => reject(new NoAnswer("The object store does not answer."));
    xhr.onabort = () => reject(signal.aborted ? signal.reason : new NoAnswer("The object store fell silent."));
    xhr.open("PUT", url);
    xhr.send(body);
  });

/** Asking for a header that CORS hides writes a warning to the console; asking for the list of them does not. */
function eTagOf(xhr: XMLHttpRequest): string | null {
  return /^etag:/im.test(xhr.getAllResponseHeaders()) ? xhr.getResponseHeader("ETag") : null;
}
