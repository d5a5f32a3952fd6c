// Uploads to a Dray drive in React: a hook that follows them, and a dropzone without a look of its own.

import { createElement, useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { ComponentPropsWithoutRef, DragEvent, ReactElement, ReactNode } from "react";

import { createUploads, droppedIn, pickedFrom, pickFiles, type Destination, type Options, type Picked, type Upload, type Uploads } from "@dray/upload";

/** What the hook answers. The same object until something changed. */
export interface DrayUpload {
  uploads: Uploads;
  /** All that are on the list, the oldest first. */
  items: Upload[];
  /** Adds files: from an input, a drop or anywhere else. */
  add: (files: Iterable<File | Picked>, destination?: Destination) => Upload[];
  /** Bytes of all that is neither failed nor cancelled, and of these, what was sent. */
  bytes: number;
  sent: number;
  /** Something is on its way. */
  busy: boolean;
}

/**
 * Follows uploads. With options it makes its own, once, and goes on with what a reload has ended; with `Uploads` it follows
 * those, so that several components can share them. Changes are told once a frame, however many there are.
 */
export function useDrayUpload(source: Options | Uploads): DrayUpload {
  // The options of the first render hold, but for the token: a function is asked each time.
  const first = useRef<Options | Uploads>(source);
  const token = useRef<Options["token"]>("");
  if ("url" in source) token.current = source.token;
  const [uploads] = useState(() => ("url" in first.current ? ownUploads(first.current, token) : first.current));
  useEffect(() => {
    if ("url" in first.current) void uploads.restore();
  }, [uploads]);
  const store = useMemo(() => snapshots(uploads), [uploads]);
  return useSyncExternalStore(store.subscribe, store.now, store.now);
}

function ownUploads(options: Options, token: { current: Options["token"] }): Uploads {
  const now = (): string | Promise<string> => (typeof token.current === "string" ? token.current : token.current());
  return createUploads({ ...options, token: now });
}

function snapshots(uploads: Uploads): { subscribe: (changed: () => void) => () => void; now: () => DrayUpload } {
  const add: DrayUpload["add"] = (files, destination = {}) =>
    uploads.addAll(Array.from(files, (file) => ("file" in file ? { ...destination, ...file } : { ...destination, file })));
  const take = (): DrayUpload => {
    const { bytes, sent } = uploads.totals;
    return { uploads, items: [...uploads.all], add, bytes, sent, busy: uploads.busy };
  };
  let latest = take();
  const subscribe = (changed: () => void): (() => void) => {
    let timer: ReturnType<typeof setTimeout> | null = null;
    // Not a frame: a tab in the background gets none.
    const soon = (): void => {
      timer ??= setTimeout(() => {
        timer = null;
        latest = take();
        changed();
      }, FRAME_MS);
    };
    const ends = (["change", "removed"] as const).map((event) => uploads.on(event, soon));
    soon();
    return () => {
      if (timer !== null) clearTimeout(timer);
      for (const end of ends) end();
    };
  };
  return { subscribe, now: () => latest };
}

const FRAME_MS = 16;

/** What a dropzone's children may be drawn from. */
export interface DropzoneState {
  /** Something is held over it. */
  isOver: boolean;
  /** Asks for files; to be called from a click or a key. */
  open: () => void;
}

export interface DropzoneProps extends Omit<ComponentPropsWithoutRef<"div">, "children" | "onDrop"> {
  onFiles: (files: Picked[]) => void;
  /** What was dropped could not be read. */
  onFailed?: (error: unknown) => void;
  /** Picks a folder instead of files. */
  directory?: boolean;
  multiple?: boolean;
  accept?: string;
  children?: ReactNode | ((state: DropzoneState) => ReactNode);
}

/** A `div` that takes dropped files and folders, and asks for some with `open`. It has `data-over` while something is held over it. */
export function Dropzone({ onFiles, onFailed, directory = false, multiple = true, accept, children, ...rest }: DropzoneProps): ReactElement {
  const input = useRef<HTMLInputElement>(null);
  const [isOver, setOver] = useState(false);
  const open = useCallback(() => {
    void (async () => {
      // Handles come only from the browser's own picker, which knows no `accept` and picks several.
      const picked = directory || accept !== undefined || !multiple ? null : await pickFiles();
      if (picked) onFiles(picked);
      else input.current?.click();
    })();
  }, [onFiles, directory, accept, multiple]);
  const drop = (event: DragEvent<HTMLDivElement>): void => {
    event.preventDefault();
    setOver(false);
    droppedIn(event.dataTransfer as unknown as DataTransfer).then(onFiles, onFailed);
  };
  const field = createElement("input", {
    ref: input,
    type: "file",
    hidden: true,
    multiple,
    accept,
    ...(directory && { webkitdirectory: "" }),
    onChange: (event: { currentTarget: HTMLInputElement }) => {
      onFiles(pickedFrom(event.currentTarget.files ?? []));
      event.currentTarget.value = "";
    },
  });
  const over = {
    onDragOver: (event: DragEvent<HTMLDivElement>) => {
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: (event: DragEvent<HTMLDivElement>) => {
      if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
    },
    onDrop: drop,
  };
  const inside = typeof children === "function" ? children({ isOver, open }) : children;
  return createElement("div", { ...rest, ...over, "data-over": isOver || undefined }, field, inside);
}
