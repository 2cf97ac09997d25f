import assert from "node:assert/strict";
import { test } from "node:test";
import { newOwner, recall, remember } from "../../src/http/field_memory.ts";
import { emptyFraming } from "../../src/http/framing.ts";
import type { HeaderField } from "../../src/http/request_head.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const SECTION = encode("host: a\r\ncookie: secret\r\n\r\n");
const HEADERS: HeaderField[] = [["host", "a"], ["cookie", "secret"]];

function kept(owner = newOwner()): number {
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
  assert.equal(recall(newOwner(), SECTION, 0, SECTION.length), undefined);
});

test("recall() takes neither a section that differs nor one cut off", () => {
  const owner = kept();
  for (let at = 0; at < SECTION.length; at++) {
    const other = SECTION.slice();
    other[at] ^= 1;
    assert.equal(recall(owner, other, 0, other.length), undefined);
    assert.equal(recall(owner, SECTION, 0, at), undefined);
  }
});

test("a parser that shares the place takes it over", () => {
  const first = kept();
  let second = newOwner();
  while (second % 256 !== first % 256) second = newOwner();
  kept(second);
  assert.equal(recall(first, SECTION, 0, SECTION.length), undefined);
  assert.notEqual(recall(second, SECTION, 0, SECTION.length), undefined);
});

test("remember() copies the bytes and leaves long sections alone", () => {
  const owner = newOwner();
  const lent = SECTION.slice();
  remember(owner, lent, 0, lent.length, 2, HEADERS, emptyFraming());
  lent.fill(0);
  assert.notEqual(recall(owner, SECTION, 0, SECTION.length), undefined);
  const long = new Uint8Array(4097);
  remember(owner, long, 0, long.length, 1, HEADERS, emptyFraming());
  assert.equal(recall(owner, long, 0, long.length), undefined);
});
