// A Chromium that tests can kill: its profile stays on the disk, as after a crash.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chromium } from "playwright-core";

// Without a first window: Playwright waits for the answers of each page that it finds, and one that is just being made may never give them.
const ARGS = ["--headless=new", "--no-startup-window", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-port=0"];

/** How long it may take to say where it listens, in milliseconds. */
const START_MS = 60_000;

/** A Chromium whose profile is kept after it ends. */
export class Killable {
  /** @param {import("node:child_process").ChildProcess} child @param {import("playwright-core").Browser} cdp */
  constructor(child, cdp) {
    this.child = child;
    this.context = /** @type {import("playwright-core").BrowserContext} */ (cdp.contexts()[0]);
  }

  /** Starts one with this profile. @template {Killable} T @this {new (child: import("node:child_process").ChildProcess, cdp: import("playwright-core").Browser) => T} @param {string} profile @returns {Promise<T>} */
  static async start(profile) {
    const child = spawn(process.env.CHROMIUM ?? "/usr/bin/chromium", [...ARGS, `--user-data-dir=${profile}`], { stdio: ["ignore", "ignore", "pipe"], detached: true });
    let said = "";
    const address = new Promise((resolve, reject) => {
      child.on("error", reject);
      setTimeout(() => reject(new Error(`Chromium does not listen: ${said}`)), START_MS).unref();
      child.on("exit", () => reject(new Error(`Chromium ended: ${said}`)));
      child.stderr.setEncoding("utf8").on("data", (text) => {
        said += text;
        const [, found] = /DevTools listening on (\S+)/.exec(said) ?? [];
        if (found) resolve(found);
      });
    });
    try {
      return new this(child, await chromium.connectOverCDP(await address));
    } catch (error) {
      // One that is left running would keep the tests from ending.
      await killAll(child);
      throw new Error(`Chromium cannot be reached; it said: ${said}`, { cause: error });
    }
  }

  /** Sends SIGKILL to all of its processes at once. */
  async kill() {
    await killAll(this.child);
  }
}

/** Kills a process and all that it has started. @param {import("node:child_process").ChildProcess} child the first of a group */
async function killAll(child) {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  process.kill(-child.pid, "SIGKILL");
  await gone;
}

/** Picks a file, or several at once, as a person does: the browser reads them from the disk. @param {import("playwright-core").Page} page @param {string | string[]} path @param {string} [input] an expression in the page */
export async function pickFromDisk(page, path, input = 'document.querySelector("#files")') {
  const devtools = await page.context().newCDPSession(page);
  const { result } = await devtools.send("Runtime.evaluate", { expression: input });
  await devtools.send("DOM.setFileInputFiles", { files: [path].flat(), objectId: result.objectId ?? "" });
}
