import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  checkedLines,
  isList,
  pairsOf,
} from "../../../../../src/application/adapters/node/response/headers_input.ts";

describe("pairsOf", () => {
  for (
    const [what, input] of [
      ["an object", { A: "1", b: ["2", "3"] }],
      ["names and values in turns", ["A", "1", "b", ["2", "3"]]],
      ["pairs", [["A", "1"], ["b", ["2", "3"]]]],
    ] as const
  ) {
    test(`takes ${what}`, () => {
      assert.deepEqual(pairsOf(input), [["A", "1"], ["b", ["2", "3"]]]);
    });
  }

  test("takes a list without anything, and keeps names that repeat", () => {
    assert.deepEqual(pairsOf([]), []);
    assert.deepEqual(pairsOf(["a", "1", "a", "2"]), [["a", "1"], ["a", "2"]]);
  });

  test("refuses a name without a value", () => {
    assert.throws(() => pairsOf(["a", "1", "b"]), {
      name: "TypeError",
      code: "ERR_INVALID_ARG_TYPE",
      message: 'The "headers" argument must be a list of names and values in ' +
        "turns. Received an instance of Array",
    });
  });
});

test("isList tells lists from objects", () => {
  assert.equal(isList([]), true);
  assert.equal(isList({}), false);
});

describe("checkedLines", () => {
  test("makes one line of each value, of text, with names in lower case", () => {
    assert.deepEqual(
      checkedLines([["X-Count", 3], ["Link", ["<a>", "<b>"]]]),
      [["x-count", "3"], ["link", "<a>"], ["link", "<b>"]],
    );
  });

  test("refuses what no field can hold", () => {
    for (
      const [name, value, code] of [
        ["a b", "x", "ERR_INVALID_HTTP_TOKEN"],
        ["a", "x\r\ny", "ERR_INVALID_CHAR"],
      ] as const
    ) {
      assert.throws(() => checkedLines([["ok", "1"], [name, value]]), {
        name: "TypeError",
        code,
      });
    }
  });
});
