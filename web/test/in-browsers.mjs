// Runs the tests that need a browser, file after file. What a test has left running must not keep the others waiting, and a file
// that does not end fails by name.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The files, and how long each of their tests may take, in seconds; without a figure the tests have limits of their own. @type {[string, number?][]} */
const FILES = [
  ["browser", 60],
  ["base-path", 60],
  ["request", 60],
  ["people", 60],
  ["drop", 60],
  ["embedded", 60],
  ["resume"],
  ["memory", 60],
  ["race", 60],
  ["kit"],
  ["trouble"],
];
/** How long a file may take, in milliseconds. */
const FILE_MS = 20 * 60_000;

for (const [name, seconds] of FILES) {
  const path = fileURLToPath(new URL(`${name}.mjs`, import.meta.url));
  const limit = seconds === undefined ? [] : [`--test-timeout=${seconds * 1000}`];
  const child = spawn(process.execPath, ["--test-force-exit", ...limit, path], { stdio: "inherit", detached: true });
  // With all that it has started.
  const kill = () => process.kill(-(child.pid ?? 0), "SIGKILL");
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => (kill(), process.exit(1)));
  const timer = setTimeout(() => {
    console.error(`${name}.mjs has not ended after ${FILE_MS / 60_000} minutes.`);
    kill();
  }, FILE_MS);
  const status = await new Promise((resolve) => child.on("exit", resolve));
  clearTimeout(timer);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.removeAllListeners(signal);
  if (status !== 0) process.exit(1);
}
