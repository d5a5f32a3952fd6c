// A file's parts: where each begins and ends, and whether it can still be read. Sends nothing.

import { CHANGED, startOver } from "./failure.ts";

export interface Part {
  readonly number: number;
  readonly start: number;
  readonly end: number;
  /** Bytes in flight; all bytes of the part once `eTag` is known. */
  sent: number;
  eTag: string | null;
  url: string | null;
  /** The CRC-64/NVME of its bytes, as they were read here. */
  crc: bigint | null;
}

/** Parts of equal size, except the last; an empty file has one empty part. */
export function cut(size: number, partSize: number): Part[] {
  const count = Math.max(1, Math.ceil(size / partSize));
  return Array.from({ length: count }, (_, index) => {
    const start = index * partSize;
    const end = Math.min(size, start + partSize);
    return { number: index + 1, start, end, sent: 0, eTag: null, url: null, crc: null };
  });
}

/** Throws if the file was changed meanwhile. Browsers report that as the same network error as a broken connection. */
export async function mustBeReadable(part: Blob): Promise<void> {
  try {
    await part.slice(0, 1).arrayBuffer();
  } catch {
    throw startOver(CHANGED);
  }
}
