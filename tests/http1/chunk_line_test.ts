import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as chunkLine from "../../src/http1/chunk_line.ts";
import { octets } from "../_support/feed.ts";

const { MALFORMED, NEED_MORE, readChunkLine, TOO_LONG } = chunkLine;
const MAX = 40;
const UNTOUCHED = -7;

function read(line: string, received = line.length, maxBytes = MAX) {
  const bytes = octets(`__${line}`);
  const chunk = { size: UNTOUCHED };
  const consumed = readChunkLine(bytes, 2, 2 + received, maxBytes, chunk);
  return { consumed, size: chunk.size };
}

describe("RFC 9112 §7.1: chunk size", () => {
  for (
    const [behavior, line, size] of [
      ["reads digits of either case", "aF\r\n", 0xaf],
      ["reads the last chunk", "0\r\n", 0],
      ["reads several zeros", "000\r\n", 0],
      ["reads leading zeros", "00005\r\n", 5],
      ["reads the largest exact length", "1fffffffffffff\r\n", 2 ** 53 - 1],
      ["rejects an empty size", "\r\n", MALFORMED],
      ["rejects an extension without a size", ";a\r\n", MALFORMED],
      ["rejects a plus sign", "+5\r\n", MALFORMED],
      ["rejects a minus sign", "-5\r\n", MALFORMED],
      ["rejects a 0x prefix", "0x5\r\n", MALFORMED],
      ["rejects a letter past f", "5g\r\n", MALFORMED],
      ["rejects a separator", "1_0\r\n", MALFORMED],
      ["rejects a point", "1.0\r\n", MALFORMED],
      ["rejects a blank in front", " 5\r\n", MALFORMED],
      ["rejects a bare LF", "5\n", MALFORMED],
      ["rejects a bare CR", "5\rX", MALFORMED],
      ["rejects two CR", "5\r\r\n", MALFORMED],
      ["rejects NUL", "5\0\r\n", MALFORMED],
      ["rejects a length past 2^53 - 1", "20000000000000\r\n", MALFORMED],
      [
        "rejects a length that wraps in 64 bits",
        "10000000000000005\r\n",
        MALFORMED,
      ],
    ] as const
  ) {
    test(behavior, () => {
      const expected = size === MALFORMED
        ? { consumed: MALFORMED, size: UNTOUCHED }
        : { consumed: line.length, size };
      assert.deepEqual(read(line), expected);
    });
  }
});

describe("RFC 9112 §7.1.1: chunk extensions", () => {
  for (
    const [behavior, line, size] of [
      ["skips a name", "5;name\r\n", 5],
      ["skips a value", "5;name=value\r\n", 5],
      ["skips a quoted value", '5;a="b;c \\" d"\r\n', 5],
      ["skips several", "5;a=b;c=d\r\n", 5],
      ["skips blanks around the semicolon", "5 \t; a = b\r\n", 5],
      ["skips an empty quoted value", '5;a=""\r\n', 5],
      ["skips an escaped backslash", '5;a="\\\\";b\r\n', 5],
      ["skips obs-text and tab in quotes", '5;a="\xff\t"\r\n', 5],
      ["rejects an empty extension", "5;\r\n", MALFORMED],
      ["rejects an empty one between two", "5;;a\r\n", MALFORMED],
      ["rejects a name that is no token", "5;a[b\r\n", MALFORMED],
      ["rejects a value that is no token", "5;a=b[c\r\n", MALFORMED],
      ["rejects an empty value", "5;a=\r\n", MALFORMED],
      ["rejects a value without a name", "5;=b\r\n", MALFORMED],
      ["rejects a quoted name", '5;"a"\r\n', MALFORMED],
      ["rejects an open quote", '5;a="b\r\n', MALFORMED],
      ["rejects a quote that is escaped", '5;a="b\\"\r\n', MALFORMED],
      ["rejects an escaped control character", '5;a="\\\x01"\r\n', MALFORMED],
      ["rejects CR in quotes", '5;a="\r\n"\r\n', MALFORMED],
      ["rejects an escaped CR", '5;a="\\\r\n"\r\n', MALFORMED],
      ["rejects a token behind quotes", '5;a="b"c\r\n', MALFORMED],
      ["rejects a second value", "5;a=b=c\r\n", MALFORMED],
      ["rejects two names", "5;a b\r\n", MALFORMED],
      ["rejects blanks at the end", "5;a \r\n", MALFORMED],
      ["rejects blanks behind quotes", '5;a="b" \r\n', MALFORMED],
      ["rejects obs-text outside of quotes", "5;\xff\r\n", MALFORMED],
      ["skips digits in it", "5;5\r\n", 5],
      ["rejects a blank without an extension", "5 \r\n", MALFORMED],
      ["rejects a second number", "5 0\r\n", MALFORMED],
      ["rejects a name without a semicolon", "5 name\r\n", MALFORMED],
      ["rejects a bare LF in it", "5;a\n\r\n", MALFORMED],
      ["rejects a bare CR in it", "5;a\rb\r\n", MALFORMED],
      ["rejects NUL in it", "5;a\0\r\n", MALFORMED],
      ["rejects DEL in it", "5;a\x7f\r\n", MALFORMED],
    ] as const
  ) {
    test(behavior, () => {
      const expected = size === MALFORMED
        ? { consumed: MALFORMED, size: UNTOUCHED }
        : { consumed: line.length, size };
      assert.deepEqual(read(line), expected);
    });
  }
});

describe("the limit of a chunk line", () => {
  for (
    const [behavior, size, consumed] of [
      ["accepts a line below it", MAX - 1, MAX - 1],
      ["accepts a line at it", MAX, MAX],
      ["rejects a line above it", MAX + 1, TOO_LONG],
    ] as const
  ) {
    test(behavior, () => {
      for (const start of ["0", "5;"]) {
        const line = `${
          start.padEnd(size - 2, start[0] === "0" ? "0" : "x")
        }\r\n`;
        assert.equal(read(line).consumed, consumed);
      }
    });
  }

  test("is known as soon as it is reached", () => {
    const line = "5;".padEnd(100, "x");
    assert.equal(read(line, MAX - 1).consumed, NEED_MORE);
    assert.equal(read(line, MAX).consumed, TOO_LONG);
    assert.equal(read(line, 100).consumed, TOO_LONG);
  });
});

test("asks for more at every cut of a whole line", () => {
  const line = '1f ;name=value;\t a = "b\\"c";d\r\n';
  for (let cut = 0; cut < line.length; cut++) {
    assert.deepEqual(read(line, cut), { consumed: NEED_MORE, size: UNTOUCHED });
  }
});

test("reads nothing past the end of what was received", () => {
  assert.equal(read("5\r\n", 2).consumed, NEED_MORE);
  assert.equal(read("55\r\n", 1).consumed, NEED_MORE);
});

test("leaves what comes behind the line", () => {
  assert.deepEqual(read("5\r\nhello\r\n"), { consumed: 3, size: 5 });
});
