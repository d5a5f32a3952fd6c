// Connects the parts of the page: the token, the sign-in form, picked files, and the upload engine.

import { Api, ApiError, createUploads, droppedIn, pickedFrom, pickFiles, type Upload } from "@dray/upload";

import { basePath } from "./base-path.ts";
import { element, View, type Act } from "./view.ts";

const TOKEN = "dray.token";
const DRIVE = `${location.origin}${basePath()}`;

let token = "";
const api = new Api(DRIVE, () => token);
const uploads = createUploads({ url: DRIVE, token: () => token });
const view = new View(uploads, act);

const gate = element("gate", HTMLFormElement);
const yard = element("yard", HTMLElement);
const tokenField = element("token", HTMLInputElement);
const tokenError = element("token-error", HTMLElement);
const chooser = element("files", HTMLInputElement);
const folderChooser = element("folder", HTMLInputElement);
const notice = element("notice", HTMLElement);

async function signIn(candidate: string): Promise<void> {
  tokenError.textContent = "";
  gate.ariaBusy = "true";
  try {
    const { name } = await new Api(DRIVE, candidate).workspace();
    token = candidate;
    keep(token);
    openYard(name);
  } catch (error) {
    const refused = error instanceof ApiError && (error.status === 401 || error.status === 403);
    if (refused) keep(null);
    else tokenField.value = candidate;
    showGate(error instanceof Error ? error.message : String(error));
  } finally {
    gate.ariaBusy = null;
  }
}

/** Keeps the token in this tab. Where the browser forbids storage, a reload asks for it again. */
function keep(secret: string | null): void {
  try {
    if (secret === null) sessionStorage.removeItem(TOKEN);
    else sessionStorage.setItem(TOKEN, secret);
  } catch {
    // The page works without it.
  }
}

function keptToken(): string | null {
  try {
    return sessionStorage.getItem(TOKEN);
  } catch {
    return null;
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
  void uploads.restore();
}

function showGate(why: string): void {
  yard.hidden = uploads.all.size === 0;
  element("where", HTMLElement).hidden = true;
  gate.hidden = false;
  tokenError.textContent = why;
  tokenField.setAttribute("aria-invalid", String(why !== ""));
  tokenField.focus();
}

function signOut(): void {
  if (uploads.unfinished && !confirm("Some uploads are not finished. Sign out and cancel them?")) return;
  uploads.clear();
  keep(null);
  token = "";
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
      return drop(upload);
    case "download":
      void download(upload);
  }
}

function drop(upload: Upload): void {
  view.say(`${upload.file.name} is cancelled.`);
  uploads.cancel(upload);
  uploads.forget(upload);
}

async function download(upload: Upload): Promise<void> {
  if (!upload.item) return;
  warn("");
  try {
    const { url } = await api.call<{ url: string }>("GET", `/drive/files/${encodeURIComponent(upload.item.id)}/download`);
    const link = document.createElement("a");
    link.href = url;
    link.rel = "noopener";
    // Navigating away would end the uploads. A URL of the same origin is downloaded; another one opens in a new tab.
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

async function takeDropped(transfer: DataTransfer): Promise<void> {
  warn("");
  try {
    uploads.addAll(await droppedIn(transfer));
  } catch (error) {
    warn(`The dropped files cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function choose(): Promise<void> {
  const picked = await pickFiles();
  if (picked) uploads.addAll(picked);
  else chooser.click();
}

function listenForFiles(): void {
  element("choose", HTMLElement).addEventListener("click", () => void choose());
  element("choose-folder", HTMLElement).addEventListener("click", () => folderChooser.click());
  for (const input of [chooser, folderChooser]) {
    input.addEventListener("change", () => {
      warn("");
      uploads.addAll(pickedFrom(input.files ?? []));
      // Otherwise, picking the same file again would not be a change.
      input.value = "";
    });
  }
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
    if (isOpen() && event.dataTransfer) void takeDropped(event.dataTransfer);
  });
}

gate.addEventListener("submit", (event) => {
  event.preventDefault();
  void signIn(tokenField.value.trim());
});
element("sign-out", HTMLElement).addEventListener("click", signOut);
element("clear", HTMLElement).addEventListener("click", () => {
  for (const upload of [...uploads.all]) if (upload.state === "done") uploads.forget(upload);
});
uploads.on("change", (upload) => view.changed(upload));
uploads.on("removed", (upload) => view.remove(upload));
uploads.on("failed", ({ failure }) => {
  if (failure?.kind === "signed-out") showGate(failure.message);
});
uploads.on("leftOpen", ({ file }) =>
  warn(`The drive could not be reached to cancel ${file.name}. The bytes that it received count towards your quota until the upload expires.`),
);
addEventListener("beforeunload", (event) => {
  if (uploads.unfinished) event.preventDefault();
});
setInterval(() => {
  if (uploads.busy) view.tick();
}, 1_000);
listenForFiles();

const kept = keptToken();
if (kept) void signIn(kept);
else showGate("");
