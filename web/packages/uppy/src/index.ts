// An uploader for Uppy: it uploads Uppy's files to a Dray drive. It uses the plugin interface that Uppy 4, 5 and 6 share, and
// imports none of them.

import { createUploads, type Destination, type Options, type Source, type Upload, type Uploads } from "@dray/upload";

/** The parts of Uppy that this plugin uses. */
export interface UppyLike {
  getState(): { capabilities: Record<string, unknown> };
  setState(patch: { capabilities: Record<string, unknown> }): void;
  getFile(id: string): UppyFileLike | undefined;
  addUploader(uploader: (ids: string[]) => Promise<void>): void;
  removeUploader(uploader: (ids: string[]) => Promise<void>): void;
  // Uppy types each event; their names and arguments are the same in all three versions.
  emit(event: string, ...values: unknown[]): void;
  on(event: string, listener: (...values: never[]) => void): unknown;
  off(event: string, listener: (...values: never[]) => void): unknown;
}

/** The parts of Uppy's files that this plugin uses. */
export interface UppyFileLike {
  id: string;
  name?: string;
  type?: string;
  data: Blob | { size: number | null };
  isRemote?: boolean;
  meta: Record<string, unknown>;
}

/** The destination of all files, or a function that returns it for each. */
export type DrayUploaderOptions = Options & { id?: string; destination?: Destination | ((file: UppyFileLike) => Destination) };

/** Use `uppy.use(DrayUploader, { url, token })` instead of `uppy.use(AwsS3, …)`. */
export class DrayUploader {
  static VERSION = "0.1.0";
  readonly VERSION = DrayUploader.VERSION;
  readonly type = "uploader";
  readonly id: string;
  readonly uploads: Uploads;
  private readonly known = new Map<string, Upload>();
  private readonly uninstalls: (() => void)[] = [];

  // Uppy's types require everything that its own base class has. `any` satisfies the types of all three versions.
  readonly uppy: any;
  readonly defaultLocale: any = { strings: {} };
  readonly i18n: any = (key: string) => key;
  readonly i18nArray: any = (key: string) => [key];
  private readonly core: UppyLike;

  constructor(
    uppy: any,
    public opts: DrayUploaderOptions,
  ) {
    this.uppy = uppy;
    this.core = uppy;
    this.id = opts.id ?? "DrayUploader";
    this.uploads = createUploads({ ...opts, token: () => this.token() });
  }

  install(): void {
    const { capabilities } = this.core.getState();
    this.core.setState({ capabilities: { ...capabilities, resumableUploads: true, individualCancellation: true } });
    this.core.addUploader(this.upload);
    this.listen("file-removed", (file: UppyFileLike | string) => this.cancel(typeof file === "string" ? file : file.id));
    this.listen("cancel-all", () => [...this.known.keys()].forEach((id) => this.cancel(id)));
    // Uppy 4 and later pass the file, earlier versions its id.
    this.listen("upload-pause", (file: UppyFileLike | string | undefined, isPaused: boolean) => {
      if (file) this.pause(typeof file === "string" ? file : file.id, isPaused);
    });
    this.listen("pause-all", () => [...this.known.keys()].forEach((id) => this.pause(id, true)));
    this.listen("resume-all", () => [...this.known.keys()].forEach((id) => this.pause(id, false)));
  }

  uninstall(): void {
    this.core.removeUploader(this.upload);
    for (const undo of this.uninstalls.splice(0)) undo();
    for (const id of [...this.known.keys()]) this.cancel(id);
    this.uploads.dispose();
  }

  /** The token and the destination may change while the page is open. The other options are read only once. */
  setOptions(opts: Partial<DrayUploaderOptions>): void {
    this.opts = { ...this.opts, ...opts };
  }

  /** Uppy calls this on each change of its state; this plugin does not need it. */
  update(): void {}
  afterUpdate(): void {}
  i18nInit(): void {}
  getPluginState(): Record<string, unknown> {
    return {};
  }
  setPluginState(): void {}
  addTarget(): never {
    throw new Error("DrayUploader has no user interface.");
  }

  private readonly upload = async (ids: string[]): Promise<void> => {
    const files = ids.flatMap((id) => this.core.getFile(id) ?? []);
    this.core.emit("upload-start", files);
    this.begin(files);
    await Promise.all(files.map((file) => this.send(file)));
  };

  /** Adds files together, so that each of their folders is created once. Failed ones continue: parts that the store has are not sent again. */
  private begin(files: UppyFileLike[]): void {
    const fresh = files.flatMap((file) => (!this.known.has(file.id) && !file.isRemote && file.data instanceof Blob ? [{ file, data: file.data }] : []));
    for (const { id } of files) {
      const known = this.known.get(id);
      if (known) this.uploads.resume(known);
    }
    const picked = fresh.map(({ file, data }) => ({ file: sourceOf(file, data), ...this.destinationOf(file) }));
    this.uploads.addAll(picked).forEach((upload, at) => this.known.set(fresh[at]!.file.id, upload));
  }

  private async send(file: UppyFileLike): Promise<void> {
    const upload = this.known.get(file.id);
    if (!upload) return this.failed(file, new Error("Files of remote providers cannot be uploaded: DrayUploader has no Companion server."));
    const uploadStarted = Date.now();
    for await (const { sent, size } of upload) {
      const now = this.core.getFile(file.id);
      if (now) this.core.emit("upload-progress", now, { uploader: this, uploadStarted, bytesUploaded: sent, bytesTotal: size });
    }
    const now = this.core.getFile(file.id);
    if (!now || upload.state === "cancelled") return;
    if (upload.item) {
      this.known.delete(file.id);
      this.uploads.forget(upload);
      this.core.emit("upload-success", now, { status: 200, body: upload.item });
    } else this.failed(now, upload.failure ?? new Error("The upload failed."));
  }

  private async token(): Promise<string> {
    const { token } = this.opts;
    return typeof token === "string" ? token : token();
  }

  private destinationOf(file: UppyFileLike): Destination {
    const { destination = {} } = this.opts;
    const said = typeof destination === "function" ? destination(file) : destination;
    const path = String(file.meta.relativePath ?? "").split("/").filter(Boolean).slice(0, -1);
    return path.length > 0 ? { path, ...said } : said;
  }

  private failed(file: UppyFileLike, error: Error): void {
    this.core.emit("upload-error", file, error);
  }

  private cancel(id: string): void {
    const upload = this.known.get(id);
    this.known.delete(id);
    if (!upload) return;
    this.uploads.cancel(upload);
    this.uploads.forget(upload);
  }

  private pause(id: string, isPaused: boolean): void {
    const upload = this.known.get(id);
    if (!upload) return;
    if (isPaused) this.uploads.pause(upload);
    else if (upload.state === "paused") this.uploads.resume(upload);
  }

  private listen(event: string, listener: (...values: never[]) => void): void {
    this.core.on(event, listener);
    this.uninstalls.push(() => this.core.off(event, listener));
  }
}

export default DrayUploader;

function sourceOf(file: UppyFileLike, data: Blob): Source {
  const lastModified = data instanceof File ? data.lastModified : undefined;
  return {
    name: file.name ?? "file",
    size: data.size,
    type: file.type ?? data.type,
    ...(lastModified !== undefined && { lastModified }),
    slice: (start, end) => data.slice(start, end),
  };
}
