// The page of a file request: asks for the password and for who the visitor is, takes files, and shows those of this browser that
// have arrived. <dray-upload> does the uploading, and request-client.ts asks the server.

import { DrayUploadElement, type DrayUploadDetail } from "@dray/element";
import type { Upload } from "@dray/upload";

import { bytes as formatBytes } from "./format.ts";
import { DRIVE, Refusal, RequestClient, type Asks, type Opened, type SentFile, type Who } from "./request-client.ts";

/** The most files that a request can allow for one submitter: as good as no limit. */
const ANY_NUMBER = 10_000;
/** Groups of types, as people call them. */
const GROUPS: Record<string, string> = { "image/*": "images", "video/*": "videos", "audio/*": "audio files", "text/*": "text files" };
/** The maximum number of rows in the list of files that have arrived. */
const MOST_ROWS = 500;

const client = new RequestClient(clear, comes);
const upload = new DrayUploadElement();
/** Uploads that failed since the request could last be opened. They go on once it can be again. */
const stopped = new Set<Upload>();
let opened: Opened | null = null;
let arrivedCount = 0;
/** How many visitors have left this page. */
let leftCount = 0;

function element<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${id}`);
  return found;
}

const show = (id: string, isShown: boolean): void => {
  element(id, HTMLElement).hidden = !isShown;
};

const write = (id: string, text: string): void => {
  element(id, HTMLElement).textContent = text;
};

/** Opens the request, and draws it or what the refusal says. */
async function open(): Promise<void> {
  try {
    opened = await client.open();
    draw(opened);
    goOn();
  } catch (error) {
    refused(error instanceof Refusal ? error : new Refusal("", String(error)));
  }
}

function refused({ code, message }: Refusal): void {
  switch (code) {
    case "request_password":
      return askPassword();
    case "request_not_found":
      return close("Not found", "There is no such file request. Check the address, or ask the person who sent it to you.");
    case "request_closed":
      return close("Closed", "This file request is closed. It takes no more files.");
    default:
      return close("Send files", message);
  }
}

/** Ends the taking of files. What has arrived stays on the page. */
function close(title: string, why: string): void {
  document.title = opened ? `${opened.title} (${title.toLowerCase()})` : title;
  write("notice", why);
  show("notice", true);
  for (const id of ["gate", "who", "known", "send"]) show(id, false);
}

function askPassword(): void {
  show("request", false);
  show("notice", false);
  show("gate", true);
  const input = element("password", HTMLInputElement);
  write("password-error", client.hasPassword ? "Wrong password." : "");
  input.setAttribute("aria-invalid", String(client.hasPassword));
  input.select();
  input.focus();
}

function draw(request: Opened): void {
  document.title = request.title;
  write("title", request.title);
  write("message", request.message);
  write("limits", limits(request));
  for (const id of ["gate", "notice"]) show(id, false);
  show("request", true);
  if (isKnown(request, client.who)) takeFiles(request);
  else askWho(request);
}

function limits({ maxFiles, maxFileBytes, maxBytes, types, deadline }: Opened): string {
  const said = [];
  if (maxFiles < ANY_NUMBER) said.push(maxFiles === 1 ? "One file" : `Up to ${maxFiles} files`);
  if (maxFileBytes !== undefined) said.push(`at most ${formatBytes(maxFileBytes)} each`);
  if (maxBytes !== undefined) said.push(`at most ${formatBytes(maxBytes)} in all`);
  if (types.length > 0) said.push(types.map((type) => GROUPS[type] ?? type).join(", "));
  if (deadline) said.push(`until ${new Date(deadline).toLocaleString([], { dateStyle: "long", timeStyle: "short" })}`);
  return said.join(" · ");
}

function isKnown({ asksName, asksEmail }: Opened, { name, email }: Who): boolean {
  const isSaid = (asks: Asks, value: string | undefined): boolean =>
    asks === "no" || (asks === "required" ? Boolean(value) : value !== undefined);
  return isSaid(asksName, name) && isSaid(asksEmail, email);
}

function askWho({ asksName, asksEmail }: Opened): void {
  for (const id of ["known", "send"]) show(id, false);
  show("who", true);
  const { name, email } = client.who;
  field("name", asksName, name);
  field("email", asksEmail, email);
  element(asksName === "no" ? "email" : "name", HTMLInputElement).focus();
}

function field(id: "name" | "email", asks: Asks, value: string | undefined): void {
  show(`${id}-field`, asks !== "no");
  show(`${id}-optional`, asks === "optional");
  const input = element(id, HTMLInputElement);
  input.required = asks === "required";
  input.value = value ?? "";
}

function takeFiles({ types, maxFiles, asksName, asksEmail }: Opened): void {
  show("who", false);
  show("send", true);
  const { name, email } = client.who;
  const said = [asksName !== "no" && name, asksEmail !== "no" && email].filter(Boolean).join(", ");
  write("known-as", said || "without a name");
  show("known", asksName !== "no" || asksEmail !== "no");
  if (upload.isConnected) return;
  upload.toggleAttribute("flat", true);
  upload.toggleAttribute("single", maxFiles === 1);
  upload.setAttribute("url", DRIVE);
  if (types.length > 0) upload.setAttribute("accept", types.join(","));
  upload.owner = () => client.owner();
  upload.token = () => client.grant();
  upload.texts = { inDrive: "Sent", done: (file) => `${file} has arrived.` };
  element("send", HTMLElement).append(upload);
  upload.uploads.on("failed", (failed) => {
    stopped.add(failed);
    void stop(failed);
  });
}

/** Finds out whether the upload failed by itself, or because the request or this browser's grant is over. */
async function stop(failed: Upload): Promise<void> {
  const isSignedOut = failed.failure?.kind === "signed-out";
  try {
    if (isSignedOut) await client.renew();
    const wasClosed = !element("notice", HTMLElement).hidden;
    opened = await client.open();
    if (wasClosed) draw(opened);
    stopped.delete(failed);
    // Any other failure is the file's own, and its row says why.
    if (isSignedOut) upload.uploads.resume(failed);
  } catch (error) {
    refused(error instanceof Refusal ? error : new Refusal("", String(error)));
  }
}

/** Goes on with the uploads that stopped because the request could not be opened. */
function goOn(): void {
  for (const one of stopped) upload.uploads.resume(one);
  stopped.clear();
}

/** Whether nothing would be lost if somebody else came now, or the visitor wants that. */
function mayLeave(): boolean {
  return !upload.isConnected || !upload.uploads.unfinished || confirm("Some uploads are not finished. Cancel them?");
}

/** Somebody else comes: nothing of the visitor before goes on or is shown. */
function clear(): void {
  if (upload.isConnected) upload.uploads.clear();
  stopped.clear();
  leftCount += 1;
  arrivedCount = 0;
  element("sent", HTMLElement).replaceChildren();
  for (const id of ["thanks", "sent-more"]) show(id, false);
}

/** Somebody else has come, here or in another tab. */
function comes(): void {
  if (opened) draw(opened);
  void showSent();
}

/** Shows what the visitor has sent so far, unless somebody else comes meanwhile. */
async function showSent(): Promise<void> {
  const before = leftCount;
  const files = await client.sent();
  if (leftCount === before) arrived(files);
}

function arrived(files: SentFile[]): void {
  if (files.length === 0) return;
  arrivedCount += files.length;
  show("thanks", true);
  write("arrived", arrivedCount === 1 ? "One file has arrived." : `${arrivedCount} files have arrived.`);
  const list = element("sent", HTMLElement);
  list.prepend(...files.slice(0, MOST_ROWS).map(row));
  while (list.childElementCount > MOST_ROWS) list.lastElementChild?.remove();
  show("sent-more", arrivedCount > MOST_ROWS);
  write("sent-more", `and ${arrivedCount - MOST_ROWS} more`);
}

function row({ fileName, fileSize }: SentFile): HTMLElement {
  const [item, name, size] = [document.createElement("li"), document.createElement("span"), document.createElement("span")];
  [name.className, size.className] = ["name", "size"];
  [name.textContent, size.textContent] = [fileName, formatBytes(fileSize)];
  item.append(name, size);
  return item;
}

element("gate", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  void client.enter(element("password", HTMLInputElement).value).then(open);
});
element("who", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  const said = (id: string): string => element(id, HTMLInputElement).value.trim();
  const introduced = { name: said("name"), email: said("email") };
  if (client.isAnother(introduced) && !mayLeave()) return;
  void client.introduce(introduced).then(() => {
    if (!opened) return;
    draw(opened);
    upload.focus();
  });
});
element("change", HTMLButtonElement).addEventListener("click", () => {
  if (opened) askWho(opened);
});
upload.addEventListener("dray-done", (event) => {
  const { file } = (event as CustomEvent<DrayUploadDetail>).detail.upload;
  arrived([{ fileName: file.name, fileSize: file.size }]);
});
addEventListener("beforeunload", (event) => {
  if (upload.isConnected && upload.uploads.unfinished) event.preventDefault();
});

await showSent();
await open();
