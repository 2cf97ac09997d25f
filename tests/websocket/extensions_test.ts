import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readExtensions } from "../../src/websocket/extensions.ts";

type Parameters = readonly (readonly [string, string | undefined])[];

describe("readExtensions() (RFC 6455 §9.1)", () => {
  for (
    const [behavior, list, offers] of [
      ["nothing", "", []],
      ["a name", "foo", [["foo", []]]],
      ["names in their order", "foo, bar", [["foo", []], ["bar", []]]],
      ["a name twice", "foo, foo; a", [["foo", []], ["foo", [[
        "a",
        undefined,
      ]]]]],
      ["no blanks", "foo;a=1,bar", [["foo", [["a", "1"]]], ["bar", []]]],
      ["blanks everywhere", "\t foo ; a = 1 \t", [["foo", [["a", "1"]]]]],
      ["empty items (RFC 9110 §5.6.1)", ", ,foo,,", [["foo", []]]],
      ["a parameter twice", "foo; a; a=2", [
        ["foo", [["a", undefined], ["a", "2"]]],
      ]],
      ["a quoted token", 'foo; a="10"', [["foo", [["a", "10"]]]]],
      ["an escape in a quoted token", 'foo; a="1\\0"', [
        ["foo", [["a", "10"]]],
      ]],
    ] as readonly (readonly [
      string,
      string,
      readonly (readonly [string, Parameters])[],
    ])[]
  ) {
    test(`reads ${behavior}`, () => {
      assert.deepEqual(
        readExtensions(list),
        offers.map(([name, parameters]) => ({ name, parameters })),
      );
    });
  }

  for (
    const [behavior, list] of [
      ["a name with a blank", "foo bar"],
      ["a name that is quoted", '"foo"'],
      ["a name with a value", "foo=1"],
      ["no name", "; a=1"],
      ["no parameter", "foo;"],
      ["no parameter between two", "foo; a;; b"],
      ["a value without a name", "foo; =1"],
      ["a name without its value", "foo; a="],
      ["two values", "foo; a=1=2"],
      ["a value with a blank", "foo; a=1 2"],
      ["a quoted value that is no token", 'foo; a="1,2"'],
      ["a quoted value that is empty", 'foo; a=""'],
      ["a quotation that does not end", 'foo; a="1'],
      ["a quotation that does not end, over a comma", 'foo; a="1, bar'],
      ["a quotation that ends in an escape", 'foo; a="1\\"'],
      ["a lone quotation mark", 'foo; a="'],
      ["something behind a quotation", 'foo; a="1"2'],
      ["letters beyond ASCII", "fo\xf6"],
      ["a hard blank", "foo;\xa0a"],
      ["anything malformed behind what is fine", "foo, bar baz"],
    ] as const
  ) {
    test(`refuses ${behavior}`, () => {
      assert.equal(readExtensions(list), undefined);
    });
  }

  test("takes time in proportion, whatever the blanks and quotation marks", () => {
    const many = 200_000;
    for (
      const list of [
        `a${" ".repeat(many)}b`,
        " ".repeat(many),
        '"'.repeat(many),
        "\\".repeat(many),
        ";".repeat(many),
        ",".repeat(many),
      ]
    ) {
      readExtensions(list); // seconds each, were it quadratic
    }
  });
});
