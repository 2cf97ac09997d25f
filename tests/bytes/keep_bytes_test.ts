import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { copyBytes, keepBytes } from "../../src/bytes/keep_bytes.ts";

for (
  const [behavior, start, end, expected] of [
    ["copies a span", 1, 3, [2, 3]],
    ["copies all", 0, 4, [1, 2, 3, 4]],
    ["copies nothing", 2, 2, []],
  ] as const
) {
  test(`copyBytes() ${behavior}`, () => {
    const copy = copyBytes(Uint8Array.of(1, 2, 3, 4), start, end);
    assert.deepEqual([...copy], expected);
  });
}

test("copyBytes() gives memory of its own, no longer than the copy", () => {
  for (const lent of [Uint8Array.of(1, 2, 3), Buffer.from([1, 2, 3])]) {
    const copy = copyBytes(lent, 0, 2);
    lent.fill(9);
    assert.deepEqual([...copy], [1, 2]);
    assert.equal(copy.buffer.byteLength, 2);
  }
});

test("keepBytes() copies what is lent, and what would keep twice its size in memory", () => {
  const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6);
  assert.notEqual(keepBytes(bytes, 0, 6, true).buffer, bytes.buffer);
  assert.notEqual(keepBytes(bytes, 2, 4, false).buffer, bytes.buffer);
  assert.deepEqual([...keepBytes(bytes, 2, 4, false)], [3, 4]);
  const whole = new Uint8Array(100).subarray(0, 6);
  assert.notEqual(keepBytes(whole, 0, 6, false).buffer, whole.buffer);
});

test("keepBytes() takes what is not lent as it is, as a plain array", () => {
  const bytes = Buffer.from(Uint8Array.of(1, 2, 3, 4, 5, 6).buffer);
  const kept = keepBytes(bytes, 3, 6, false);
  assert.equal(kept.buffer, bytes.buffer);
  assert.equal(kept.constructor, Uint8Array);
  assert.deepEqual([...kept], [4, 5, 6]);
});
