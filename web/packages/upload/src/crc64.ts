// CRC-64/NVME, which S3 calls `x-amz-checksum-crc64nvme`: of bytes, and of two joined runs of bytes.
// Computes in WebAssembly, or in JavaScript where the policy of a page forbids that. Reads no files.

import wasmBase64 from "./crc64.wat";

/** The polynomial 0xad93d23594c93659 with its bits reversed (NVM Express, "NVM Command Set", 64b CRC). */
const POLYNOMIAL = 0x9a6c9329ac4bc9b5n;
const TOP_BIT = 0x8000_0000_0000_0000n;

/** The state after `bytes`. A state is the inverted checksum; `START` and `finished` convert. */
export type Update = (state: bigint, bytes: Uint8Array) => bigint;

/** The state before the first byte. */
export const START = 0xffff_ffff_ffff_ffffn;

/** The checksum that a state stands for. */
export const finished = (state: bigint): bigint => state ^ START;

/** The fastest way that works here. */
export function update(): Update {
  const module = compiled();
  return module ? inWebAssembly(module) : inJavaScript();
}

/** A `WebAssembly.Module`: not every environment's types know that name. */
export type Module = object;

/** `null` where WebAssembly is missing, or forbidden by a `script-src` without 'wasm-unsafe-eval'. */
export function compiled(): Module | null {
  try {
    return new WebAssembly.Module(Uint8Array.from(atob(wasmBase64), (character) => character.charCodeAt(0)));
  } catch {
    return null;
  }
}

/** The first page of the module's memory, which its tables fill. */
const TABLES_BYTES = 65_536;

export function inWebAssembly(module: Module): Update {
  const exports = new WebAssembly.Instance(module as WebAssembly.Module).exports as unknown as Exports;
  const room = new Uint8Array(exports.memory.buffer, TABLES_BYTES);
  return (state, bytes) => {
    let crc = state;
    for (let at = 0; at < bytes.length; at += room.length) {
      const chunk = bytes.subarray(at, at + room.length);
      room.set(chunk);
      crc = exports.update(crc, chunk.length);
    }
    return BigInt.asUintN(64, crc);
  };
}

interface Exports {
  memory: WebAssembly.Memory;
  update: (state: bigint, length: number) => bigint;
}

/** One byte at a time, in two halves of 32 bits, because numbers are faster than `BigInt`. */
export function inJavaScript(): Update {
  const high = new Uint32Array(256);
  const low = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1n) ^ (crc & 1n ? POLYNOMIAL : 0n);
    high[byte] = Number(crc >> 32n);
    low[byte] = Number(crc & 0xffff_ffffn);
  }
  return (state, bytes) => {
    let top = Number(state >> 32n) | 0;
    let bottom = Number(state & 0xffff_ffffn) | 0;
    for (let at = 0; at < bytes.length; at++) {
      const entry = (bottom ^ bytes[at]!) & 0xff;
      bottom = ((bottom >>> 8) | (top << 24)) ^ low[entry]!;
      top = (top >>> 8) ^ high[entry]!;
    }
    return (BigInt(top >>> 0) << 32n) | BigInt(bottom >>> 0);
  };
}

/** The checksum of two joined runs of bytes, from the checksums of both and the length of the second. */
export function combined(first: bigint, second: bigint, secondBytes: number): bigint {
  return product(shiftBy(secondBytes), first) ^ second;
}

/** Base64 of the eight bytes, the highest first, as the API and S3 write it. */
export function base64(crc: bigint): string {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, crc);
  return btoa(String.fromCharCode(...bytes));
}

/** The last length and its factor: all parts of a file except the last have the same length. */
let last = { bytes: 0, factor: TOP_BIT };

/** x to the power of 8 × `bytes`, modulo the polynomial: the factor of a checksum that so many bytes follow. */
function shiftBy(bytes: number): bigint {
  if (last.bytes === bytes) return last.factor;
  let factor = TOP_BIT;
  // x to the power of 2^n, from x^1.
  let power = TOP_BIT >> 1n;
  for (let left = BigInt(bytes) * 8n; left > 0n; left >>= 1n) {
    if (left & 1n) factor = product(power, factor);
    power = product(power, power);
  }
  last = { bytes, factor };
  return factor;
}

/** The product of two polynomials, modulo the polynomial; the highest bit is x^0. */
function product(a: bigint, b: bigint): bigint {
  let sum = 0n;
  let shifted = b;
  for (let bit = TOP_BIT; bit > 0n; bit >>= 1n) {
    if (a & bit) sum ^= shifted;
    shifted = (shifted >> 1n) ^ (shifted & 1n ? POLYNOMIAL : 0n);
  }
  return sum;
}
