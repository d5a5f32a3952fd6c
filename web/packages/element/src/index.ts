// <dray-upload> takes files, uploads them to a Dray drive and shows their progress. Importing this module defines the
// element. It decides nothing about uploads. Its styles are in style.ts, its texts in texts.ts.

import { createUploads, droppedIn, pickedFrom, pickFiles, type Destination, type Item, type Options, type Picked, type Upload, type Uploads } from "@dray/upload";

import { Rows } from "./rows.ts";
import { STYLE } from "./style.ts";
import { TEXTS, type Texts } from "./texts.ts";

export { TEXTS, type Texts } from "./texts.ts";

/** Dispatched as `dray-done` and `dray-failed`. */
export interface DrayUploadDetail {
  upload: Upload;
  /** `null` if the upload failed. */
  item: Item | null;
}

// Servers that render pages import this module too. There, the element is not defined.
const Base = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

/**
 * Attributes: `url`, `token` (or the property, which may be a function), `parent-id`, `on-conflict`, `directory`, `flat` (folders
 * are not made; their files go to one place), `single`, `accept`. `id`, `name` and `parent-id` tell several elements of an origin apart:
 * after a reload, each continues its own uploads. Events: `dray-done` and `dray-failed`, which bubble.
 */
export class DrayUploadElement extends Base {
  static readonly observedAttributes = ["token"];
  private tokenOf: Options["token"] = "";
  private ownerOf: Options["owner"];
  private uploadsOf: Uploads | null = null;
  private textsOf: Texts = TEXTS;
  private readonly root = this.attachShadow({ mode: "open", delegatesFocus: true });
  private readonly input = document.createElement("input");
  private readonly news = document.createElement("p");
  private rows: Rows | null = null;
  private undo: (() => void)[] = [];

  /** A page may have set properties before this module was loaded: they are in the way of the accessors. */
  constructor() {
    super();
    for (const name of ["token", "owner", "texts"] as const) {
      if (!Object.hasOwn(this, name)) continue;
      const { [name]: value } = this;
      delete (this as Partial<Record<typeof name, unknown>>)[name];
      Object.assign(this, { [name]: value });
    }
  }

  /** A token that may upload, or a function that returns the current one. Uploads that stopped because their token ended continue if they are of the same person. */
  get token(): Options["token"] {
    return this.tokenOf;
  }

  set token(token: Options["token"]) {
    this.tokenOf = token;
    this.uploadsOf?.resumeSignedOut();
  }

  /** Whose uploads these are, as `createUploads` takes it; set it before the element is in a page. Default: the token tells. */
  get owner(): Options["owner"] {
    return this.ownerOf;
  }

  set owner(owner: Options["owner"]) {
    this.ownerOf = owner;
  }

  /** The uploads, for pages that follow or control them. They are created when the element is first put into a page. */
  get uploads(): Uploads {
    const { owner } = this;
    const url = this.getAttribute("url") ?? location.origin;
    const place = [this.id, this.getAttribute("name"), this.getAttribute("parent-id")];
    const more = { ...(owner !== undefined && { owner }), ...(place.some(Boolean) && { place: JSON.stringify(place) }) };
    this.uploadsOf ??= createUploads({ url, token: () => this.tokenNow(), ...more });
    return this.uploadsOf;
  }

  /** The texts of the element. For another language, set them before the element is put into a page. */
  get texts(): Texts {
    return this.textsOf;
  }

  set texts(texts: Partial<Texts>) {
    this.textsOf = { ...TEXTS, ...texts };
  }

  attributeChangedCallback(_name: string, _before: string | null, value: string | null): void {
    this.token = value ?? "";
  }

  connectedCallback(): void {
    const style = new CSSStyleSheet();
    style.replaceSync(STYLE);
    // Unlike a <style> element, this needs no exception in the content security policy of the page.
    this.root.adoptedStyleSheets = [style];
    const { uploads, textsOf: texts } = this;
    this.rows = new Rows(uploads, texts);
    this.news.setAttribute("aria-live", "polite");
    this.news.className = "unseen";
    this.news.part.add("news");
    this.root.replaceChildren(this.dropArea(), this.rows.list, this.news);
    const rows = this.rows;
    this.undo = [
      uploads.on("change", (upload) => rows.changed(upload)),
      uploads.on("removed", (upload) => rows.removed(upload)),
      uploads.on("done", (upload) => this.tell("dray-done", upload, texts.done)),
      uploads.on("failed", (upload) => this.tell("dray-failed", upload, texts.failed)),
    ];
    for (const upload of uploads.all) rows.changed(upload);
    void uploads.restore();
  }

