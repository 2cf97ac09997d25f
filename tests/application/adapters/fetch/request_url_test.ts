import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  normalUrl,
  requestUrl,
} from "../../../../src/application/adapters/fetch/request_url.ts";
import type { HttpScope } from "../../../../src/asgi.ts";

function scopeOf(target: string, scheme = "http"): HttpScope {
  const at = target.indexOf("?");
  const [path, query] = at < 0
    ? [target, ""]
    : [target.slice(0, at), target.slice(at + 1)];
  const scope = { scheme, path, raw_path: path, query_string: query };
  return { ...scope, server: ["127.0.0.1", 8000] } as unknown as HttpScope;
}

/** What `make` gives, or that it throws. */
function outcome(make: () => string): string {
  try {
    return make();
  } catch {
    return "refused";
  }
}

/** Compares with what a `Request` says of the same. */
function compare(host: string, target: string, scheme?: string): void {
  const scope = scopeOf(target, scheme);
  assert.equal(
    outcome(() => normalUrl(scope, host)),
    outcome(() => new Request(requestUrl(scope, host)).url),
    `${host} ${target}`,
  );
}

describe("normalUrl() gives the URL of a Request for", () => {
  for (
    const host of [
      "example.org",
      "EXAMPLE.org:80",
      "example.org:8080",
      "example.org:",
      "h:00081",
      "h:99999",
      "127.0.0.1",
      "127.1",
      "0x7f.1",
      "1.2.3.999",
      "[::1]:8000",
      "[0:0:0:0:0:0:0:1]",
      "[v1.x]",
      "xn--maana-pta.example",
      "a_b",
      "a%41",
      "a..b",
      "-",
    ]
  ) {
    test(`the host ${host}`, () => {
      compare(host, "/a?b");
      compare(host, "/a?b"); // once more, from what is known
      compare(host, "/a b");
      compare(host, "/", "https");
    });
  }

  for (
    const target of [
      "/",
      "//",
      "//a",
      "/a//b",
      "/.",
      "/..",
      "/a/./b",
      "/a/../b",
      "/a/..b",
      "/.a",
      "/%2e",
      "/%2E%2e/b",
      "/a/.%2e/b",
      "/%2ea",
      "/a.b/c.",
      "/a%20b",
      "/%",
      "/a b",
      '/"<>`{}|^[]\\',
      "/a\\..\\b",
      "/a?b",
      "/a?b?c=/../d",
      "/a?'",
      '/a?"<>`{}|^[]\\',
      "/a?b#c",
      "/a#b",
      "/a;b=c,d@e:f",
      "/caf\u00e9?\u00e9",
      "*",
    ]
  ) {
    test(`the target ${target}`, () => compare("example.org:81", target));
  }

  test("whatever it is made of", () => {
    const parts = "a./%2eE25\\?#&='\"<>`{}|^[]~!$()*+,-:;@_ \u00e9".split("");
    let seed = 1;
    const next = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    for (let i = 0; i < 5_000; i++) {
      let target = "/";
      for (let n = next(8); n > 0; n--) target += parts[next(parts.length)];
      compare("h", target);
    }
  });
});

test("requestUrl() and normalUrl() take the local address where there is no host", () => {
  assert.equal(requestUrl(scopeOf("/a"), ""), "http://127.0.0.1:8000/a");
  assert.equal(
    normalUrl(scopeOf("/a"), undefined),
    "http://127.0.0.1:8000/a",
  );
});
