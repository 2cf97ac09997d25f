import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  FORWARDED,
  NAMES,
  X_FORWARDED_PROTO,
} from "../../src/http/header_names.ts";
import {
  FORWARDED_HEADERS,
  hostOf,
  MAX_PREFIX,
  portOf,
  prefixOf,
  schemeOf,
  withPort,
} from "../../src/proxy/x_forwarded.ts";

test("the fields are those that the parser of heads takes a note of", () => {
  assert.deepEqual(
    [...FORWARDED_HEADERS].sort(),
    NAMES.slice(FORWARDED, X_FORWARDED_PROTO + 1).toSorted(),
  );
});

describe("schemeOf() (process:P-128)", () => {
  for (
    const [text, scheme] of [
      ["http", "http"],
      ["https", "https"],
      ["ws", "http"],
      ["wss", "https"],
      ["HTTPS", undefined],
      ["https, http", undefined],
      ["", undefined],
      ["ftp", undefined],
      ["javascript", undefined],
      ["https://", undefined],
    ] as const
  ) {
    test(`"${text}" is ${scheme}`, () => assert.equal(schemeOf(text), scheme));
  }
});

describe("portOf()", () => {
  for (
    const [text, port] of [
      ["1", 1],
      ["443", 443],
      ["65535", 65535],
      ["0", undefined],
      ["65536", undefined],
      ["+80", undefined],
      ["0x50", undefined],
      ["80, 443", undefined],
      ["", undefined],
      ["000080", undefined],
    ] as const
  ) {
    test(`"${text}" is ${port}`, () => assert.equal(portOf(text), port));
  }
});

describe("hostOf()", () => {
  for (
    const [text, isHost] of [
      ["example.com", true],
      ["example.com:8443", true],
      ["[2001:db8::1]:8443", true],
      ["", false],
      ["a.example, b.example", false],
      ["user@example.com", false],
      ["example.com/path", false],
      ["example.com:x", false],
      ["https://example.com", false],
      ["example.com\tx", false],
    ] as const
  ) {
    test(`"${text}" is ${isHost ? "one" : "none"}`, () => {
      assert.equal(hostOf(text), isHost ? text : undefined);
    });
  }
});

describe("withPort()", () => {
  for (
    const [host, port, scheme, expected] of [
      ["a.example", 443, "https", "a.example"],
      ["a.example", 80, "http", "a.example"],
      ["a.example", 80, "https", "a.example:80"],
      ["a.example", 8443, "https", "a.example:8443"],
      ["a.example:80", 8443, "https", "a.example:8443"],
      ["a.example:8000", 443, "https", "a.example"],
      ["[2001:db8::1]", 8443, "https", "[2001:db8::1]:8443"],
      ["[2001:db8::1]:80", 443, "https", "[2001:db8::1]"],
    ] as const
  ) {
    test(`${host} with ${port} over ${scheme} is ${expected}`, () => {
      assert.equal(withPort(host, port, scheme), expected);
    });
  }
});

describe("prefixOf()", () => {
  for (
    const [text, path] of [
      ["/api", "/api"],
      ["/api/", "/api"],
      ["/api/v1", "/api/v1"],
      ["/", ""],
      ["/a%20b", "/a b"],
      ["/%C3%A4", "/ä"],
      ["/.well-known", "/.well-known"],
      ["/a..b", "/a..b"],
    ] as const
  ) {
    test(`reads ${text}`, () => assert.equal(prefixOf(text), path));
  }

  for (
    const [what, text] of [
      ["nothing", ""],
      ["no slash in front", "api"],
      ["two slashes, which are another host in a link", "//evil.example"],
      ["the same in escapes", "/%2Fevil.example"],
      ["the same with a backslash", "/\\evil.example"],
      ["the same with an escaped backslash", "/%5Cevil.example"],
      ["two slashes inside", "/a//b"],
      ["two slashes at the end", "/a//"],
      ["a whole URL", "https://evil.example/"],
      ["steps upwards", "/a/../b"],
      ["steps upwards in escapes", "/%2e%2e"],
      ["a step that goes nowhere", "/."],
      ["a query", "/a?b"],
      ["a fragment", "/a#b"],
      ["a list", "/a, /b"],
      ["a line break in escapes", "/a%0d%0ab"],
      ["a null character", "/a%00"],
      ["what is no UTF-8", "/a%ff"],
      ["more than a path need be", `/${"a".repeat(MAX_PREFIX)}`],
    ] as const
  ) {
    test(`refuses ${what}`, () => assert.equal(prefixOf(text), undefined));
  }
});
