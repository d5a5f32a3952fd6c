// Renders uploads as rows, and the cart. Decides nothing about uploads, and sends no requests.

import type { State, Upload, Uploads } from "@dray/upload";

import { bytes, duration, percent } from "./format.ts";

/** The maximum number of cells: more could not be distinguished on a phone. */
const MOST_CELLS = 48;
/** The maximum number of crates on the cart. The list shows all uploads. */
const MOST_CRATES = 40;
/** The maximum number of rows. Nobody reads more, and the browser would lay out all of them on each change. */
const MOST_ROWS = 200;
/** If there are more uploads than rows, this many of them in each frame replace the row of one that is done. Most small files end before. */
const ROWS_A_FRAME = 4;
/** How long a list with more uploads than rows waits before it is drawn again, in milliseconds: drawing takes the processor from many small files. */
const LONG_LIST_MS = 250;
/** How long a wheel takes for one turn, in milliseconds, as in the style sheet. */
const TURN_MS = 3_200;
/** With more files than this, a screen reader announces only failures and the end. */
const MOST_SAID = 20;

export type Act = "pause" | "resume" | "retry" | "cancel" | "download";

const ACTS: Record<State, Act[]> = {
  unpicked: ["cancel"],
  queued: ["pause", "cancel"],
  uploading: ["pause", "cancel"],
  finishing: [],
  paused: ["resume", "cancel"],
  failed: ["retry", "cancel"],
  done: ["download"],
  cancelled: [],
};

/** The element with this id, which index.html has. */
export function element<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`index.html has no #${id}`);
  return found;
}

function within(root: ParentNode, selector: string): HTMLElement {
  const found = root.querySelector<HTMLElement>(selector);
  if (!found) throw new Error(`index.html has no ${selector}`);
  return found;
}

interface Row {
  root: HTMLElement;
  name: HTMLElement;
  size: HTMLElement;
  cells: HTMLElement;
  facts: HTMLElement;
  note: HTMLElement;
  /** The file's crate on the cart; only the first files get one. */
  crate: HTMLElement | null;
  /** The parts that the cells show. */
  drawn: Upload["parts"] | null;
  state: State | null;
}

export class View {
  private readonly rows = new Map<Upload, Row>();
  private readonly stale = new Set<Upload>();
  /** Uploads that are done and have a row, the oldest first. They make room if there are too many rows. */
  private readonly finished = new Set<Upload>();
  private readonly list = element("list", HTMLUListElement);
  private readonly load = element("load", HTMLElement);
  private readonly news = element("news", HTMLElement);
  private isDue = false;
  /** How many rows were given away in this frame. */
  private replaced = 0;

  constructor(
    private readonly uploads: Uploads,
    private readonly onAct: (act: Act, upload: Upload) => void,
  ) {}

  /** Draws `upload` soon, once, however often it changes until then. */
  changed(upload: Upload): void {
    this.stale.add(upload);
    // A tab in the background gets no frames. Announcements and the title must not wait for one.
    const row = this.rows.get(upload);
    if (row && row.state !== upload.state) this.draw(upload);
    // The last one of a long list may have no row.
    const { files, of } = this.uploads.totals;
    if (upload.state === "done" && files > MOST_SAID && of.done === files) this.say(`All ${files} files are uploaded.`);
    this.drawSoon();
  }

  /** Redraws the uploads under way, because their speed changes with time alone. */
  tick(): void {
    for (const upload of this.rows.keys()) if (upload.state === "uploading") this.stale.add(upload);
    this.drawAll();
  }

  remove(upload: Upload): void {
    this.takeAway(upload);
    this.drawSoon();
  }

  /** Draws in the next frame, and a long list some frames later. */
  private drawSoon(): void {
    if (this.isDue) return;
    this.isDue = true;
    const draw = (): void => {
      requestAnimationFrame(() => {
        this.isDue = false;
        this.drawAll();
      });
    };
    if (this.isLong) setTimeout(draw, LONG_LIST_MS);
    else draw();
  }

  private get isLong(): boolean {
    return this.uploads.all.size > MOST_ROWS;
  }

  private takeAway(upload: Upload): void {
    const row = this.rows.get(upload);
    this.rows.delete(upload);
    this.stale.delete(upload);
    this.finished.delete(upload);
    const next = row?.root.nextElementSibling ?? row?.root.previousElementSibling;
    const focused = row?.root.contains(document.activeElement) ?? false;
    row?.root.remove();
    row?.crate?.remove();
    // The focus must not fall back to the top of the page.
    if (focused) (next?.querySelector<HTMLElement>("button:not([hidden])") ?? element("choose", HTMLElement)).focus();
  }

