// What can be uploaded: a file, a blob with a name, or a stream. Reads bytes when they are needed. Sends nothing.

/** What the engine needs of a file. A `File` is one. */
export interface Source {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** MIME type; empty if unknown. */
  readonly type: string;
  /** Milliseconds since 1970, if known: with another time, it is another file. */
  readonly lastModified?: number;
  slice(start: number, end: number): Blob | Promise<Blob>;
  /** Fills `into` with the bytes from `start` on. A blob of a file takes Node twice as long to read as the file itself. */
  readInto?(into: Uint8Array, start: number): Promise<void>;
  /** The store has these bytes: they will not be read again. */
  release?(start: number, end: number): void;
  /** The upload has ended: nothing more will be read. It may be called several times. */
  close?(): void;
}

/** A blob with a name, created by a page or a program. In Node, `fromPath` of `@dray/upload/node` is for files of the disk. */
export function fromBlob(blob: Blob, name: string): Source {
  return { name, size: blob.size, type: blob.type, slice: (start, end) => blob.slice(start, end) };
}

/**
 * A stream of known length. It is read once and in order, so parts in flight are kept in memory until the store has them,
 * and the upload cannot continue after a reload.
 */
export function fromStream(
  stream: ReadableStream<Uint8Array>,
  { name, size, type = "" }: { name: string; size: number; type?: string },
): Source {
  const reader = stream.getReader();
  const held = new Map<number, Blob>();
  let rest: Uint8Array = new Uint8Array();
  let at = 0;
  let reading: Promise<unknown> = Promise.resolve();
  const close = (): void => void reader.cancel().catch(() => {});

  const next = async (start: number, end: number): Promise<Blob> => {
    const known = held.get(start);
    if (known) return known;
    if (start !== at) throw new Error("A stream is read once, in order.");
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    while (at < end) {
      if (rest.length === 0) rest = await moreOf(reader, name, at, size);
      const piece = rest.slice(0, end - at);
      rest = rest.subarray(piece.length);
      at += piece.length;
      pieces.push(piece);
    }
    if (at === size && (rest.length > 0 || !(await reader.read()).done)) {
      throw new Error(`${name} has more than the ${size} bytes that were announced.`);
    }
    const blob = new Blob(pieces);
    held.set(start, blob);
    return blob;
  };

  return {
    name,
    size,
    type,
    slice: (start, end) => {
      const blob = reading.then(() => next(start, end));
      // A stream that has failed is of no more use.
      reading = blob.catch(close);
      return blob;
    },
    release: (start) => void held.delete(start),
    close,
  };
}

async function moreOf(reader: ReadableStreamDefaultReader<Uint8Array>, name: string, at: number, size: number): Promise<Uint8Array> {
  const { done, value } = await reader.read();
  if (done) throw new Error(`${name} ended after ${at} of ${size} bytes.`);
  if (value?.BYTES_PER_ELEMENT !== 1) throw new Error(`${name} is a stream of ${typeof value}, not Uint8Array. Use TextEncoderStream.`);
  return value;
}
