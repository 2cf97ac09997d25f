import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readSpecialTarget } from "../../src/http1/request_target.ts";

/** Path, authority and whether the whole server is meant; `undefined` if the target is refused. */
function read(target: string, method: string) {
  const special = readSpecialTarget(target, method);
  return special && [
    target.slice(special.pathAt),
    special.authority,
    special.isServer,
  ];
}

describe("RFC 9112 §3.2.2: absolute form", () => {
  for (
    const [behavior, method, target, expected] of [
      ["has an authority and a path", "GET", "http://h/p", ["/p", "h", false]],
      ["may be https", "GET", "https://h/p", ["/p", "h", false]],
      ["has its scheme in any case", "GET", "HTTP://h/p", ["/p", "h", false]],
      ["may have a port", "GET", "http://h:80/p", ["/p", "h:80", false]],
      ["may have an IPv6 address", "GET", "http://[::1]:80/", [
        "/",
        "[::1]:80",
        false,
      ]],
      ["may have no path", "GET", "http://h", ["", "h", false]],
      ["may have a query and no path", "GET", "http://h?q", ["?q", "h", false]],
      ["may have a fragment and no path", "GET", "http://h#f", [
        "#f",
        "h",
        false,
      ]],
      ["may have another URL in its query", "GET", "http://h/?http://x", [
        "/?http://x",
        "h",
        false,
      ]],
      [
        "means the whole server for OPTIONS without a path",
        "OPTIONS",
        "http://h",
        ["", "h", true],
      ],
      ["means the root for OPTIONS of a slash", "OPTIONS", "http://h/", [
        "/",
        "h",
        false,
      ]],
      ["means the root for OPTIONS with a query", "OPTIONS", "http://h?q", [
        "?q",
        "h",
        false,
      ]],
      ["has another scheme", "GET", "ftp://h/p", undefined],
      ["has no scheme", "GET", "h/p", undefined],
      ["has one slash", "GET", "http:/h/p", undefined],
      ["has no host", "GET", "http:///p", undefined],
      ["has a port and no host", "GET", "http://:80/p", undefined],
      ["has userinfo", "GET", "http://trusted@evil/p", undefined],
      ["has a list of hosts", "GET", "http://a,b/p", undefined],
      ["has a backslash for a slash", "GET", "http://a\\b/p", undefined],
      ["has a broken port", "GET", "http://h:x/p", undefined],
    ] as const
  ) {
    test(`${expected === undefined ? "is refused if it " : ""}${behavior}`, () => {
      assert.deepEqual(read(target, method), expected);
    });
  }
});

describe("RFC 9112 §3.2.3: authority form", () => {
  for (
    const [behavior, method, target] of [
      ["is refused", "CONNECT", "h:443"],
      ["is refused for other methods too", "GET", "h:443"],
      ["does not become an absolute form", "CONNECT", "http://h/"],
    ] as const
  ) {
    test(behavior, () => assert.equal(read(target, method), undefined));
  }
});

describe("RFC 9112 §3.2.4: asterisk form", () => {
  for (
    const [behavior, method, target, expected] of [
      ["is for OPTIONS", "OPTIONS", "*", ["*", undefined, true]],
      ["is refused for GET", "GET", "*", undefined],
      ["is refused for options in lower case", "options", "*", undefined],
      ["is refused with anything behind it", "OPTIONS", "*?q", undefined],
      ["is refused twice", "OPTIONS", "**", undefined],
    ] as const
  ) {
    test(behavior, () => assert.deepEqual(read(target, method), expected));
  }
});