  /** Announces a text through screen readers. */
  say(text: string): void {
    this.news.textContent = text;
  }

  private drawAll(): void {
    this.replaced = 0;
    for (const upload of this.stale) this.draw(upload);
    this.stale.clear();
    this.drawTotal();
  }

  private draw(upload: Upload): void {
    if (upload.state === "cancelled" || !this.uploads.all.has(upload)) return;
    const row = this.rows.get(upload) ?? (this.hasRoom(upload) ? this.addRow(upload) : null);
    if (!row) return;
    drawCells(row, upload);
    if (row.crate) drawCrate(row.crate, upload);
    write(row.size, bytes(upload.file.size));
    write(row.facts, facts(upload));
    write(row.note, upload.note ?? "");
    if (row.state !== upload.state) this.enter(row, upload);
  }

  /** If there are too many rows, queued uploads get none, and a running upload replaces one that is done. */
  private hasRoom(upload: Upload): boolean {
    if (this.rows.size < MOST_ROWS) return true;
    const [oldest] = this.finished;
    const isPassing = (upload.state !== "failed" && this.replaced >= ROWS_A_FRAME) || ["queued", "done"].includes(upload.state);
    if (!oldest || isPassing) return false;
    this.replaced += 1;
    this.takeAway(oldest);
    return true;
  }

  private addRow(upload: Upload): Row {
    const copy = element("row", HTMLTemplateElement).content.cloneNode(true) as DocumentFragment;
    const part = (selector: string): HTMLElement => within(copy, selector);
    const row: Row = {
      root: part(".row"),
      name: part(".name"),
      size: part(".size"),
      cells: part(".cells"),
      facts: part(".facts"),
      note: part(".note"),
      crate: this.load.children.length < MOST_CRATES ? newCrate(upload.file.size) : null,
      drawn: null,
      state: null,
    };
    const { name } = upload.file;
    write(row.name, name);
    row.name.title = name;
    row.cells.setAttribute("aria-label", name);
    for (const button of row.root.querySelectorAll<HTMLButtonElement>("[data-act]")) {
      button.setAttribute("aria-label", `${button.textContent ?? ""} ${name}`);
      button.addEventListener("click", () => this.onAct(button.dataset.act as Act, upload));
    }
    this.rows.set(upload, row);
    this.list.append(copy);
    if (row.crate) this.load.append(row.crate);
    return row;
  }

  /** Draws what changes only with the state. */
  private enter(row: Row, upload: Upload): void {
    const { state, file } = upload;
    const buttons = [...row.root.querySelectorAll<HTMLButtonElement>("[data-act]")];
    const focused = buttons.includes(document.activeElement as HTMLButtonElement);
    row.state = state;
    row.root.dataset.state = state;
    const acts = actsOf(upload);
    for (const button of buttons) button.hidden = !acts.includes(button.dataset.act as Act);
    if (focused) buttons.find((button) => !button.hidden)?.focus();
    if (state === "done") this.finished.add(upload);
    const { files } = this.uploads.totals;
    if (state === "done" && files <= MOST_SAID) this.say(`${file.name} is uploaded.`);
    if (state === "failed") this.say(`${file.name} failed. ${upload.note ?? ""}`);
    if (state === "paused") this.say(`${file.name} is paused.`);
  }

  private drawTotal(): void {
    const { all, busy, meter, totals } = this.uploads;
    const { files, bytes: whole, sent } = totals;
    const { done } = totals.of;
    const rate = meter.rate(performance.now());
    element("total", HTMLProgressElement).value = whole ? sent / whole : done ? 1 : 0;
    const cart = element("cart", HTMLElement);
    const isMoving = busy && rate > 0;
    cart.dataset.moving = String(isMoving && !this.isLong);
    if (isMoving && this.isLong) cart.style.setProperty("--turn", `${(performance.now() / TURN_MS) % 1}turn`);
    element("manifest", HTMLElement).hidden = all.size === 0;
    const hidden = all.size - this.rows.size;
    element("more", HTMLElement).hidden = hidden <= 0;
    write(element("more", HTMLElement), hidden > 0 ? `and ${hidden} more` : "");
    element("clear", HTMLElement).hidden = done < 2;
    write(element("tally", HTMLElement), tally(files, done, whole, sent, busy ? rate : 0));
    const title = busy ? `${percent(sent, whole)}% · Dray` : "Dray";
    if (document.title !== title) document.title = title;
  }
}

