import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as chars from "../../src/http/chars.ts";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const DIGITS = "0123456789";

/** All bytes from `first` to `last`. */
function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

function codes(text: string): number[] {
  return [...text].map((char) => char.charCodeAt(0));
}

describe("RFC 9110 §5.6.2 and §5.5, RFC 3986 §3.2.2", () => {
  for (
    const [name, table, members] of [
      ["TOKEN", chars.TOKEN, codes(`!#$%&'*+-.^_\`|~${DIGITS}${LETTERS}`)],
      ["VALUE", chars.VALUE, [
        0x09,
        ...range(0x20, 0x7e),
        ...range(0x80, 0xff),
      ]],
      ["QUOTED", chars.QUOTED, [
        0x09,
        ...range(0x20, 0x21),
        ...range(0x23, 0x5b),
        ...range(0x5d, 0x7e),
        ...range(0x80, 0xff),
      ]],
      ["TARGET", chars.TARGET, range(0x21, 0x7e)],
      ["REG_NAME", chars.REG_NAME, codes(`-._~!$&'()*+;=${DIGITS}${LETTERS}`)],
    ] as const
  ) {
    test(`${name} holds these bytes and no others`, () => {
      assert.equal(table.length, 256);
      const found = range(0, 255).filter((byte) => table[byte] === 1);
      assert.deepEqual(found, [...members].sort((a, b) => a - b));
      assert.ok(table.every((entry) => entry === 0 || entry === 1));
    });
  }
});

test("HEX_VALUE knows the digits of either case", () => {
  for (const byte of range(0, 255)) {
    const char = String.fromCharCode(byte);
    const value = /^[0-9A-Fa-f]$/.test(char) ? parseInt(char, 16) : -1;
    assert.equal(chars.HEX_VALUE[byte], value, `byte ${byte}`);
  }
});

test("LOWER changes the letters A to Z and nothing else", () => {
  for (const byte of range(0, 255)) {
    const isUpper = byte >= 0x41 && byte <= 0x5a;
    assert.equal(chars.LOWER[byte], isUpper ? byte + 0x20 : byte);
  }
});
