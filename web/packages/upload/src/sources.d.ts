// The types of imports that are not TypeScript.

/** WebAssembly text, compiled, as base64. */
declare module "*.wat" {
  const base64: string;
  export default base64;
}

/** A bundled script, as text. */
declare module "*?worker" {
  const source: string;
  export default source;
}
