// PUTs one part to the object store, with XMLHttpRequest or fetch. Knows no API, and tries only once.

import { NoAnswer, retryAfterSecs } from "./api.ts";
import { inNode } from "./in-node.ts";

/** The store's answer to the PUT of a part. */
export interface PutAnswer {
  status: number;
  /** `null` if it is absent, or if the bucket's CORS rules hide it from the page. */
  eTag: string | null;
  /** The XML of S3, if it is an error. */
  body: string;
  /** How long to wait before the next try; `null` if the store does not say, or if CORS hides it. */
  retryAfterSecs?: number | null;
}

/** A blob, or bytes in memory. */
export type PutBody = Blob | Uint8Array;

/** Sends `body` to `url`. Rejects with `NoAnswer`, or with the reason of the signal once that is aborted. */
export type PutPart = (
  url: string,
  body: PutBody,
  options: {
    signal: AbortSignal;
    onSent: (bytes: number) => void;
    /** Of a small file. */
    headers?: Record<string, string> | null;
    /** Default: PUT. POST sends many small files at once. */
    method?: "PUT" | "POST";
  },
) => Promise<PutAnswer>;

/** A connection that has moved no byte for this time counts as dead, even if the system does not know it. */
const STALLED_MS = 60_000;

/** `PutPart` with XMLHttpRequest: unlike fetch, it reports how much has been sent. */
export const putWithXhr: PutPart = (url, body, { method = "PUT", signal, onSent, headers }) =>
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
    xhr.onload = () => resolve(answerOf(xhr.status, xhr.responseText, (name) => headerOf(xhr, name)));
    xhr.onerror = xhr.onabort = () => reject(signal.aborted ? signal.reason : new NoAnswer("The object store does not answer."));
    xhr.open(method, url);
    for (const [name, value] of Object.entries(headers ?? {})) xhr.setRequestHeader(name, value);
    xhr.send(body as XMLHttpRequestBodyInit);
  });

/** Does what `fetch` does. It may report progress, too. */
export type Send = (url: string, init: Sent) => Promise<Answer>;
export type Sent = { method: "PUT" | "POST"; body: PutBody; headers: Record<string, string>; signal: AbortSignal; onSent: (bytes: number) => void };
/** What is read of an answer; a `Response` has it. */
export type Answer = Pick<Response, "status" | "text"> & { headers: Pick<Headers, "get"> };

/**
 * `PutPart` where there is no XMLHttpRequest: in Node with `node:http`, in service workers with fetch, which reports progress only at
 * the end.
 */
export const putWithFetch: PutPart = async (url, body, { method = "PUT", signal, onSent, headers }) => {
  try {
    const send: Send = (await inNode)?.sendByHttp ?? (fetch as Send);
    const answer = await send(url, { method, body, signal, onSent, headers: headers ?? {} });
    const said = await answer.text();
    onSent((body as Blob).size ?? (body as Uint8Array).length);
    return answerOf(answer.status, said, (name) => answer.headers.get(name));
  } catch (error) {
    signal.throwIfAborted();
    throw new NoAnswer("The object store does not answer.", { cause: error });
  }
};

function answerOf(status: number, body: string, header: (name: string) => string | null): PutAnswer {
  return { status, body, eTag: header("ETag"), retryAfterSecs: retryAfterSecs(header("Retry-After")) };
}

/** Reading a header that CORS hides writes a warning to the console; reading the list of headers does not. */
function headerOf(xhr: XMLHttpRequest, name: string): string | null {
  return new RegExp(`^${name}:`, "im").test(xhr.getAllResponseHeaders()) ? xhr.getResponseHeader(name) : null;
}
