// Tests without a server: cutting into parts, formatting numbers, the meter.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, duration, percent } from "../src/format.ts";
import { retryAfterSecs } from "../packages/upload/src/api.ts";
import { Meter } from "../packages/upload/src/meter.ts";
import { cut } from "../packages/upload/src/parts.ts";
import { pauseMs } from "../packages/upload/src/pause.ts";

/** The text with plain spaces instead of those that `format` writes. */
const plain = (text: string): string => text.replaceAll("\u00a0", " ");

test("a file is cut into parts of equal size, except the last", () => {
  const ranges = (size: number, partSize: number): number[][] => cut(size, partSize).map(({ start, end }) => [start, end]);
  assert.deepEqual(ranges(11, 5), [[0, 5], [5, 10], [10, 11]]);
  assert.deepEqual(ranges(10, 5), [[0, 5], [5, 10]]);
  assert.deepEqual(ranges(0, 5), [[0, 0]]);
  const large = cut(5 * 1024 ** 4, 525 * 1024 ** 2);
  assert.deepEqual([large.length, large.at(-1)?.end], [9_987, 5 * 1024 ** 4]);
});

test("bytes keep one digit below a hundred", () => {
  assert.deepEqual([0, 1023, 1536, 41_943_040, 157_286_400, 5 * 1024 ** 4].map((count) => plain(bytes(count))), ["0 B", "1023 B", "1.5 KiB", "40.0 MiB", "150 MiB", "5.0 TiB"]);
});

test("longer times are rounded more", () => {
  assert.deepEqual([0.2, 59, 61, 3_600, 5_400, 200_000].map((seconds) => plain(duration(seconds))), ["1 s", "59 s", "1 min", "1 h", "1 h 30 min", "2 days"]);
});

test("a hundred per cent means everything", () => {
  assert.deepEqual([percent(999, 1000), percent(1000, 1000), percent(0, 0)], [99, 100, 0]);
});

test("pauses grow up to a limit, and chance shortens them by at most half", () => {
  assert.deepEqual([1, 2, 3, 5, 8].map((tries) => pauseMs(tries, () => 1)), [1_000, 2_000, 4_000, 15_000, 15_000]);
  assert.deepEqual([1, 8].map((tries) => pauseMs(tries, () => 0)), [500, 7_500]);
});

test("Retry-After is seconds or a date", () => {
  assert.deepEqual(["7", " 0 ", "", null, "soon"].map(retryAfterSecs), [7, 0, null, null, null]);
  const in9 = retryAfterSecs(new Date(Date.now() + 9_500).toUTCString());
  assert.ok(in9 !== null && in9 > 7 && in9 < 10, `${in9}`);
  assert.equal(retryAfterSecs("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
});

test("the meter measures the last seconds and forgets the rest", () => {
  const meter = new Meter();
  assert.equal(meter.rate(0), 0);
  for (let ms = 0; ms <= 5_000; ms += 500) meter.add(1_000, ms);
  assert.equal(meter.rate(5_000), 2_000);
  assert.equal(meter.rate(20_000), 0);
});
