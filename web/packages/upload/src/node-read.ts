// Reads blobs in Node. What sends a blob and what computes its checksum share one reading of it. Only Node loads this.

/** Larger blobs are read piece by piece. */
export const WHOLE_BYTES = 1 << 20;

const known = new WeakMap<Blob, Promise<ArrayBuffer>>();

/** The bytes of a blob of at most `WHOLE_BYTES`, which are kept until `forget`. Nobody may change or transfer them. */
export function bytesOf(blob: Blob): Promise<ArrayBuffer> {
  const bytes = known.get(blob) ?? blob.arrayBuffer();
  known.set(blob, bytes);
  return bytes;
}

/** Programs may hold the blob much longer than it is sent. */
export const forget = (blob: Blob): unknown => known.delete(blob);
