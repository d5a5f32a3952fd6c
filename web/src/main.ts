// Wiring: the token, the gate, files in, and the engine's surroundings.

import { Api, ApiError, putWithXhr } from "./api.ts";
import { Uploads, type Upload } from "./upload.ts";
import { element, View, type Act } from "./view.ts";

const TOKEN = "dray.token";

let api = new Api("");
const uploads = new Uploads({
  api: () => api,
  put: putWithXhr,
  now: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
  pageOrigin: location.origin,
  onChange: changed,
  onLeftOpen: ({ file }) =>
    warn(`The drive could not be told that ${file.name} is cancelled. What arrived of it takes room until it expires there.`),
});
const view = new View(() => uploads, act);

const gate = element("gate", HTMLFormElement);
const yard = element("yard", HTMLElement);
const tokenField = element("token", HTMLInputElement);
const tokenError = element("token-error", HTMLElement);
const chooser = element("files", HTMLInputElement);
const notice = element("notice", HTMLElement);

function changed(upload: Upload): void {
  view.changed(upload);
  if (upload.failure?.kind === "signed-out") showGate(upload.failure.message);
}

async function signIn(token: string): Promise<void> {
  const candidate = new Api(token);
  tokenError.textContent = "";
  gate.ariaBusy = "true";
  try {
    const { name } = await candidate.workspace();
    api = candidate;
    sessionStorage.setItem(TOKEN, token);
    openYard(name);
  } catch (error) {
    const refused = error instanceof ApiError && (error.status === 401 || error.status === 403);
    if (refused) sessionStorage.removeItem(TOKEN);
    else tokenField.value = token;
    showGate(error instanceof Error ? error.message : String(error));
  } finally {
    gate.ariaBusy = null;
  }
}

function openYard(workspace: string): void {
  element("workspace", HTMLElement).textContent = workspace;
  element("where", HTMLElement).hidden = false;
  tokenField.value = "";
  gate.hidden = true;
  yard.hidden = false;
  element("choose", HTMLElement).focus({ preventScroll: true });
  view.say(`Signed in to ${workspace}.`);
  uploads.resumeSignedOut();
}

function showGate(why: string): void {
  yard.hidden = uploads.all.length === 0;
  element("where", HTMLElement).hidden = true;
  gate.hidden = false;
  tokenError.textContent = why;
  tokenField.setAttribute("aria-invalid", String(why !== ""));
  tokenField.focus();
}

function signOut(): void {
  if (uploads.unfinished && !confirm("Some uploads are not finished. Sign out and cancel them?")) return;
  for (const upload of [...uploads.all]) {
    uploads.cancel(upload);
    uploads.forget(upload);
    view.remove(upload);
  }
  sessionStorage.removeItem(TOKEN);
  api = new Api("");
  warn("");
  showGate("");
}

function act(what: Act, upload: Upload): void {
  switch (what) {
    case "pause":
      return uploads.pause(upload);
    case "resume":
    case "retry":
      return uploads.resume(upload);
    case "cancel":
    case "remove":
      return drop(upload);
    case "download":
      void download(upload);
  }
}

function drop(upload: Upload): void {
  const { name } = upload.file;
  view.say(upload.state === "failed" ? `${name} is off the list.` : `${name} is cancelled.`);
  uploads.cancel(upload);
  uploads.forget(upload);
  view.remove(upload);
}

async function download(upload: Upload): Promise<void> {
  if (!upload.item) return;
  warn("");
  try {
    const url = await api.downloadUrl(upload.item.id);
    const link = document.createElement("a");
    link.href = url;
    link.rel = "noopener";
    // Leaving this page would end the uploads: the same origin can be told to save, another gets its own tab.
    if (new URL(url).origin === location.origin) link.download = upload.item.name;
    else link.target = "_blank";
    link.click();
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return showGate(error.message);
    warn(`${upload.item.name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function warn(text: string): void {
  notice.textContent = text;
  notice.hidden = text === "";
}

function takeDropped(transfer: DataTransfer): void {
  const entries = [...transfer.items].filter((item) => item.kind === "file");
  const isFolder = (item: DataTransferItem): boolean => item.webkitGetAsEntry()?.isDirectory ?? false;
  const folders = entries.filter(isFolder).length;
  warn(folders ? "Folders can not be dropped here. In a terminal, “dray upload FOLDER” takes a whole tree." : "");
  for (const item of entries) {
    const file = isFolder(item) ? null : item.getAsFile();
    if (file) uploads.add(file);
  }
}

function listenForFiles(): void {
  element("choose", HTMLElement).addEventListener("click", () => chooser.click());
  chooser.addEventListener("change", () => {
    warn("");
    for (const file of chooser.files ?? []) uploads.add(file);
    // Picking the same file again must count as a change.
    chooser.value = "";
  });
  const isOpen = (): boolean => !yard.hidden && gate.hidden;
  addEventListener("dragover", (event) => {
    event.preventDefault();
    if (isOpen()) document.body.classList.add("dragging");
    else if (event.dataTransfer) event.dataTransfer.dropEffect = "none";
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) document.body.classList.remove("dragging");
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dragging");
    if (isOpen() && event.dataTransfer) takeDropped(event.dataTransfer);
  });
}

gate.addEventListener("submit", (event) => {
  event.preventDefault();
  void signIn(tokenField.value.trim());
});
element("sign-out", HTMLElement).addEventListener("click", signOut);
element("clear", HTMLElement).addEventListener("click", () => {
  for (const upload of uploads.all.filter(({ state }) => state === "done")) {
    uploads.forget(upload);
    view.remove(upload);
  }
});
addEventListener("online", () => uploads.wake());
addEventListener("beforeunload", (event) => {
  if (uploads.unfinished) event.preventDefault();
});
setInterval(() => {
  if (uploads.busy) view.tick();
}, 1_000);
listenForFiles();

const kept = sessionStorage.getItem(TOKEN);
if (kept) void signIn(kept);
else showGate("");
