// Starts the real programs for the tests of pages: `dray serve` in an empty folder, and Chromium.
// DRAY_BIN (or DRAY_URL and DRAY_TOKEN of a running drive), CHROMIUM and CARGO_TARGET_DIR say where they are.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
export const target = resolve(fileURLToPath(new URL("../..", import.meta.url)), process.env.CARGO_TARGET_DIR ?? "target");

export const launch = () =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", headless: true, args: ARGS });

/** A free port of this machine. */
export async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (probe.address());
  await new Promise((closed) => probe.close(closed));
  return port;
}

/** @typedef {{ url: string, token: string, stop: () => Promise<void> }} Drive */

/** The drive that DRAY_URL and DRAY_TOKEN name, or a new one. @returns {Promise<Drive>} */
export async function serveDray() {
  const { DRAY_URL: url, DRAY_TOKEN: token } = process.env;
  if (url && token) return { url, token, stop: async () => {} };
  return startDray("--listen", "127.0.0.1:0");
}

/** Starts a server in an empty folder. @param {string[]} flags */
export async function startDray(...flags) {
  const data = await mkdtemp(join(tmpdir(), "dray-web-"));
  const bin = process.env.DRAY_BIN ?? join(target, "debug/dray");
  const child = spawn(bin, ["serve", ...flags, "--data", data, "--log-level", "warn"], { stdio: ["ignore", "pipe", "inherit"] });
  const stop = async () => {
    child.kill("SIGTERM");
    if (child.exitCode === null) await once(child, "exit");
    await rm(data, { recursive: true, force: true });
  };
  const [at, secret] = await greetingOf(child);
  return { url: at, token: secret, stop };
}

/**
 * The address and the first token that it prints.
 * @param {import("node:child_process").ChildProcessByStdio<null, import("node:stream").Readable, null>} child
 * @returns {Promise<[string, string]>}
 */
function greetingOf(child) {
  let said = "";
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", () => reject(new Error(`dray serve ended: ${said}`)));
    // It reads the output to the end: otherwise, the server's writes would fail.
    child.stdout.setEncoding("utf8").on("data", (text) => {
      said += text;
      const [, at] = /Dray is at (\S+)/.exec(said) ?? [];
      const [secret] = /cp_pat_\w+(?=\s)/.exec(said) ?? [];
      if (at && secret) resolve([at, secret]);
    });
  });
}
