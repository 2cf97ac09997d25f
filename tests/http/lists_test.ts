import assert from "node:assert/strict";
import { test } from "node:test";
import { listItems, splitList } from "../../src/http/lists.ts";

for (
  const [behavior, list, items] of [
    ["reads a single item", "close", ["close"]],
    ["lowers letters", "Keep-Alive, CLOSE", ["keep-alive", "close"]],
    ["drops blanks around items", " \ta\t ,  b ", ["a", "b"]],
    ["keeps blanks within items", "a b, c\td", ["a b", "c\td"]],
    ["keeps empty items", "a,,b, ", ["a", "", "b", ""]],
    ["takes the empty list for one empty item", "", [""]],
    ["keeps a no-break space, which other parsers keep", "\xa0a,b\xa0", [
      "\xa0a",
      "b\xa0",
    ]],
  ] as const
) {
  test(`listItems() ${behavior}`, () => {
    assert.deepEqual(listItems(list), items);
  });
}

test("splitList() keeps the case of items", () => {
  assert.deepEqual(splitList(" A\t, ,b C,\xa0d,"), [
    "A",
    "",
    "b C",
    "\xa0d",
    "",
  ]);
});
