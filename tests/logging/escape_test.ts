import assert from "node:assert/strict";
import { test } from "node:test";
import {
  quoteMethod,
  quotePath,
  quoteQuery,
} from "../../src/logging/escape.ts";

for (
  const [path, quoted] of [
    ["/", "/"],
    ["/a/b_c.d~e-f", "/a/b_c.d~e-f"],
    ["/a b", "/a%20b"],
    ["/*!'()", "/%2A%21%27%28%29"],
    ["/a%b", "/a%25b"],
    ["/ü→😀", "/%C3%BC%E2%86%92%F0%9F%98%80"],
    ["/\ud800", "/%EF%BF%BD"],
    ["/\x1b[31m\r\nINFO", "/%1B%5B31m%0D%0AINFO"],
    ['/" 200 OK', "/%22%20200%20OK"],
    ["*", "%2A"],
    ["/a?b", "/a%3Fb"],
    ["/\x7f\x9b", "/%7F%C2%9B"],
  ] as const
) {
  test(`quotePath() writes ${JSON.stringify(path)} as ${quoted}`, () => {
    assert.equal(quotePath(path), quoted);
  });
}

for (
  const [query, quoted] of [
    ["", ""],
    ["a=1&b=%20/?:@!$'()*+,;", "a=1&b=%20/?:@!$'()*+,;"],
    ["a=\x1b]0;x\x07", "a=%1B]0;x%07"],
    ['a=" 200 OK', "a=%22%20200%20OK"],
    ["a=\\", "a=%5C"],
    ["a=\x80\xff", "a=%80%FF"],
    ["a=→", "a=%E2%86%92"],
    ["a=\ud800", "a=%EF%BF%BD"],
    ["a=\r\n", "a=%0D%0A"],
  ] as const
) {
  test(`quoteQuery() writes ${JSON.stringify(query)} as ${quoted}`, () => {
    assert.equal(quoteQuery(query), quoted);
  });
}

test("quoteMethod() leaves tokens and quotes everything else", () => {
  assert.equal(quoteMethod("M-SEARCH"), "M-SEARCH");
  assert.equal(quoteMethod("!#$%&'*+-.^_`|~"), "!#$%&'*+-.^_`|~");
  assert.equal(quoteMethod("GET\x1b[2J"), "GET%1B[2J");
});

test("no octet gets through the quoting but printable ASCII", () => {
  for (let code = 0; code <= 0x2fff; code++) {
    const char = String.fromCharCode(code);
    for (const quote of [quotePath, quoteQuery, quoteMethod]) {
      assert.match(
        quote(char),
        /^[\x21\x23-\x5b\x5d-\x7e]+$/,
        `${quote.name} ${code}`,
      );
    }
  }
});
