// Tests the checksum: the published test vector, both ways to compute it, and joined runs.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { openAsBlob } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { checksumHere, checksumInWorker } from "../src/checksum.ts";
import { base64, combined, compiled, finished, inJavaScript, inWebAssembly, START, type Update } from "../src/crc64.ts";

const text = new TextEncoder().encode("123456789");
const fastest = (): Update => inWebAssembly(compiled()!);
const of = (update: Update, bytes: Uint8Array): bigint => finished(update(START, bytes));

test("both ways compute the published check value of CRC-64/NVME", () => {
  for (const update of [fastest(), inJavaScript()]) {
    assert.equal(of(update, text), 0xae8b14860a799888n);
    assert.equal(of(update, new Uint8Array(0)), 0n);
  }
});

test("both ways agree for any length and alignment, also in pieces", () => {
  const [fast, slow] = [fastest(), inJavaScript()];
  const bytes = randomBytes(3 * 1024 * 1024 + 5);
  for (const [from, to] of [[0, 1], [1, 8], [3, 20], [0, 65_537], [7, 1_048_583], [0, bytes.length]] as const) {
    const piece = bytes.subarray(from, to);
    assert.equal(of(fast, piece), of(slow, piece), `${from} to ${to}`);
    const half = piece.length >> 1;
    assert.equal(finished(fast(fast(START, piece.subarray(0, half)), piece.subarray(half))), of(slow, piece));
  }
});

test("the checksums of two runs of any length combine to that of both", () => {
  const update = fastest();
  const bytes = randomBytes(100_000);
  for (const at of [0, 1, 7, 50_000, 99_999, 100_000]) {
    const [first, second] = [bytes.subarray(0, at), bytes.subarray(at)];
    assert.equal(combined(of(update, first), of(update, second), second.length), of(update, bytes), `${at}`);
  }
});

test("it is encoded as S3 encodes it", () => {
  assert.equal(base64(0xae8b14860a799888n), Buffer.from("ae8b14860a799888", "hex").toString("base64"));
  assert.equal(base64(1n), "AAAAAAAAAAE=");
});

test("a blob is read to its end, and one that cannot be read is an error", async () => {
  const bytes = randomBytes(2_500_000);
  const folder = await mkdtemp(join(tmpdir(), "dray-"));
  for (const checksum of [checksumHere(), checksumInWorker()]) {
    assert.equal(await checksum(new Blob([bytes])), of(inJavaScript(), bytes));
    await writeFile(join(folder, "changed"), bytes);
    const changed = await openAsBlob(join(folder, "changed"));
    await writeFile(join(folder, "changed"), "longer than before or shorter");
    await assert.rejects(checksum(changed));
  }
  await rm(folder, { recursive: true });
});

test("in Node, one thread computes long blobs, also those of files, and ends with the process", async () => {
  const bytes = randomBytes((9 << 20) + 7);
  const folder = await mkdtemp(join(tmpdir(), "dray-"));
  await writeFile(join(folder, "blob"), bytes);
  let threads = 0;
  process.on("worker", () => (threads += 1));
  const checksum = checksumInWorker();
  await checksum(new Blob([bytes.subarray(0, 100)]));
  assert.equal(threads, 0, "short ones are computed here");
  const all = [new Blob([bytes]), await openAsBlob(join(folder, "blob")), new Blob([bytes.subarray(0, 1 << 20)])];
  const found = await Promise.all(all.map((blob) => checksum(blob)));
  const whole = of(inJavaScript(), bytes);
  assert.deepEqual([threads, ...found], [1, whole, whole, of(inJavaScript(), bytes.subarray(0, 1 << 20))]);
  await rm(folder, { recursive: true });
});
