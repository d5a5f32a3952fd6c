// What the list of uploads gets from its environment, and what it takes and tells. Types only.

import type { Memory } from "./memory.ts";
import type { Sending } from "./sender.ts";
import type { Source } from "./source.ts";
import type { Destination, Upload } from "./upload.ts";

export interface Surroundings extends Sending {
  memory: (onNews: () => void) => Memory;
  filesInFlight: number;
  /** Calls back each time the network comes back; returns a function that ends this. */
  online?: (callback: () => void) => () => void;
}

/** The events that a listener can receive. */
export interface Events {
  /** An upload was added or has changed. */
  change: Upload;
  done: Upload;
  failed: Upload;
  /** An upload was removed from the list. */
  removed: Upload;
  /** An upload was cancelled, but the server could not be reached: its bytes count towards the quota until it expires. */
  leftOpen: Upload;
}

/** What a page takes of what is dropped. */
export interface Rules {
  /** As in `<input type="file">`: extensions and types. */
  accept?: string | undefined;
  /** Whether to take more than the first file. Default: true. */
  multiple?: boolean;
  /** Called with the files that were left out, if there are any. */
  onLeftOut?: (left: Picked[]) => void;
}

/** A file to add, and where to put it. */
export interface Picked extends Destination {
  file: Source;
}
