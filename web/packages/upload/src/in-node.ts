// Loads what the kit does in another way in Node.

/** `null` in pages and their workers, and where it cannot be loaded: in service workers, and in Node before 20.16. */
export const inNode = typeof XMLHttpRequest === "undefined" ? import("./node.ts").catch(() => null) : null;
