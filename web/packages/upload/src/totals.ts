// How many uploads are in which state, and their bytes: kept up to date, so that a long list costs no more than a short one.

import type { State, Upload } from "./upload.ts";

const STATES: State[] = ["unpicked", "queued", "uploading", "finishing", "paused", "done", "failed", "cancelled"];

export class Totals {
  /** Uploads in each state. */
  readonly of = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<State, number>;
  /** Bytes of the files that are neither failed nor cancelled. */
  bytes = 0;
  /** Bytes of those that are on their way or stored. */
  sent = 0;

  /** Files that are neither failed nor cancelled. */
  get files(): number {
    const { failed, cancelled, ...counted } = this.of;
    return Object.values(counted).reduce((sum, count) => sum + count, 0);
  }

  /** Uploads that go on by themselves. */
  get active(): number {
    return this.of.queued + this.of.uploading + this.of.finishing;
  }

  /** An upload enters (`times` 1) or leaves (-1) its state. */
  count(upload: Upload, times: 1 | -1): void {
    this.of[upload.state] += times;
    if (!isCounted(upload)) return;
    this.bytes += times * upload.file.size;
    this.sent += times * upload.sent;
  }

  /** More bytes of an upload are on their way; fewer, if negative. */
  move(upload: Upload, bytes: number): void {
    if (isCounted(upload)) this.sent += bytes;
  }
}

const isCounted = ({ state }: Upload): boolean => state !== "failed" && state !== "cancelled";
