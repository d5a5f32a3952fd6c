// CRC-64/NVME for the stand-in server, from the same WebAssembly text as the kit's.
import { readFile } from "node:fs/promises";
import wabt from "wabt";

const text = await readFile(new URL("../packages/upload/src/crc64.wat", import.meta.url));
const wasm = (await wabt()).parseWat("crc64.wat", text).toBinary({}).buffer;
const exports = /** @type {any} */ (new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(wasm))).exports);

// After the page that the tables fill.
const room = new Uint8Array(exports.memory.buffer, 65_536);
const START = -1n;

/** @param {bigint} state @param {Uint8Array} bytes @returns {bigint} */
function updated(state, bytes) {
  for (let at = 0; at < bytes.length; at += room.length) {
    const piece = bytes.subarray(at, at + room.length);
    room.set(piece);
    state = exports.update(state, piece.length);
  }
  return state;
}

/** @param {bigint} state */
function finished(state) {
  const sum = Buffer.alloc(8);
  sum.writeBigUInt64BE(BigInt.asUintN(64, ~state));
  return sum.toString("base64");
}

/** Base64, as S3 writes it. @param {Buffer} bytes */
export const crc64 = (bytes) => finished(updated(START, bytes));

/** Of pieces that follow each other. @param {AsyncIterable<Uint8Array> | Iterable<Uint8Array>} pieces */
export async function crc64Of(pieces) {
  let state = START;
  for await (const piece of pieces) state = updated(state, piece);
  return finished(state);
}
