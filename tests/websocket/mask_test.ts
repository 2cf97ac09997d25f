import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { applyMask } from "../../src/websocket/mask.ts";
import { hex, utf8 } from "../_support/octets.ts";

const KEY = 0x37fa213d | 0;

/** RFC 6455 §5.3, octet by octet. */
function masked(
  payload: Uint8Array,
  key: number,
  phase: number,
): Uint8Array {
  return payload.map((octet, i) =>
    octet ^ ((key >>> (24 - 8 * ((phase + i) % 4))) & 0xff)
  );
}

describe("applyMask() (RFC 6455 §5.3)", () => {
  test("unmasks the example of §5.7", () => {
    const bytes = hex("7f 9f 4d 51 58");
    applyMask(bytes, 0, 5, KEY, 0);
    assert.deepEqual(bytes, utf8("Hello"));
  });

  test("is its own inverse", () => {
    const bytes = utf8("twice is nothing, and nothing is twice");
    const copy = bytes.slice();
    applyMask(bytes, 0, bytes.length, KEY, 0);
    assert.notDeepEqual(bytes, copy);
    applyMask(bytes, 0, bytes.length, KEY, 0);
    assert.deepEqual(bytes, copy);
  });

  test("tells whether the result is ASCII, wherever the octet is that is not", () => {
    for (const size of [1, 2, 3, 4, 7, 95, 96, 97, 127, 128, 129, 200]) {
      for (let at = -1; at < size; at++) {
        const bytes = new Uint8Array(size).fill(0x7f);
        if (at >= 0) bytes[at] = 0x80;
        applyMask(bytes, 0, size, KEY, 1);
        assert.equal(applyMask(bytes, 0, size, KEY, 1), at < 0, `${at}`);
      }
    }
    assert.equal(applyMask(hex("ff"), 0, 0, KEY, 0), true);
  });

  test("leaves everything with a key of zeros", () => {
    const bytes = hex("00 01 fe ff");
    applyMask(bytes, 0, 4, 0, 3);
    assert.deepEqual(bytes, hex("00 01 fe ff"));
  });

  // In words where there are many octets, and one by one before, behind and below that.
  for (const key of [KEY, -1, 0x0000_00ff, 0x8000_0001 | 0]) {
    test(`agrees with single octets at every offset, phase and size, key ${key}`, () => {
      const sizes = [...Array(140).keys(), 1000, 1001, 1002, 1003, 4099];
      for (let offset = 0; offset < 8; offset++) {
        for (const size of sizes) {
          for (let phase = 0; phase < 4; phase++) {
            const memory = Uint8Array.from(
              { length: offset + size + 5 },
              (_, i) => (i * 31 + size) & 0xff,
            );
            const bytes = memory.subarray(1); // a view that does not begin at its memory
            const before = bytes.slice(0, offset);
            const expected = masked(
              bytes.slice(offset, offset + size),
              key,
              phase,
            );
            const after = bytes.slice(offset + size);
            const isAscii = applyMask(
              bytes,
              offset,
              offset + size,
              key,
              phase,
            );
            const where = `offset ${offset}, size ${size}, phase ${phase}`;
            assert.ok(
              same(bytes.subarray(offset, offset + size), expected),
              where,
            );
            assert.equal(isAscii, expected.every((x) => x < 0x80), where);
            assert.ok(same(bytes.subarray(0, offset), before), where);
            assert.ok(same(bytes.subarray(offset + size), after), where);
          }
        }
      }
    });
  }
});

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, i) => octet === b[i]);
}
