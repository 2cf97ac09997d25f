import assert from "node:assert/strict";
import { test } from "node:test";
import {
  lookupFields,
  lookupLine,
  newKey,
  storeFields,
  storeLine,
} from "../../src/http1/head_cache.ts";
import { emptyFraming } from "../../src/http1/framing.ts";
import type { HeaderField } from "../../src/http/request_head.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const SECTION = encode("host: a\r\ncookie: secret\r\n\r\n");
const HEADERS: HeaderField[] = [["host", "a"], ["cookie", "secret"]];

function kept(key = newKey()): number {
  const { length } = SECTION;
  storeFields(key, SECTION, 0, length, HEADERS, emptyFraming());
  return key;
}

test("lookupFields() finds the same section again, wherever it stands", () => {
  const key = kept();
  const bytes = encode(
    "GET / HTTP/1.1\r\nhost: a\r\ncookie: secret\r\n\r\nmore",
  );
  const known = lookupFields(key, bytes, 16, bytes.length);
  assert.deepEqual(known?.headers, HEADERS);
  assert.equal(known?.bytes.length, SECTION.length);
});

test("lookupFields() finds no fields of another connection", () => {
  kept();
  assert.equal(lookupFields(newKey(), SECTION, 0, SECTION.length), undefined);
});

// Short sections are compared octet by octet, long ones by the engine.
for (const size of [2, 63, 64, 65, 66, 400, 4096]) {
  test(`lookupFields() takes neither a section of ${size} octets that differs nor one cut off`, () => {
    const section = encode(`${"a".repeat(size - 2)}\r\n`);
    const key = newKey();
    storeFields(key, section, 0, size, HEADERS, emptyFraming());
    for (const before of [0, 1, 7]) {
      const bytes = new Uint8Array(before + size + 9).fill(0x61);
      bytes.set(section, before);
      const { length } = bytes;
      const whole = before + size;
      assert.notEqual(lookupFields(key, bytes, before, length), undefined);
      assert.notEqual(lookupFields(key, bytes, before, whole), undefined);
      assert.equal(lookupFields(key, bytes, before, whole - 1), undefined);
      assert.equal(lookupFields(key, bytes, before + 1, length), undefined);
      for (let at = before; at < whole; at++) {
        bytes[at] ^= 1;
        assert.equal(lookupFields(key, bytes, before, length), undefined);
        bytes[at] ^= 1;
      }
    }
  });
}

test("a parser that shares the place takes it over", () => {
  const first = kept();
  let second = newKey();
  while (second % 256 !== first % 256) second = newKey();
  kept(second);
  assert.equal(lookupFields(first, SECTION, 0, SECTION.length), undefined);
  assert.notEqual(lookupFields(second, SECTION, 0, SECTION.length), undefined);
});

test("storeFields() copies the bytes and leaves long sections alone", () => {
  const key = newKey();
  const lent = SECTION.slice();
  storeFields(key, lent, 0, lent.length, HEADERS, emptyFraming());
  lent.fill(0);
  assert.notEqual(lookupFields(key, SECTION, 0, SECTION.length), undefined);
  const long = new Uint8Array(4097);
  storeFields(key, long, 0, long.length, HEADERS, emptyFraming());
  assert.equal(lookupFields(key, long, 0, long.length), undefined);
});

const LINE = encode("GET /a?b HTTP/1.1\r\n");
const PARTS = { method: "GET", rawPath: "/a", query: "b" };

test("lookupLine() finds the request line that came with the section", () => {
  const key = kept();
  const bytes = encode("GET /a?b HTTP/1.1\r\nhost: a\r\n");
  assert.equal(lookupLine(key, bytes, 0, bytes.length), undefined);
  storeLine(key, bytes, 0, LINE.length, PARTS, "1.1");
  assert.deepEqual(lookupLine(key, bytes, 0, bytes.length), {
    ...PARTS,
    version: "1.1",
    bytes: LINE,
  });
  for (let at = 0; at < LINE.length; at++) {
    const other = bytes.slice();
    other[at] ^= 1;
    assert.equal(lookupLine(key, other, 0, other.length), undefined);
    assert.equal(lookupLine(key, bytes, 0, at), undefined);
  }
  kept(key);
  assert.equal(lookupLine(key, bytes, 0, bytes.length), undefined);
});

test("lookupLine() finds no line of another connection", () => {
  const first = kept();
  storeLine(first, LINE, 0, LINE.length, PARTS, "1.1");
  assert.equal(lookupLine(newKey(), LINE, 0, LINE.length), undefined);
  let second = newKey();
  while (second % 256 !== first % 256) second = newKey();
  assert.equal(lookupLine(second, LINE, 0, LINE.length), undefined);
});

test("storeLine() copies the bytes and leaves long lines alone, and places of other connections", () => {
  const key = kept();
  const lent = LINE.slice();
  storeLine(key, lent, 0, lent.length, PARTS, "1.1");
  lent.fill(0);
  assert.notEqual(lookupLine(key, LINE, 0, LINE.length), undefined);
  kept(key);
  const long = encode(`GET /${"x".repeat(500)} HTTP/1.1\r\n`);
  storeLine(key, long, 0, long.length, PARTS, "1.1");
  assert.equal(lookupLine(key, long, 0, long.length), undefined);
  const other = newKey();
  storeLine(other, LINE, 0, LINE.length, PARTS, "1.1");
  assert.equal(lookupLine(other, LINE, 0, LINE.length), undefined);
});
