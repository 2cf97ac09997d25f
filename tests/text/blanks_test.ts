import assert from "node:assert/strict";
import { test } from "node:test";
import { isBlank, trimBlanks } from "../../src/text/blanks.ts";

test("isBlank() is true for space and tab alone", () => {
  for (let unit = 0; unit < 0x300; unit++) {
    assert.equal(isBlank(unit), unit === 0x20 || unit === 0x09, `${unit}`);
  }
});

for (
  const [text, trimmed] of [
    ["", ""],
    [" \t ", ""],
    ["a", "a"],
    [" \ta b\t ", "a b"],
    ["\xa0a\xa0", "\xa0a\xa0"],
    ["\na\r", "\na\r"],
  ] as const
) {
  test(`trimBlanks() makes ${JSON.stringify(trimmed)} of ${JSON.stringify(text)}`, () => {
    assert.equal(trimBlanks(text), trimmed);
  });
}
