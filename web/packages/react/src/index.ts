// Uploads to a Dray drive in React: a hook that follows them, and an unstyled dropzone.

import { createElement, useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { ComponentPropsWithoutRef, DragEvent, ReactElement, ReactNode } from "react";

import { createUploads, droppedIn, pickedFrom, pickFiles, type Destination, type Options, type Picked, type Upload, type Uploads } from "@dray/upload";

/** What the hook returns. It is the same object until something changes. */
export interface DrayUpload {
  uploads: Uploads;
  /** All uploads in the list, the oldest first. */
  items: Upload[];
  /** Adds files: from an input, a drop or anywhere else. */
  add: (files: Iterable<File | Picked>, destination?: Destination) => Upload[];
  /** Bytes of all uploads that neither failed nor were cancelled, and how many of these were sent. */
  bytes: number;
  sent: number;
  /** Whether an upload is under way. */
  busy: boolean;
}

/**
 * Follows uploads. With options, it creates its own once, and continues those that a reload interrupted; they stop when the component
 * is removed, and another component can continue them. With `Uploads`, it follows those, so that several components can share them, and
 * they outlive the components. Components render at most once per frame.
 */
export function useDrayUpload(source: Options | Uploads): DrayUpload {
  // Only the options of the first render count, except a token that is a function: it is called each time.
  const first = useRef<Options | Uploads>(source);
  const token = useRef<Options["token"]>("");
  if ("url" in source) token.current = source.token;
  const [uploads] = useState(() => ("url" in first.current ? ownUploads(first.current, token) : first.current));
  useEffect(() => {
    if (!("url" in first.current)) return undefined;
    void uploads.restore();
    return () => uploads.dispose();
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
    // This is not an animation frame, because a tab in the background gets none.
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
const sayLeftOut = (files: Picked[]): void => console.warn(`Not added: ${files.map(({ file }) => file.name).join(", ")}.`);

/** What a dropzone passes to its children. */
export interface DropzoneState {
  /** Whether something is dragged over it. */
  isOver: boolean;
  /** Opens the file picker. Call it from a click or a key press. */
  open: () => void;
}

export interface DropzoneProps extends Omit<ComponentPropsWithoutRef<"div">, "children" | "onDrop"> {
  onFiles: (files: Picked[]) => void;
  /** Called if dropped files cannot be read. Default: the console says so. */
  onFailed?: (error: unknown) => void;
  /** Picks a folder instead of files. */
  directory?: boolean;
  /** Also for dropped files. */
  multiple?: boolean;
  /** Also for dropped files. */
  accept?: string;
  /** Called with the dropped files that `accept` or `multiple` does not allow. Default: the console names them. */
  onLeftOut?: (files: Picked[]) => void;
  children?: ReactNode | ((state: DropzoneState) => ReactNode);
}

/** A `div` that takes dropped files and folders; `open` opens a picker. It has `data-over` while something is dragged over it. */
export function Dropzone(props: DropzoneProps): ReactElement {
  const { onFiles, onFailed = console.error, onLeftOut = sayLeftOut, directory = false, multiple = true, accept, children, ...rest } = props;
  const input = useRef<HTMLInputElement>(null);
  const [isOver, setOver] = useState(false);
  const open = useCallback(() => {
    void (async () => {
      // Only the browser's own picker gives handles. It does not know `accept`, and always allows several files.
      const picked = directory || accept !== undefined || !multiple ? null : await pickFiles();
      if (picked) onFiles(picked);
      else input.current?.click();
    })();
  }, [onFiles, directory, accept, multiple]);
  const drop = (event: DragEvent<HTMLDivElement>): void => {
    event.preventDefault();
    setOver(false);
    const rules = accept || !multiple ? { accept, multiple, onLeftOut } : undefined;
    droppedIn(event.dataTransfer, rules).then(onFiles, onFailed);
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
