// Putting one part to the object store, with whatever this place has for it. Knows no API and tries once.

import { NoAnswer, retryAfterSecs } from "./api.ts";

/** What the store said to the PUT of a part. */
export interface PutAnswer {
  status: number;
  /** `null` when absent, or hidden from the page by the bucket's CORS rules. */
  eTag: string | null;
  /** S3's XML when it is an error. */
  body: string;
  /** How long the store wants to be left alone; `null` when it does not say, or CORS hides it. */
  retryAfterSecs?: number | null;
}

/** PUTs `body` to `url`; rejects with `NoAnswer`, or with the signal's reason once that is aborted. */
export type PutPart = (
  url: string,
  body: Blob,
  options: { signal: AbortSignal; onSent: (bytes: number) => void },
) => Promise<PutAnswer>;

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
    xhr.onload = () => resolve(answerOf(xhr));
    xhr.onerror = () => reject(new NoAnswer("The object store does not answer."));
    xhr.onabort = () => reject(signal.aborted ? signal.reason : new NoAnswer("The object store stopped answering."));
    xhr.open("PUT", url);
    xhr.send(body);
  });

/** `PutPart` with fetch, where there is no XMLHttpRequest: Node, service workers. It reports only that all was sent. */
export const putWithFetch: PutPart = async (url, body, { signal, onSent }) => {
  try {
    const answer = await fetch(url, { method: "PUT", body, signal });
    const said = await answer.text();
    onSent(body.size);
    const { status, headers } = answer;
    return { status, eTag: headers.get("ETag"), body: said, retryAfterSecs: retryAfterSecs(headers.get("Retry-After")) };
  } catch (error) {
    signal.throwIfAborted();
    throw new NoAnswer("The object store does not answer.", { cause: error });
  }
};

function answerOf(xhr: XMLHttpRequest): PutAnswer {
  const retryAfter = retryAfterSecs(headerOf(xhr, "Retry-After"));
  return { status: xhr.status, eTag: headerOf(xhr, "ETag"), body: xhr.responseText, retryAfterSecs: retryAfter };
}

/** Asking for a header that CORS hides writes a warning to the console; asking for the list of them does not. */
function headerOf(xhr: XMLHttpRequest, name: string): string | null {
  return new RegExp(`^${name}:`, "im").test(xhr.getAllResponseHeaders()) ? xhr.getResponseHeader(name) : null;
}
