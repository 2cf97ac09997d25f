import assert from "node:assert/strict";
import { test } from "node:test";
import { decimal } from "../../src/text/decimal.ts";

for (
  const [text, value] of [
    ["0", 0],
    ["10", 10],
    ["007", 7],
    ["00000000000000000001", 1],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
    ["9007199254740992", -1],
    ["9".repeat(400), -1],
    ["", -1],
    ["+5", -1],
    ["-5", -1],
    ["0x10", -1],
    ["1e3", -1],
    ["1.0", -1],
    [" 1", -1],
    ["\xa05", -1],
    ["\u0661", -1],
  ] as const
) {
  test(`decimal() reads ${JSON.stringify(text.slice(0, 24))} as ${value}`, () => {
    assert.equal(decimal(text), value);
  });
}