  /** Uploads stop when the element is removed from the page, unless it is only moved. They continue when it is put back. */
  disconnectedCallback(): void {
    for (const undo of this.undo.splice(0)) undo();
    setTimeout(() => !this.isConnected && this.uploadsOf?.dispose());
  }

  /** Adds files as if a person had picked them. */
  add(files: Iterable<File | Picked>): Upload[] {
    const destination = this.destination();
    const isFlat = this.hasAttribute("flat");
    const placed = (picked: File | Picked): Picked => {
      const { path, ...rest }: Picked = "file" in picked ? picked : { file: picked };
      return { ...destination, ...rest, ...(path && !isFlat && { path }) };
    };
    return this.uploads.addAll(Array.from(files, placed));
  }

  private async tokenNow(): Promise<string> {
    return typeof this.token === "string" ? this.token : this.token();
  }

  private destination(): Destination {
    const [parentId, onConflict] = [this.getAttribute("parent-id"), this.getAttribute("on-conflict")];
    return { ...(parentId && { parentId }), ...(onConflict && { onConflict: onConflict as NonNullable<Destination["onConflict"]> }) };
  }

  private dropArea(): HTMLElement {
    const [area, label, button] = [document.createElement("div"), document.createElement("p"), document.createElement("button")];
    const isDirectory = this.hasAttribute("directory");
    area.className = "drop";
    area.part.add("drop");
    label.part.add("label");
    label.textContent = this.texts.drop;
    button.type = "button";
    button.part.add("button");
    button.textContent = isDirectory ? this.texts.chooseFolder : this.texts.choose;
    button.addEventListener("click", () => void this.choose());
    this.input.type = "file";
    this.input.hidden = true;
    this.input.multiple = !this.hasAttribute("single");
    this.input.webkitdirectory = isDirectory;
    this.input.accept = this.getAttribute("accept") ?? "";
    this.input.onchange = () => {
      this.add(pickedFrom(this.input.files ?? []));
      this.input.value = "";
    };
    area.append(label, button, this.input);
    area.addEventListener("dragover", (event) => {
      event.preventDefault();
      area.toggleAttribute("data-over", true);
    });
    area.addEventListener("dragleave", (event) => {
      if (!area.contains(event.relatedTarget as Node | null)) area.toggleAttribute("data-over", false);
    });
    area.addEventListener("drop", (event) => void this.drop(event, area));
    return area;
  }

  private async choose(): Promise<void> {
    const isPlain = !this.input.webkitdirectory && this.input.multiple && this.input.accept === "";
    const picked = isPlain ? await pickFiles() : null;
    if (picked) this.add(picked);
    else this.input.click();
  }

  private async drop(event: DragEvent, area: HTMLElement): Promise<void> {
    event.preventDefault();
    area.toggleAttribute("data-over", false);
    if (!event.dataTransfer) return;
    const { accept, multiple } = this.input;
    const onLeftOut = (left: Picked[]): void => this.say(this.texts.leftOut(left.map(({ file }) => file.name)), true);
    try {
      this.add(await droppedIn(event.dataTransfer, accept || !multiple ? { accept, multiple, onLeftOut } : undefined));
    } catch {
      this.say(this.texts.unreadable, true);
    }
  }

  /** Says something to screen readers. What no row says, everybody sees. */
  private say(text: string, isSeen: boolean): void {
    this.news.textContent = text;
    this.news.classList.toggle("unseen", !isSeen);
  }

  private tell(name: string, upload: Upload, text: (name: string, note: string) => string): void {
    this.say(text(upload.file.name, upload.note ?? ""), false);
    const detail: DrayUploadDetail = { upload, item: upload.item };
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}

if (globalThis.customElements && !customElements.get("dray-upload")) customElements.define("dray-upload", DrayUploadElement);

declare global {
  interface HTMLElementTagNameMap {
    "dray-upload": DrayUploadElement;
  }
}
