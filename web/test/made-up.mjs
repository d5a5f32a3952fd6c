// The bytes of files that tests make up: the page that uploads them and the test that reads them back make the same ones.

const MIB = 1 << 20;
const block = new Uint8Array(MIB);
for (let at = 0, state = 1; at < MIB; at++) {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  block[at] = state >>> 24;
}

/** FNV-1a. @param {string} text */
function hashed(text) {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}

/** The bytes of a file, a MiB at a time; each piece is overwritten by the next. @param {string} name @param {number} size */
export function* piecesOf(name, size) {
  for (let from = 0; from < size; from += MIB) {
    // No two files, and no two MiB of a file, are the same.
    new DataView(block.buffer).setInt32(0, hashed(`${name} ${from}`));
    yield block.subarray(0, Math.min(MIB, size - from));
  }
}
