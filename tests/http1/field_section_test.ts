import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { latin1 } from "../../src/bytes/latin1.ts";
import type { HeaderField } from "../../src/http/request_head.ts";
import { FieldSection } from "../../src/http1/field_section.ts";
import { emptyFraming } from "../../src/http1/framing.ts";
import { FAULT, NEEDS_MORE } from "../../src/http1/scan_result.ts";
import { octets } from "../_support/feed.ts";

const MAX_FIELDS = 3;
/** The section does not begin where the memory does. */
const BASE = 6;

/** Another connection's section, which takes the shared notes. */
function overwriteNotes(): void {
  const other = octets("Connection: close\r\nX: y\r\nHost: other\r\n\r\n");
  new FieldSection().scan(other, 0, other.length, MAX_FIELDS);
}

/** Reads `text` after its first `cut` bytes were read alone. */
function read(text: string, cut: number) {
  const bytes = octets(`__line${text}more`);
  const end = BASE + text.length;
  const section = new FieldSection();
  let size = section.scan(bytes, BASE, BASE + cut, MAX_FIELDS);
  if (size === NEEDS_MORE) {
    assert.equal(section.lookedAt, cut);
    overwriteNotes();
    size = section.scan(bytes, BASE, end, MAX_FIELDS);
  }
  if (size === FAULT) return { size, fault: section.fault };
  const headers: HeaderField[] = [];
  const framing = emptyFraming();
  return section.read(latin1(bytes, BASE, end), headers, framing)
    ? { size, headers, framing }
    : { size: FAULT, fault: section.fault };
}

/** Reads `text` whole and cut everywhere, which must not matter. */
function readAnyhow(text: string) {
  const whole = read(text, text.length);
  for (let cut = 0; cut < text.length; cut++) {
    assert.deepEqual(read(text, cut), whole, `cut at ${cut}`);
  }
  return whole;
}

describe("FieldSection (RFC 9112 §5)", () => {
  for (
    const [text, headers] of [
      ["\r\n", []],
      ["Host: a\r\n\r\n", [["host", "a"]]],
      ["X-One:\t 1 2 \t\r\nx-one:\r\n\r\n", [["x-one", "1 2"], ["x-one", ""]]],
      ["a: \xe9\r\nb: \r\nc:d\r\n\r\n", [["a", "\xe9"], ["b", ""], ["c", "d"]]],
      ["Content-Length: 2, 2\r\ncontent-length: 2\r\n\r\n", [
        ["content-length", "2"],
      ]],
    ] as const
  ) {
    test(`reads ${JSON.stringify(text)}`, () => {
      const reading = readAnyhow(text);
      assert.equal(reading.size, text.length);
      assert.deepEqual(reading.headers, headers);
    });
  }

  test("notes what fields say of the framing", () => {
    const { framing } = readAnyhow(
      "Content-Length: 7\r\nConnection: close\r\n\r\n",
    );
    assert.equal(framing?.contentLength, 7);
    assert.equal(framing?.closes, true);
  });

  for (
    const [text, fault] of [
      [" a: b\r\n\r\n", "OBSOLETE_FOLD"],
      ["a: b\r\n\tc\r\n\r\n", "OBSOLETE_FOLD"],
      ["\n", "BAD_LINE_END"],
      ["a: b\n", "BAD_LINE_END"],
      ["\rx", "BAD_LINE_END"],
      ["a: b\rc", "BAD_HEADER_VALUE"],
      ["a: b\0\r\n\r\n", "BAD_HEADER_VALUE"],
      [": b\r\n\r\n", "BAD_HEADER_NAME"],
      ["a : b\r\n\r\n", "BAD_HEADER_NAME"],
      ["a\r\n\r\n", "BAD_HEADER_NAME"],
      ["a: b\r\nc: d\r\ne: f\r\ng: h\r\n\r\n", "TOO_MANY_HEADERS"],
      ["host: a\r\nhost: a\r\n\r\n", "REPEATED_HOST"],
      [
        "content-length: 1\r\ncontent-length: 2\r\n\r\n",
        "CONFLICTING_CONTENT_LENGTH",
      ],
    ] as const
  ) {
    test(`refuses ${JSON.stringify(text)}`, () => {
      assert.deepEqual(readAnyhow(text), { size: FAULT, fault });
    });
  }

  test("reads the next section after reset()", () => {
    const section = new FieldSection();
    for (const text of ["a: b\r\nc: d\r\n\r\n", "e: f\r\n\r\n", "\r\n"]) {
      const bytes = octets(text);
      assert.equal(section.scan(bytes, 0, 1, MAX_FIELDS), NEEDS_MORE);
      const size = section.scan(bytes, 0, bytes.length, MAX_FIELDS);
      assert.equal(size, text.length);
      const headers: HeaderField[] = [];
      assert.ok(section.read(text, headers, emptyFraming()));
      assert.equal(headers.length, text.split(":").length - 1);
      section.reset();
      assert.equal(section.lookedAt, 0);
    }
  });
});
