import assert from "node:assert/strict";
import { test } from "node:test";
import { readByteRange } from "../../src/helpers/byte_range.ts";

for (
  const [value, expected] of [
    ["bytes=0-0", { offset: 0, count: 1 }],
    ["bytes=2-4", { offset: 2, count: 3 }],
    ["bytes=2-", { offset: 2, count: 8 }],
    ["bytes=2-99", { offset: 2, count: 8 }],
    ["bytes=-3", { offset: 7, count: 3 }],
    ["bytes=-99", { offset: 0, count: 10 }],
    ["bytes=9-", { offset: 9, count: 1 }],
    ["bytes=10-", "beyond"],
    ["bytes=-0", "beyond"],
    ["bytes=4-2", undefined],
    ["bytes=-", undefined],
    ["bytes=0-1,3-4", undefined],
    ["lines=0-1", undefined],
    ["bytes=a-b", undefined],
    ["", undefined],
  ] as const
) {
  test(`readByteRange() reads ${JSON.stringify(value)} of 10 bytes (RFC 9110 §14.1.2)`, () => {
    assert.deepEqual(readByteRange(value, 10), expected);
  });
}
