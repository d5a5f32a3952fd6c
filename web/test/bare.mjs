// A Chromium that tests steer by the DevTools protocol over a pipe. Unlike Playwright, it watches no requests, which costs more
// than thousands of small uploads do. Its profile stays on the disk, as after a crash.
import { spawn } from "node:child_process";
import { once } from "node:events";

const ARGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-default-apps", "--disable-component-extensions-with-background-pages", "--disable-features=PreloadTopChromeWebUI,MediaRouter,Translate,OptimizationHints", "--no-startup-window", "--remote-debugging-pipe"];

/** @typedef {{ resolve: (result: any) => void, reject: (error: Error) => void, session: string | undefined }} Waiting */

export class Bare {
  #next = 0;
  /** @type {Map<number, Waiting>} */
  #waiting = new Map();
  #half = "";

  /** @param {import("node:child_process").ChildProcess} child */
  constructor(child) {
    this.child = child;
    const [, , , into, from] = /** @type {any[]} */ (child.stdio);
    this.into = into;
    into.on("error", () => {});
    from.setEncoding("utf8").on("data", (/** @type {string} */ text) => this.#hear(text));
    child.on("exit", () => this.#end(undefined, "Chromium ended"));
  }

  /** Starts one with this profile. @param {string} profile */
  static async start(profile) {
    const command = process.env.CHROMIUM ?? "/usr/bin/chromium";
    const browser = new Bare(spawn(command, [...ARGS, `--user-data-dir=${profile}`], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"], detached: true }));
    await browser.ask("Browser.getVersion");
    return browser;
  }

  /** Sends a command of the DevTools protocol. @param {string} method @param {object} [params] @param {string} [session] @returns {Promise<any>} */
  ask(method, params = {}, session = undefined) {
    const id = ++this.#next;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, session });
      this.into.write(`${JSON.stringify({ id, method, params, ...(session && { sessionId: session }) })}\0`);
    });
  }

  /** A place with a storage of its own, as a private window has. @returns {Promise<string>} */
  async place() {
    return (await this.ask("Target.createBrowserContext")).browserContextId;
  }

  /** Opens a tab in that place, or in the profile. @param {string} url @param {string} [place] */
  async tab(url, place) {
    const { targetId } = await this.ask("Target.createTarget", { url: "about:blank", ...(place && { browserContextId: place }) });
    const { sessionId } = await this.ask("Target.attachToTarget", { targetId, flatten: true });
    // Only so does it tell that a tab has crashed.
    await this.ask("Inspector.enable", {}, sessionId);
    await this.ask("Page.navigate", { url }, sessionId);
    return new Tab(this, targetId, sessionId);
  }

  /** Sends SIGKILL to all of its processes at once. */
  async kill() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, "exit");
    process.kill(-(/** @type {number} */ (this.child.pid)), "SIGKILL");
    await gone;
  }

  /** @param {string} text */
  #hear(text) {
    const messages = (this.#half + text).split("\0");
    this.#half = messages.pop() ?? "";
    for (const { id, result, error, method, params, sessionId } of messages.map((message) => JSON.parse(message))) {
      if (method === "Target.detachedFromTarget") this.#end(params.sessionId, "The tab is closed");
      if (method === "Inspector.targetCrashed") this.#end(sessionId, "The tab crashed");
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error) waiting?.reject(new Error(error.message));
      else waiting?.resolve(result);
    }
  }

  /** Nobody answers that session any more, or nobody at all. @param {string | undefined} session @param {string} why */
  #end(session, why) {
    for (const [id, waiting] of this.#waiting) {
      if (session !== undefined && waiting.session !== session) continue;
      this.#waiting.delete(id);
      waiting.reject(new Error(why));
    }
  }
}

export class Tab {
  /** @param {Bare} browser @param {string} target @param {string} session */
  constructor(browser, target, session) {
    this.browser = browser;
    this.target = target;
    this.session = session;
  }

  /** Calls what a module exports with these arguments, and returns what it resolves to. @param {string} module @param {string} name @param {...unknown} given */
  async call(module, name, ...given) {
    const expression = `import("${module}").then((module) => module.${name}(...${JSON.stringify(given)}))`;
    const said = await this.browser.ask("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true }, this.session);
    if (said.exceptionDetails) throw new Error(said.exceptionDetails.exception?.description ?? said.exceptionDetails.text);
    return said.result.value;
  }

  /** Closes the tab as a person does. */
  async close() {
    await this.browser.ask("Target.closeTarget", { targetId: this.target });
  }

  /** Ends the tab's process, as if the system had killed it, and removes the tab. */
  async crash() {
    await this.browser.ask("Page.crash", {}, this.session).catch(() => {});
    await this.close();
  }
}
