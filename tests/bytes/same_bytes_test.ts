import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isAt } from "../../src/bytes/same_bytes.ts";

/** As many octets, of which no two neighbours are alike. */
const wanted = (size: number) =>
  Uint8Array.from({ length: size }, (_, i) => i * 7 + 1);

describe("isAt()", () => {
  // Up to 64 octets are compared one by one, more by the engine.
  for (const size of [1, 63, 64, 65, 2000]) {
    const bytes = new Uint8Array(size + 8);
    bytes.set(wanted(size), 5);

    test(`finds ${size} octets where they stand, and nowhere else`, () => {
      assert.equal(isAt(wanted(size), bytes, 5, bytes.length), true);
      assert.equal(isAt(wanted(size), bytes, 4, bytes.length), false);
      assert.equal(isAt(wanted(size), bytes, 6, bytes.length), false);
    });

    test(`sees each octet of ${size} that differs`, () => {
      for (const at of new Set([0, size >> 1, size - 1])) {
        const other = bytes.slice();
        other[5 + at] ^= 0x80;
        assert.equal(isAt(wanted(size), other, 5, other.length), false);
      }
    });

    test(`does not look beyond the end for ${size} octets`, () => {
      assert.equal(isAt(wanted(size), bytes, 5, 5 + size), true);
      assert.equal(isAt(wanted(size), bytes, 5, 5 + size - 1), false);
    });
  }

  test("finds nothing everywhere", () => {
    assert.equal(isAt(new Uint8Array(0), Uint8Array.of(1), 1, 1), true);
  });
});
