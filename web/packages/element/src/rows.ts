// The list of <dray-upload>: one row for each upload, drawn once per frame. In a long list, queued uploads have no row yet.

import type { State, Upload, Uploads } from "@dray/upload";

import type { Texts } from "./texts.ts";

const MOST_ROWS = 100;

/** `cancel` ends an upload, also on the server. `clear` takes one that is done off the list: the file stays in the drive. */
type Act = "pause" | "resume" | "retry" | "cancel" | "clear";
const ACTS: Record<State, Act[]> = {
  unpicked: ["resume", "cancel"],
  queued: ["pause", "cancel"],
  uploading: ["pause", "cancel"],
  finishing: [],
  paused: ["resume", "cancel"],
  failed: ["retry", "cancel"],
  done: ["clear"],
  cancelled: [],
};

interface Row {
  root: HTMLLIElement;
  bar: HTMLProgressElement;
  facts: HTMLElement;
  note: HTMLElement;
  buttons: Map<Act, HTMLButtonElement>;
}

export class Rows {
  readonly list = document.createElement("ul");
  private readonly more = document.createElement("li");
  private readonly rows = new Map<Upload, Row>();
  private readonly stale = new Set<Upload>();
  private readonly finished = new Set<Upload>();
  private isAsked = false;

  constructor(
    private readonly uploads: Uploads,
    private readonly texts: Texts,
  ) {
    this.list.part.add("list");
    this.more.part.add("more");
    this.more.hidden = true;
    this.list.append(this.more);
  }

  changed(upload: Upload): void {
    this.stale.add(upload);
    this.soon();
  }

  removed(upload: Upload): void {
    const row = this.rows.get(upload);
    const next = row?.root.nextElementSibling ?? row?.root.previousElementSibling;
    const hadFocus = row?.root.contains((this.list.getRootNode() as ShadowRoot).activeElement) ?? false;
    this.takeAway(upload);
    if (hadFocus) next?.querySelector<HTMLElement>("button:not([hidden])")?.focus();
    this.soon();
  }

  private soon(): void {
    if (this.isAsked) return;
    this.isAsked = true;
    requestAnimationFrame(() => {
      this.isAsked = false;
      for (const upload of this.stale) this.draw(upload);
      this.stale.clear();
      const hidden = this.uploads.all.size - this.rows.size;
      this.more.hidden = hidden <= 0;
      this.more.textContent = this.texts.more(hidden);
    });
  }

  private takeAway(upload: Upload): void {
    this.rows.get(upload)?.root.remove();
    this.rows.delete(upload);
    this.stale.delete(upload);
    this.finished.delete(upload);
  }

  private draw(upload: Upload): void {
    if (upload.state === "cancelled" || !this.uploads.all.has(upload)) return;
    const row = this.rows.get(upload) ?? (this.hasRoom(upload) ? this.add(upload) : null);
    if (!row) return;
    const { state, sent, file, note } = upload;
    row.root.dataset.state = state;
    row.bar.max = Math.max(1, file.size);
    row.bar.value = state === "done" ? row.bar.max : sent;
    row.facts.textContent = this.facts(upload);
    row.note.textContent = note ?? "";
    const acts = ACTS[state].filter((act) => act !== "resume" || state !== "unpicked" || upload.destination.handle);
    const focused = (row.root.getRootNode() as ShadowRoot).activeElement;
    for (const [act, button] of row.buttons) button.hidden = !acts.includes(act);
    if (focused instanceof HTMLButtonElement && focused.hidden && row.root.contains(focused)) {
      [...row.buttons.values()].find((button) => !button.hidden)?.focus();
    }
    if (state === "done") this.finished.add(upload);
  }

  private hasRoom({ state }: Upload): boolean {
    if (this.rows.size < MOST_ROWS) return true;
    const [oldest] = this.finished;
    if (!oldest || state === "queued" || state === "done") return false;
    this.takeAway(oldest);
    return true;
  }

  private add(upload: Upload): Row {
    const part = <K extends keyof HTMLElementTagNameMap>(tag: K, name: string): HTMLElementTagNameMap[K] => {
      const made = document.createElement(tag);
      made.part.add(name);
      return made;
    };
    const { name } = upload.file;
    const [root, title, bar] = [part("li", "row"), part("span", "name"), part("progress", "progress")];
    const [facts, note, actions] = [part("span", "facts"), part("span", "note"), part("span", "actions")];
    title.textContent = title.title = name;
    bar.setAttribute("aria-label", name);
    const buttons = new Map<Act, HTMLButtonElement>();
    for (const act of ["pause", "resume", "retry", "cancel", "clear"] as const) {
      const button = part("button", "action");
      button.type = "button";
      button.textContent = this.texts[act];
      button.setAttribute("aria-label", act === "clear" ? this.texts.clearName(name) : `${this.texts[act]} ${name}`);
      button.addEventListener("click", () => this.act(act, upload));
      buttons.set(act, button);
      actions.append(button);
    }
    root.append(title, bar, facts, actions, note);
    const row = { root, bar, facts, note, buttons };
    this.rows.set(upload, row);
    this.more.before(root);
    return row;
  }

  private act(act: Act, upload: Upload): void {
    if (act === "pause") return this.uploads.pause(upload);
    if (act === "resume" || act === "retry") return this.uploads.resume(upload);
    this.uploads.cancel(upload);
    this.uploads.forget(upload);
  }

  private facts({ state, sent, file }: Upload): string {
    const { texts } = this;
    const amount = texts.progress(sent, file.size);
    switch (state) {
      case "unpicked":
        return texts.unpicked;
      case "queued":
        return texts.waiting;
      case "finishing":
        return texts.finishing;
      case "paused":
        return `${texts.paused} · ${amount}`;
      case "done":
        return texts.inDrive;
      default:
        return amount;
    }
  }
}
