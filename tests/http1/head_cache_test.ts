import assert from "node:assert/strict";
import { test } from "node:test";
import {
  newKey,
  recall,
  recallLine,
  remember,
  rememberLine,
} from "../../src/http1/head_cache.ts";
import { emptyFraming } from "../../src/http1/framing.ts";
import type { HeaderField, RequestLine } from "../../src/http/request_head.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const SECTION = encode("host: a\r\ncookie: secret\r\n\r\n");
const HEADERS: HeaderField[] = [["host", "a"], ["cookie", "secret"]];

function kept(owner = newKey()): number {
  const { length } = SECTION;
  remember(owner, SECTION, 0, length, 2, HEADERS, emptyFraming());
  return owner;
}

test("recall() finds the same section again, wherever it stands", () => {
  const owner = kept();
  const bytes = encode(
    "GET / HTTP/1.1\r\nhost: a\r\ncookie: secret\r\n\r\nmore",
  );
  const known = recall(owner, bytes, 16, bytes.length);
  assert.deepEqual(known?.headers, HEADERS);
  assert.equal(known?.bytes.length, SECTION.length);
});

test("recall() tells nobody about the fields of somebody else", () => {
  kept();
  assert.equal(recall(newKey(), SECTION, 0, SECTION.length), undefined);
});

// Short sections are compared octet by octet, long ones by the engine.
for (const size of [2, 63, 64, 65, 66, 400, 4096]) {
  test(`recall() takes neither a section of ${size} octets that differs nor one cut off`, () => {
    const section = encode(`${"a".repeat(size - 2)}\r\n`);
    const owner = newKey();
    remember(owner, section, 0, size, 1, HEADERS, emptyFraming());
    for (const before of [0, 1, 7]) {
      const bytes = new Uint8Array(before + size + 9).fill(0x61);
      bytes.set(section, before);
      const { length } = bytes;
      const whole = before + size;
      assert.notEqual(recall(owner, bytes, before, length), undefined);
      assert.notEqual(recall(owner, bytes, before, whole), undefined);
      assert.equal(recall(owner, bytes, before, whole - 1), undefined);
      assert.equal(recall(owner, bytes, before + 1, length), undefined);
      for (let at = before; at < whole; at++) {
        bytes[at] ^= 1;
        assert.equal(recall(owner, bytes, before, length), undefined);
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
  assert.equal(recall(first, SECTION, 0, SECTION.length), undefined);
  assert.notEqual(recall(second, SECTION, 0, SECTION.length), undefined);
});

test("remember() copies the bytes and leaves long sections alone", () => {
  const owner = newKey();
  const lent = SECTION.slice();
  remember(owner, lent, 0, lent.length, 2, HEADERS, emptyFraming());
  lent.fill(0);
  assert.notEqual(recall(owner, SECTION, 0, SECTION.length), undefined);
  const long = new Uint8Array(4097);
  remember(owner, long, 0, long.length, 1, HEADERS, emptyFraming());
  assert.equal(recall(owner, long, 0, long.length), undefined);
});

test("recallLine() finds the request line that came with the section", () => {
  const owner = kept();
  const line = encode("GET /a?b HTTP/1.1\r\n");
  const read = { method: "GET", version: "1.1", rawPath: "/a", query: "b" };
  const bytes = encode("GET /a?b HTTP/1.1\r\nhost: a\r\n");
  assert.equal(recallLine(owner, bytes, 0, bytes.length), undefined);
  rememberLine(owner, bytes, 0, line.length, read as RequestLine);
  assert.deepEqual(recallLine(owner, bytes, 0, bytes.length), {
    ...read,
    bytes: line,
  });
  for (let at = 0; at < line.length; at++) {
    const other = bytes.slice();
    other[at] ^= 1;
    assert.equal(recallLine(owner, other, 0, other.length), undefined);
    assert.equal(recallLine(owner, bytes, 0, at), undefined);
  }
  assert.equal(recallLine(newKey(), bytes, 0, bytes.length), undefined);
  remember(owner, SECTION, 0, SECTION.length, 2, HEADERS, emptyFraming());
  assert.equal(recallLine(owner, bytes, 0, bytes.length), undefined);
});

test("rememberLine() leaves long lines alone, and places of somebody else", () => {
  const owner = kept();
  const read = { method: "GET", version: "1.1", rawPath: "/", query: "" };
  const long = encode(`GET /${"x".repeat(500)} HTTP/1.1\r\n`);
  rememberLine(owner, long, 0, long.length, read as RequestLine);
  assert.equal(recallLine(owner, long, 0, long.length), undefined);
  const nobody = newKey();
  rememberLine(nobody, long, 0, 9, read as RequestLine);
  assert.equal(recallLine(nobody, long, 0, long.length), undefined);
});
