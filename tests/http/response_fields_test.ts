import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  checkFields,
  checkTrailers,
  emptyFacts,
  type FieldInput,
  noteFraming,
} from "../../src/http/response_fields.ts";
import { FORBIDDEN_TRAILERS } from "../../src/http/trailer_names.ts";

const octets = (text: string) =>
  Uint8Array.from(text, (char) => char.charCodeAt(0));

describe("checkFields()", () => {
  for (
    const [what, list, problem] of [
      ["pairs of text", [["X-A", "1"], ["x-b", "\t \xe9"]], undefined],
      ["pairs of octets", [[octets("a"), octets("b\xff")]], undefined],
      ["no fields", [], undefined],
      [
        "a field that is no pair",
        [["a"]],
        "expected each header as a pair of name and value",
      ],
      [
        "a field that is no object",
        ["ab"],
        "expected each header as a pair of name and value",
      ],
      [
        "a number",
        [["a", 1]],
        "expected header names and values as strings or bytes",
      ],
      [
        "a name that is no token",
        [["a b", "1"]],
        'header name "a b" is not a token',
      ],
      [
        "a long name that is no token, cut",
        [["b ".repeat(50), "1"]],
        `header name "${"b ".repeat(32)}…" is not a token`,
      ],
      [
        "a line end in a value (asgi:A-071)",
        [["A", "1\r\nb: 2"]],
        'value of header "a" holds a control character or a code unit above 0xFF',
      ],
      [
        "two lengths",
        [["content-length", "1"], ["Content-Length", "2"]],
        'two different "content-length" values',
      ],
      [
        "a length that is no number",
        [["content-length", "+1"]],
        '"content-length" is "+1", expected decimal digits',
      ],
    ] as const
  ) {
    test(`judges ${what}`, () => {
      assert.equal(checkFields(list as unknown as FieldInput[]), problem);
    });
  }
});

describe("checkTrailers()", () => {
  test("takes fields that are no framing", () => {
    assert.equal(checkTrailers([["x-sum", "1"]]), undefined);
  });

  test("refuses what a recipient needs before the body, and what no field may be", () => {
    for (const name of FORBIDDEN_TRAILERS) {
      assert.match(
        checkTrailers([["x-a", "1"], [octets(name.toUpperCase()), "v"]])!,
        /framed or routed/,
      );
    }
    assert.equal(
      checkTrailers([["a b", "1"]]),
      'header name "a b" is not a token',
    );
  });
});

test("noteFraming() joins the options of several connection fields and finds close", () => {
  const facts = emptyFacts();
  assert.equal(noteFraming("connection", "keep-alive", facts), undefined);
  assert.equal(facts.closes, false);
  assert.equal(noteFraming("connection", "x, Close", facts), undefined);
  assert.deepEqual([facts.connection, facts.closes], [
    "keep-alive, x, Close",
    true,
  ]);
});
