// Tests the drive below a path on a proxy's host (`--public-url http://host/drive`), behind a real nginx that keeps the prefix:
// page, API, part URLs, downloads and links. Both Chromium and fetch in Node send requests, because they resolve URLs differently.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { freePort, launch, startDray } from "./real.mjs";

const PREFIX = "/drive";
/** @type {string} */
let folder;
/** @type {string} */
let base;
/** @type {import("node:child_process").ChildProcess} */
let nginx;
/** @type {{ url: string, token: string, stop: () => Promise<void> }} */
let dray;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "dray-nginx-"));
  const [inner, outer] = [await freePort(), await freePort()];
  base = `http://127.0.0.1:${outer}${PREFIX}`;
  await writeFile(join(folder, "nginx.conf"), config(inner, outer));
  dray = await startDray("--listen", `127.0.0.1:${inner}`, "--public-url", base, "--trust-proxy", "127.0.0.1");
  nginx = spawn("nginx", ["-p", folder, "-c", "nginx.conf", "-g", "daemon off;"], { stdio: "inherit" });
  await answers(`${base}/healthz`);
});
after(async () => {
  nginx.kill("SIGTERM");
  if (nginx.exitCode === null) await once(nginx, "exit");
  await dray.stop();
  await rm(folder, { recursive: true });
});

/** All files are in its own folder, so that it runs beside other instances and as any user. @param {number} inner @param {number} outer */
const config = (inner, outer) => `
pid nginx.pid;
error_log error.log;
events {}
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  client_max_body_size 0;
  server {
    listen 127.0.0.1:${outer};
    location ${PREFIX}/ {
      proxy_pass http://127.0.0.1:${inner};
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_request_buffering off;
      proxy_buffering off;
    }
  }
}
`;

/** @param {string} url */
async function answers(url) {
  for (let tries = 0; ; tries++) {
    const ok = await fetch(url).then((answer) => answer.ok, () => false);
    if (ok) return;
    assert.ok(tries < 200 && nginx.exitCode === null, `${url} does not answer: ${await readFile(join(folder, "error.log"), "utf8").catch(() => "")}`);
    await new Promise((later) => setTimeout(later, 50));
  }
}

/** @param {string} path @param {string} [method] @param {object} [body] */
async function ask(path, method = "GET", body) {
  const headers = { authorization: `Bearer ${dray.token}`, "content-type": "application/json" };
  const answer = await fetch(`${base}/public/v1${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
  return answer.json();
}

test("a file is uploaded through the page with part URLs below the prefix, and is downloaded from there and by a link", async () => {
  const browser = await launch();
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(15_000);
    /** @type {string[]} */
    const complaints = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    /** @type {string[]} */
    const asked = [];
    page.on("request", (request) => asked.push(request.url()));
    const bytes = randomBytes(12 * 1024 * 1024);
    await page.goto(`${base}/`);
    await page.getByLabel("Access token").fill(dray.token);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.locator("#files").setInputFiles([{ name: "survey.bin", mimeType: "application/octet-stream", buffer: bytes }]);
    await page.locator(".row").filter({ hasText: "survey.bin" }).getByText("In the drive").waitFor();
    assert.ok(asked.some((url) => url.includes("X-Amz-Signature")), "parts were put by signed URLs");
    assert.deepEqual(asked.filter((url) => !url.startsWith("blob:") && !url.startsWith(`${base}/`)), [], "every request has the prefix");
    assert.deepEqual(complaints, []);

    const { root } = await ask("/drive/tree?depth=1");
    const { id } = root.find((/** @type {{ name: string }} */ item) => item.name === "survey.bin");
    const { url } = await ask(`/drive/files/${id}/download`);
    const link = await ask(`/drive/files/${id}/links`, "POST", {});
    for (const address of [url, link.url]) {
      assert.ok(address.startsWith(`${base}/`), address);
      const back = await fetch(address, { headers: { range: "bytes=5000000-" } });
      assert.equal(back.status, 206, address);
      assert.ok(bytes.subarray(5_000_000).equals(Buffer.from(await back.arrayBuffer())), address);
    }
  } finally {
    await browser.close();
  }
});

test("the reference page finds its document and its parts below the prefix", async () => {
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.goto(`${base}/docs`);
    await page.getByText("/drive/files/upload/multipart/start").first().waitFor();
  } finally {
    await browser.close();
  }
});

test("the page of a file request takes files below the path", async () => {
  /** @param {string} path @param {object} body @returns {Promise<any>} */
  const make = async (path, body) => {
    const headers = { Authorization: `Bearer ${dray.token}`, "Content-Type": "application/json" };
    return (await fetch(`${base}/public/v1${path}`, { method: "POST", headers, body: JSON.stringify(body) })).json();
  };
  const folder = await make("/drive/folders", { name: "inbox" });
  const request = await make("/drive/requests", { folderId: folder.id, title: "Photos" });
  assert.ok(request.url.startsWith(`${base}/r/`), request.url);
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.goto(request.url);
    const bytes = { name: "a.jpg", mimeType: "image/jpeg", buffer: randomBytes(1000) };
    await page.locator("dray-upload input[type=file]").setInputFiles([bytes]);
    await page.getByText("One file has arrived.").waitFor();
    await page.reload();
    await page.getByText("One file has arrived.").waitFor();
  } finally {
    await browser.close();
  }
});
