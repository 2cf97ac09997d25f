import assert from "node:assert/strict";
import { test } from "node:test";
import { isToken, TOKEN } from "../../src/text/token.ts";

test("isToken() knows tokens (RFC 9110 §5.6.2)", () => {
  for (const text of ["a", "graphql-ws", "v1.json", "!#$%&'*+-.^_`|~09azAZ"]) {
    assert.equal(isToken(text), true, text);
  }
  for (
    const text of [
      "",
      " ",
      "a b",
      "a/b",
      "a:b",
      "a\n",
      "a,",
      '"',
      "\xe9",
      "\u0161",
    ]
  ) {
    assert.equal(isToken(text), false, text);
  }
});

test("TOKEN and isToken() agree on every byte", () => {
  for (let byte = 0; byte < 256; byte++) {
    const text = String.fromCharCode(byte);
    assert.equal(TOKEN[byte], isToken(text) ? 1 : 0, text);
  }
});
