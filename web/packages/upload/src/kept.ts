// The script that is loaded where a browser can keep uploads. It imports only types of the engine: code that both shared would
// need a third script.

export { goOn } from "./again.ts";
export { entryOf, matchOf } from "./entry.ts";
export { Journal } from "./journal.ts";
export { Left } from "./left.ts";