/** The buttons of an upload. A file whose handle was kept can be continued with a click. */
function actsOf({ state, destination }: Upload): Act[] {
  return state === "unpicked" && destination.handle ? ["resume", "cancel"] : ACTS[state];
}

function tally(files: number, done: number, whole: number, sent: number, rate: number): string {
  if (files === 0) return "";
  const noun = files === 1 ? "file" : "files";
  if (done === files) return `${files} ${noun}, ${bytes(whole)}, all in the drive`;
  const pace = rate > 0 ? [`${bytes(rate)}/s`, `${duration((whole - sent) / rate)} left`] : [];
  return [`${done} of ${files} ${noun}`, `${bytes(sent)} of ${bytes(whole)}`, ...pace].join(" · ");
}

function facts(upload: Upload): string {
  const { state, sent, file } = upload;
  const amount = `${bytes(sent)} of ${bytes(file.size)}`;
  switch (state) {
    case "unpicked":
      return `${bytes(file.size)} · not finished`;
    case "queued":
      return "Waiting";
    case "uploading": {
      const rate = upload.meter.rate(performance.now());
      if (upload.note !== null) return `${amount} · waiting`;
      return rate > 0 ? `${amount} · ${bytes(rate)}/s · ${duration((file.size - sent) / rate)} left` : amount;
    }
    case "finishing":
      return "All bytes have arrived. Finalizing";
    case "paused":
      return `${amount} · paused`;
    case "failed":
      return `${amount} · stopped`;
    case "done":
      return "In the drive";
    case "cancelled":
      return "";
  }
}

/** Draws one cell for each part, or for each group of parts if there are many. Sent bytes are light, stored parts solid. */
function drawCells(row: Row, upload: Upload): void {
  const { parts } = upload;
  if (row.drawn !== parts) {
    row.drawn = parts;
    row.cells.replaceChildren(...groups(parts).map(newCell));
  }
  groups(parts).forEach((group, index) => {
    const cell = row.cells.children[index];
    const fill = cell?.firstElementChild;
    if (!(cell instanceof HTMLElement && fill instanceof HTMLElement)) return;
    const whole = group.reduce((sum, part) => sum + part.end - part.start, 0);
    const sent = group.reduce((sum, part) => sum + part.sent, 0);
    const isStored = group.length > 0 && group.every((part) => part.eTag !== null);
    cell.classList.toggle("stored", upload.state === "done" || isStored);
    fill.style.transform = `scaleX(${whole ? sent / whole : upload.state === "done" ? 1 : 0})`;
  });
  const value = upload.state === "done" ? 100 : percent(upload.sent, upload.file.size);
  row.cells.setAttribute("aria-valuenow", String(value));
}

function groups(parts: Upload["parts"]): Upload["parts"][] {
  const per = Math.max(1, Math.ceil(parts.length / MOST_CELLS));
  return Array.from({ length: Math.max(1, Math.ceil(parts.length / per)) }, (_, i) => parts.slice(i * per, (i + 1) * per));
}

function newCell(group: Upload["parts"]): HTMLElement {
  const cell = document.createElement("span");
  // As wide as its share of the file, but wide enough to be seen.
  cell.style.flexGrow = String(Math.max(1, group.reduce((sum, part) => sum + part.end - part.start, 0)));
  cell.append(document.createElement("i"));
  return cell;
}

/** A crate whose size grows with the file's, from 1 KiB (or less) to 16 GiB (or more). */
function newCrate(size: number): HTMLElement {
  const crate = document.createElement("span");
  const share = Math.min(1, Math.max(0, Math.log2(Math.max(1, size / 1024)) / 24));
  crate.style.setProperty("--share", share.toFixed(3));
  crate.append(document.createElement("i"));
  return crate;
}

function drawCrate(crate: HTMLElement, upload: Upload): void {
  const fill = crate.firstElementChild as HTMLElement;
  const done = upload.state === "done";
  crate.dataset.state = upload.state;
  fill.style.transform = `scaleY(${done ? 1 : upload.file.size ? upload.sent / upload.file.size : 0})`;
}

function write(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}
