import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { copyBytes } from "../../src/http/bytes.ts";

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
