// Decides which failures end an upload, with what message, and which are worth another try.
// It has no IO: it maps answers to verdicts.

import type { ApiError } from "./api.ts";
import type { PutAnswer } from "./put.ts";

/** Ends an upload. `startOver`: the parts that were sent so far are of no more use. */
export class Failure extends Error {
  constructor(
    message: string,
    readonly kind: "plain" | "start-over" | "signed-out" = "plain",
  ) {
    super(message);
  }
}

export const startOver = (message: string): Failure => new Failure(message, "start-over");

export type Verdict =
  | { is: "stored"; eTag: string }
  | { is: "sign-again" | "try-again" | "failed"; why: Failure };

/** What the store's answer to the PUT of a part means. */
export function judgePut(answer: PutAnswer, partNumber: number, storeOrigin: string): Verdict {
  const { status, eTag, body } = answer;
  if (status >= 200 && status < 300) {
    if (eTag) return { is: "stored", eTag };
    const hidden =
      `The store at ${storeOrigin} accepted the part, but this page cannot read its ETag. ` +
      "The bucket's CORS rules must expose the ETag header; “dray doctor” shows how.";
    return { is: "failed", why: new Failure(hidden) };
  }
  // The URL of a small file writes once: an earlier PUT, whose answer was lost, has arrived.
  if (status === 412) return { is: "stored", eTag: "" };
  const code = tag(body, "Code");
  const said = [code, tag(body, "Message")].filter(Boolean).join(": ") || `status ${status}`;
  const why = new Failure(`The object store refused part ${partNumber} (${said}).`);
  if (status === 403 || (status === 400 && code === "ExpiredToken")) return { is: "sign-again", why };
  if (status === 404 && code === "NoSuchUpload") return { is: "failed", why: startOver(GONE) };
  if (status === 413) {
    const tooLarge = `Part ${partNumber} is larger than a proxy in front of the object store accepts (status 413).`;
    return { is: "failed", why: new Failure(tooLarge) };
  }
  const passing = status >= 500 || [408, 409, 425, 429].includes(status);
  const damaged = ["BadDigest", "IncompleteBody", "RequestTimeout"].includes(code);
  return { is: status !== 507 && (passing || damaged) ? "try-again" : "failed", why };
}

/** What an error of the API means for an upload; `null` if another try may help. */
export function judgeApi(error: ApiError): Failure | null {
  if (error.status === 401) return new Failure(error.message, "signed-out");
  if (error.status === 410 || ["upload_not_found", "invalid_part", "size_mismatch", "checksum_mismatch"].includes(error.code)) {
    return startOver(error.message);
  }
  // finalize_in_progress, idempotency_key_in_use, too_many_uploads: other uploads end, and make room.
  const passing = [408, 429, 500, 502, 503, 504].includes(error.status) || /in_progress|in_use|too_many/.test(error.code);
  return passing ? null : new Failure(error.message);
}

const GONE = "The object store no longer has this upload. “Try again” sends the file from the start.";

export const CHANGED = "The file can no longer be read. It was changed, moved or removed since you picked it.";

function tag(xml: string, name: string): string {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]?.trim().replace(/\.$/, "") ?? "";
}
