import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkValue,
  type OptionType,
  quote,
  readText,
} from "../../../src/config/options/value_types.ts";

const integer: OptionType = { kind: "integer", min: 0, max: 100 };
const number: OptionType = { kind: "number", min: 0.5, max: 10 };
const choice: OptionType = { kind: "choice", choices: ["auto", "on"] };
const level: OptionType = {
  kind: "choice",
  choices: ["info"],
  ignoresCase: true,
};
const flag: OptionType = { kind: "boolean" };
const text: OptionType = { kind: "text", metavar: "TEXT" };

const WORDS =
  "Recognized values: 0, 1, f, false, n, no, off, on, t, true, y, yes";

for (
  const [type, input, value] of [
    [integer, "0", 0],
    [integer, "100", 100],
    [integer, "+7", 7],
    [integer, " 7 ", 7],
    [integer, "007", 7],
    [integer, "-0", 0],
    [number, "0.5", 0.5],
    [number, "10", 10],
    [number, "1e0", 1],
    [number, ".75", 0.75],
    [number, "2.", 2],
    [choice, "on", "on"],
    [level, "INFO", "info"],
    [text, "", ""],
    [text, "-x", "-x"],
    // options:E-003
    ...["1", "true", "T", "yes", "Y", "ON", " on "].map((word) =>
      [flag, word, true] as const
    ),
    ...["0", "FALSE", "f", "no", "n", "off"].map((word) =>
      [flag, word, false] as const
    ),
  ] as const
) {
  test(`readText() reads ${type.kind} ${JSON.stringify(input)}`, () => {
    const verdict = readText(type, input);
    assert.deepEqual(verdict, { value });
    assert.ok(!Object.is((verdict as { value: unknown }).value, -0));
  });
}

for (
  const [type, input, problem] of [
    [integer, "abc", "'abc' is not a valid integer."],
    [integer, "", "'' is not a valid integer."],
    [integer, "1.5", "'1.5' is not a valid integer."],
    [integer, "0x50", "'0x50' is not a valid integer."],
    [integer, "1e2", "'1e2' is not a valid integer."],
    [integer, "1_0", "'1_0' is not a valid integer."],
    [integer, "-1", "-1 is not in the range 0<=x<=100."],
    [integer, "101", "101 is not in the range 0<=x<=100."],
    [number, "0.4", "0.4 is not in the range 0.5<=x<=10."],
    [number, "10.1", "10.1 is not in the range 0.5<=x<=10."],
    [number, "fast", "'fast' is not a valid float."],
    [number, "Infinity", "'Infinity' is not a valid float."],
    [number, "1e999", "Infinity is not in the range 0.5<=x<=10."],
    [choice, "maybe", "'maybe' is not one of 'auto', 'on'."],
    [choice, "ON", "'ON' is not one of 'auto', 'on'."],
    [flag, "maybe", `'maybe' is not a valid boolean. ${WORDS}`],
    [text, "a\0b", "'a\\x00b' holds a null character."],
  ] as const
) {
  test(`readText() refuses ${type.kind} ${JSON.stringify(input)}`, () => {
    assert.deepEqual(readText(type, input), { problem });
  });
}

for (
  const [type, input, problem] of [
    [integer, "80", "'80' is not a valid integer."],
    [integer, 1.5, "1.5 is not a valid integer."],
    [integer, NaN, "NaN is not a valid integer."],
    [integer, Infinity, "Infinity is not in the range 0<=x<=100."],
    [integer, null, "null is not a valid integer."],
    [integer, 5n, "5 is not a valid integer."],
    [number, true, "true is not a valid float."],
    [flag, "true", "'true' is not a valid boolean."],
    [flag, 1, "1 is not a valid boolean."],
    [choice, 3, "3 is not one of 'auto', 'on'."],
    [text, 3, "3 is not a string."],
    [text, {}, "an object is not a string."],
    [
      { kind: "list", metavar: "X", readItem: (item) => ({ value: item }) },
      "x",
      "'x' is not an array.",
    ],
  ] as readonly (readonly [OptionType, unknown, string])[]
) {
  test(`checkValue() refuses ${type.kind} ${quote(input)}`, () => {
    assert.deepEqual(checkValue(type, input), { problem });
  });
}

test("quote() keeps a value one printable line", () => {
  assert.equal(
    quote("a\r\n\t\x1b[31m\x7f\x9b\u2028\u202eb"),
    "'a\\r\\n\\t\\x1b[31m\\x7f\\x9b\\u2028\\u202eb'",
  );
  assert.equal(quote("x".repeat(300)), `'${"x".repeat(200)}…'`);
  assert.equal(quote([]), "an array");
  assert.equal(quote(() => {}), "a function");
  assert.equal(quote(Symbol("x")), "a symbol");
});

const octal: OptionType = { kind: "octal", max: 0o777 };

for (const text of ["660", "0660", "0o660", " 660 "]) {
  test(`readText() reads ${JSON.stringify(text)} as octal`, () => {
    assert.deepEqual(readText(octal, text), { value: 0o660 });
  });
}

for (
  const [input, problem] of [
    ["680", "'680' is not an octal number."],
    ["rw-rw----", "'rw-rw----' is not an octal number."],
    ["", "'' is not an octal number."],
    ["-1", "'-1' is not an octal number."],
    ["1000", "1000 is not in the range 0<=x<=777, in octal."],
  ] as const
) {
  test(`readText() refuses ${JSON.stringify(input)} as octal`, () => {
    assert.deepEqual(readText(octal, input), { problem });
  });
}

for (
  const [input, shown] of [
    [0o1000, "1000"],
    [-1, "-1"],
    [0.5, "0.5"],
    ["660", "'660'"],
  ] as const
) {
  test(`checkValue() refuses ${JSON.stringify(input)} as octal`, () => {
    assert.deepEqual(checkValue(octal, input), {
      problem: `${shown} is not in the range 0<=x<=777, in octal.`,
    });
  });
}
