import assert from "node:assert/strict";
import { test } from "node:test";
import { printable, printableLines } from "../../src/text/printable.ts";

const HOSTILE = "ü\n\ta\r\0\x1b[31m\x7f\x9b31m\u2028\u202e→";

test("printable() makes one line without escape sequences", () => {
  assert.equal(
    printable(HOSTILE),
    "ü\\n\\ta\\r\\x00\\x1b[31m\\x7f\\x9b31m\\u2028\\u202e→",
  );
});

test("printableLines() keeps line feed and tab, and escapes what a terminal would obey", () => {
  assert.equal(
    printableLines(HOSTILE),
    "ü\n\ta\\r\\x00\\x1b[31m\\x7f\\x9b31m\\u2028\\u202e→",
  );
});

test("both give the same again for the same text", () => {
  for (const escape of [printable, printableLines]) {
    assert.equal(escape("\0\0"), "\\x00\\x00");
    assert.equal(escape("\0\0"), "\\x00\\x00");
    assert.equal(escape("plain"), "plain");
  }
});
