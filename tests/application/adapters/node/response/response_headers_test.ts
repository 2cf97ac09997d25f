import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ResponseHeaders } from "../../../../../src/application/adapters/node/response/response_headers.ts";

function filled(): ResponseHeaders {
  const headers = new ResponseHeaders();
  headers.set("Content-Type", "text/plain");
  headers.set("X-Count", 3);
  headers.set("Set-Cookie", ["a=1", "b=2"]);
  return headers;
}

const withCode = (code: string) => ({ name: "TypeError", code });

describe("ResponseHeaders", () => {
  test("finds a field by any spelling, as it was set", () => {
    const headers = filled();
    assert.equal(headers.get("CONTENT-TYPE"), "text/plain");
    assert.equal(headers.get("x-count"), 3);
    assert.deepEqual(headers.get("set-Cookie"), ["a=1", "b=2"]);
    assert.equal(headers.get("etag"), undefined);
    assert.equal(headers.has("X-COUNT"), true);
    assert.equal(headers.has("etag"), false);
  });

  test("lists names in the order of their first set", () => {
    const headers = filled();
    headers.set("CONTENT-type", "text/html");
    assert.deepEqual(headers.names(), [
      "content-type",
      "x-count",
      "set-cookie",
    ]);
    assert.deepEqual(headers.rawNames(), [
      "CONTENT-type",
      "X-Count",
      "Set-Cookie",
    ]);
    assert.equal(headers.get("content-type"), "text/html");
  });

  test("gives lists that are the caller's own", () => {
    const headers = filled();
    headers.names().length = 0;
    headers.rawNames().length = 0;
    assert.equal(headers.names().length, 3);
    assert.equal(headers.rawNames().length, 3);
  });

  test("gives all fields as an object without a prototype", () => {
    const all = filled().all();
    assert.deepEqual({ ...all }, {
      "content-type": "text/plain",
      "x-count": 3,
      "set-cookie": ["a=1", "b=2"],
    });
    assert.equal(Object.getPrototypeOf(all), null);
  });

  test("makes one line of each value, of text", () => {
    assert.deepEqual(filled().pairs(), [
      ["content-type", "text/plain"],
      ["x-count", "3"],
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
    ]);
  });

  test("takes away a field whole, and lets it be set again behind the others", () => {
    const headers = filled();
    headers.remove("CONTENT-TYPE");
    headers.remove("etag");
    assert.equal(headers.has("content-type"), false);
    assert.deepEqual(headers.names(), ["x-count", "set-cookie"]);
    headers.set("content-type", "a/b");
    assert.deepEqual(headers.pairs().at(-1), ["content-type", "a/b"]);
  });

  test("appends behind one value, several, and none", () => {
    const headers = filled();
    headers.append("x-count", 4);
    headers.append("set-cookie", ["c=3", "d=4"]);
    headers.append("Via", "a");
    assert.deepEqual(headers.get("x-count"), ["3", "4"]);
    assert.deepEqual(headers.get("set-cookie"), ["a=1", "b=2", "c=3", "d=4"]);
    assert.equal(headers.get("via"), "a");
  });

  test("leaves a list of the caller as it was", () => {
    const cookies = ["a=1"];
    const headers = new ResponseHeaders();
    headers.set("set-cookie", cookies);
    headers.append("set-cookie", "b=2");
    assert.deepEqual(cookies, ["a=1"]);
  });

  for (const name of ["", "a b", "a:b", "a\r\nb", "é"]) {
    test(`refuses the name ${JSON.stringify(name)}, every time`, () => {
      const headers = new ResponseHeaders();
      for (let i = 0; i < 2; i++) {
        assert.throws(
          () => headers.set(name, "x"),
          withCode("ERR_INVALID_HTTP_TOKEN"),
        );
        assert.throws(
          () => headers.append(name, "x"),
          withCode("ERR_INVALID_HTTP_TOKEN"),
        );
      }
      assert.deepEqual(headers.names(), []);
    });
  }

  for (
    const [value, code] of [
      ["a\r\nb: c", "ERR_INVALID_CHAR"],
      ["a\0", "ERR_INVALID_CHAR"],
      ["\u{1F600}", "ERR_INVALID_CHAR"],
      [undefined, "ERR_HTTP_INVALID_HEADER_VALUE"],
    ] as const
  ) {
    test(`refuses the value ${JSON.stringify(value)}, and keeps the old one`, () => {
      const headers = filled();
      assert.throws(
        () => headers.set("x-count", value as string),
        withCode(code),
      );
      assert.throws(
        () => headers.append("x-count", value as string),
        withCode(code),
      );
      assert.equal(headers.get("x-count"), 3);
    });
  }

  test("checks names beyond those that it keeps", () => {
    const headers = new ResponseHeaders();
    for (let i = 0; i < 600; i++) {
      headers.set(`X-Made-Up-${i}`, "x");
      headers.remove(`x-MADE-up-${i}`);
    }
    const long = "X".repeat(100);
    headers.set(long, "x");
    headers.set("X-Made-Up-Last", "y");
    assert.deepEqual(headers.pairs(), [
      ["x".repeat(100), "x"],
      ["x-made-up-last", "y"],
    ]);
    assert.throws(
      () => headers.set("X Made Up", "x"),
      withCode("ERR_INVALID_HTTP_TOKEN"),
    );
  });
});
