// Counts the uploads in each state, and their bytes. Each change updates the counts, so long lists cost no more than short ones.

import type { State, Upload } from "./upload.ts";

export class Totals {
  /** Uploads in each state. */
  readonly of: Record<State, number> = { unpicked: 0, queued: 0, uploading: 0, finishing: 0, paused: 0, done: 0, failed: 0, cancelled: 0 };
  /** Files that are neither failed nor cancelled. */
  files = 0;
  /** Bytes of the files that are neither failed nor cancelled. */
  bytes = 0;
  /** Bytes of these that are in flight or stored. */
  sent = 0;

  /** Uploads that continue without a person. */
  get active(): number {
    return this.of.queued + this.of.uploading + this.of.finishing;
  }

  /** Counts an upload that enters (`times` 1) or leaves (-1) its state. */
  count(upload: Upload, times: number): void {
    this.of[upload.state] += times;
    if (!isCounted(upload)) return;
    this.files += times;
    this.bytes += times * upload.file.size;
    this.sent += times * upload.sent;
  }

  /** Counts more bytes of an upload in flight; fewer, if `bytes` is negative. */
  move(upload: Upload, bytes: number): void {
    if (isCounted(upload)) this.sent += bytes;
  }
}

const isCounted = ({ state }: Upload): boolean => !["failed", "cancelled"].includes(state);
