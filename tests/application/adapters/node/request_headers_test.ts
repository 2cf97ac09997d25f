import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  distinctHeaders,
  joinHeaders,
  rawHeaders,
} from "../../../../src/application/adapters/node/request_headers.ts";
import type { HeaderPair } from "../../../../src/asgi.ts";

const twice = (name: string): HeaderPair[] => [[name, "one"], [name, "two"]];

describe("joinHeaders", () => {
  for (
    const [what, name, joined] of [
      ["joins what is a list", "accept", "one, two"],
      ["joins what it does not know", "x-forwarded-for", "one, two"],
      ["joins cookies as one cookie string", "cookie", "one; two"],
      ["keeps cookies that are set apart", "set-cookie", ["one", "two"]],
      ["takes the first content-type", "content-type", "one"],
      ["takes the first host", "host", "one"],
      ["takes the first authorization", "authorization", "one"],
    ] as const
  ) {
    test(what, () => {
      assert.deepEqual(joinHeaders(twice(name)), { [name]: joined });
    });
  }

  test("makes a list of one cookie that is set", () => {
    assert.deepEqual(joinHeaders([["set-cookie", "a=1"]]), {
      "set-cookie": ["a=1"],
    });
  });

  test("keeps other fields between repeated ones", () => {
    assert.deepEqual(
      joinHeaders([["via", "a"], ["host", "x"], ["via", "b"], ["via", ""]]),
      { via: "a, b, ", host: "x" },
    );
  });

  test("takes names of members of objects for fields", () => {
    const joined = joinHeaders([
      ...twice("constructor"),
      ["tostring", "x"],
    ]);
    assert.equal(joined["constructor"], "one, two");
    assert.equal(joined["tostring"], "x");
  });
});

test("rawHeaders gives names and values in turns", () => {
  assert.deepEqual(rawHeaders([["a", "1"], ["b", "2"], ["a", "3"]]), [
    "a",
    "1",
    "b",
    "2",
    "a",
    "3",
  ]);
  assert.deepEqual(rawHeaders([]), []);
});

test("distinctHeaders lists the values of each name, without a prototype", () => {
  const distinct = distinctHeaders([
    ["host", "x"],
    ["constructor", "1"],
    ["constructor", "2"],
  ]);
  assert.deepEqual({ ...distinct }, { host: ["x"], constructor: ["1", "2"] });
  assert.equal(Object.getPrototypeOf(distinct), null);
});
