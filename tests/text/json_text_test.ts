import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readJson } from "../../src/text/json_text.ts";

for (
  const text of [
    "{}",
    "[]",
    " null ",
    "1",
    "-0.5e+3",
    '"a\\u00e9\\n"',
    '{"a": [1, {"b": true}], "c": "\\"//"}',
    '{"__proto__": 1}',
  ]
) {
  test(`readJson() reads ${text} as JSON.parse() does`, () => {
    assert.deepEqual(readJson(text, false), { value: JSON.parse(text) });
    assert.deepEqual(readJson(text, true), { value: JSON.parse(text) });
  });
}

for (
  const [text, line, problem] of [
    ["", 1, "it ends where a value is expected"],
    ['{\n  "a": 1\n', 3, 'it ends where "," or "}" is expected'],
    ['{"a": 1,\n}', 2, "expected a key in double quotes"],
    ["{a: 1}", 1, "expected a key in double quotes"],
    ["{'a': 1}", 1, "expected a key in double quotes"],
    ['{"a" 1}', 1, 'expected ":"'],
    ['{\n"a": 1\n"b": 2}', 3, 'expected "," or "}"'],
    ["[1 2]", 1, 'expected "," or "]"'],
    ["[1,]", 1, "expected a value"],
    ["[01]", 1, "expected a value"],
    ["[1.]", 1, "expected a value"],
    ["[truely]", 1, "expected a value"],
    ['["a\nb"]', 1, "expected a value"],
    ['["\\x"]', 1, "expected a value"],
    ["{}\n{}", 2, "expected nothing behind the value"],
    ["\n// no\n{}", 2, "expected a value"],
    ['{"a": 1,\n"b": 2,\n"a": 3}', 3, 'the key "a" stands there twice'],
  ] as const
) {
  test(`readJson() refuses ${JSON.stringify(text)}`, () => {
    assert.deepEqual(readJson(text, false), { line, problem });
    assert.throws(() => {
      if (!problem.includes("twice")) JSON.parse(text);
      else throw new Error();
    });
  });
}

describe("readJson() with comments", () => {
  test("reads comments and last commas", () => {
    const text = `// first
{
  "a": "// none", /* inside
  of two lines */ "b": [1, 2,],
  "c": "/*", // last,
}
`;
    assert.deepEqual(readJson(text, true), {
      value: { a: "// none", b: [1, 2], c: "/*" },
    });
  });

  test("counts lines as they stand in the file", () => {
    assert.deepEqual(readJson('/* 1\n2\n3 */ {\n"a" }', true), {
      line: 4,
      problem: 'expected ":"',
    });
  });
});

test("readJson() skips a byte order mark", () => {
  assert.deepEqual(readJson('\uFEFF{"a": 1}', false), { value: { a: 1 } });
});
