// What the build makes of imports that are no TypeScript.

/** WebAssembly text, compiled, in base64. */
declare module "*.wat" {
  const base64: string;
  export default base64;
}

/** A script, bundled, as text. */
declare module "*?worker" {
  const source: string;
  export default source;
}
