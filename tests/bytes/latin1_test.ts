import assert from "node:assert/strict";
import { test } from "node:test";
import { latin1 } from "../../src/bytes/latin1.ts";

const ALL = Uint8Array.from({ length: 256 }, (_, byte) => byte);

test("latin1() makes one code unit of each octet (asgi:A-001)", () => {
  const text = latin1(ALL, 0, 256);
  assert.equal(text.length, 256);
  for (let byte = 0; byte < 256; byte++) {
    // 0x80 to 0x9F are where a decoder called "latin1" is another one in disguise.
    assert.equal(text.charCodeAt(byte), byte);
  }
});

for (
  const [behavior, start, end, expected] of [
    ["starts at start and stops before end", 0x41, 0x44, "ABC"],
    ["gives nothing for an empty span", 0x41, 0x41, ""],
  ] as const
) {
  test(`latin1() ${behavior}`, () => {
    assert.equal(latin1(ALL, start, end), expected);
  });
}

test("latin1() counts from the start of a view", () => {
  assert.equal(latin1(ALL.subarray(0x40), 1, 4), "ABC");
});
