import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DEFAULT_LIMITS } from "../../src/http/limits.ts";
import type { HeaderField } from "../../src/http/request_head.ts";
import { RequestLine } from "../../src/http1/request_line.ts";
import { FAULT, NEEDS_MORE } from "../../src/http1/scan_result.ts";
import { octets } from "../_support/feed.ts";

const LIMITS = { ...DEFAULT_LIMITS, maxTargetBytes: 20 };
/** The line does not begin where the memory does, and bytes follow it. */
const BASE = 3;

interface Reading {
  readonly size: number;
  readonly fault: string;
  readonly version?: string;
  readonly parts?: unknown;
  readonly headers?: readonly HeaderField[];
}

/** Reads `text` after its first `cut` bytes were read alone. */
function read(text: string, cut: number): Reading {
  const bytes = octets(`___${text}more`);
  const end = BASE + text.length;
  const line = new RequestLine();
  let size = line.scan(bytes, BASE, BASE + cut, LIMITS);
  if (size === NEEDS_MORE) {
    assert.equal(line.lookedAt, cut);
    size = line.scan(bytes, BASE, end, LIMITS);
  }
  if (size === FAULT) return { size, fault: line.fault };
  const version = line.version(bytes, BASE);
  const headers: HeaderField[] = [["a", "b"], ["host", "old"]];
  const parts = line.read(bytes, BASE, headers);
  return parts === undefined
    ? { size: FAULT, fault: line.fault }
    : { size, fault: "", version, parts, headers };
}

/** Reads `text` whole and cut everywhere, which must not matter. */
function readAnyhow(text: string): Reading {
  const whole = read(text, text.length);
  for (let cut = 0; cut < text.length; cut++) {
    assert.deepEqual(read(text, cut), whole, `cut at ${cut}`);
  }
  return whole;
}

describe("RequestLine (RFC 9112 §3)", () => {
  for (
    const [text, version, method, rawPath, query] of [
      ["GET / HTTP/1.1\r\n", "1.1", "GET", "/", ""],
      ["POST /a?b=c HTTP/1.0\r\n", "1.0", "POST", "/a", "b=c"],
      ["GETS /a#b?c HTTP/1.9\r\n", "1.1", "GETS", "/a", ""],
      ["get /?a?b#c HTTP/1.1\r\n", "1.1", "get", "/", "a?b"],
      ["GET /#a HTTP/1.1\r\n", "1.1", "GET", "/", ""],
      ["GET /a? HTTP/1.1\r\n", "1.1", "GET", "/a", ""],
      ["PATCH //x HTTP/1.1\r\n", "1.1", "PATCH", "//x", ""],
      ["OPTIONS * HTTP/1.1\r\n", "1.1", "OPTIONS", "*", ""],
    ] as const
  ) {
    test(`reads ${JSON.stringify(text)}`, () => {
      assert.deepEqual(readAnyhow(text), {
        size: text.length,
        fault: "",
        version,
        parts: { method, rawPath, query },
        headers: [["a", "b"], ["host", "old"]],
      });
    });
  }

  test("puts the authority of an absolute form in the place of the host", () => {
    const { parts, headers } = readAnyhow("GET http://new?q HTTP/1.1\r\n");
    assert.deepEqual(parts, { method: "GET", rawPath: "/", query: "q" });
    assert.deepEqual(headers, [["a", "b"], ["host", "new"]]);
  });

  for (
    const [target, rawPath, query] of [
      ["http://a", "/", ""],
      ["http://a/b?c#d?e", "/b", "c"],
      ["http://a?b", "/", "b"],
      ["http://a#b?c", "/", ""],
      ["http://a/b#c?d", "/b", ""],
    ] as const
  ) {
    test(`reads the absolute form ${target}`, () => {
      assert.deepEqual(readAnyhow(`GET ${target} HTTP/1.1\r\n`).parts, {
        method: "GET",
        rawPath,
        query,
      });
    });
  }

  for (
    const [text, fault] of [
      ["\x16\x03\x01", "TLS_ON_PLAIN_PORT"],
      [" / HTTP/1.1\r\n", "BAD_METHOD"],
      ["GE(T / HTTP/1.1\r\n", "BAD_METHOD"],
      ["GET\r\n", "BAD_REQUEST_LINE"],
      ["GET  HTTP/1.1\r\n", "BAD_REQUEST_LINE"],
      ["GET /\x7f HTTP/1.1\r\n", "BAD_TARGET"],
      ["GET /\r\n", "BAD_REQUEST_LINE"],
      [`GET /${"x".repeat(20)} HTTP/1.1\r\n`, "TARGET_TOO_LONG"],
      ["GET / HTTP/2.0\r\n", "UNSUPPORTED_VERSION"],
      ["PRI * HTTP/2.0\r\n", "HTTP2_PREFACE"],
      ["GET / http/1.1\r\n", "BAD_REQUEST_LINE"],
      ["GET / HTTP/1.1\n", "BAD_LINE_END"],
      ["GET / HTTP/1.1\rx", "BAD_LINE_END"],
      ["CONNECT a:1 HTTP/1.1\r\n", "CONNECT_METHOD"],
      ["CONNECT /a HTTP/1.1\r\n", "BAD_TARGET"],
      ["GET a HTTP/1.1\r\n", "BAD_TARGET"],
    ] as const
  ) {
    test(`refuses ${JSON.stringify(text)}`, () => {
      assert.deepEqual(readAnyhow(text), { size: FAULT, fault });
    });
  }

  test("reads the longest target", () => {
    const text = `GET /${"x".repeat(19)} HTTP/1.1\r\n`;
    assert.equal(readAnyhow(text).size, text.length);
  });

  test("knows after read() whether its target is a path", () => {
    const line = new RequestLine();
    for (
      const [target, isOrigin] of [
        ["/a", true],
        ["http://b/c", false],
        ["/", true],
        ["*", false],
      ] as const
    ) {
      const text = `OPTIONS ${target} HTTP/1.1\r\n`;
      const bytes = octets(text);
      assert.equal(line.scan(bytes, 0, text.length, LIMITS), text.length);
      line.read(bytes, 0, []);
      assert.equal(line.isOrigin, isOrigin, target);
      line.reset();
    }
  });

  test("reads the next line after reset()", () => {
    const line = new RequestLine();
    for (const text of ["GET /a?b#c HTTP/1.1\r\n", "PUT /d HTTP/1.0\r\n"]) {
      const bytes = octets(text);
      assert.equal(line.scan(bytes, 0, text.length, LIMITS), text.length);
      const parts = line.read(bytes, 0, []);
      assert.deepEqual(
        parts,
        text.startsWith("GET")
          ? { method: "GET", rawPath: "/a", query: "b" }
          : { method: "PUT", rawPath: "/d", query: "" },
      );
      line.reset();
      assert.equal(line.lookedAt, 0);
    }
  });

  test("seen() knows what has been read, cut", () => {
    const seen = (text: string) => {
      const line = new RequestLine();
      const bytes = octets(text);
      line.scan(bytes, 0, bytes.length, DEFAULT_LIMITS);
      return line.seen(bytes, 0, bytes.length);
    };
    assert.equal(seen("GET"), undefined);
    assert.deepEqual(seen("GET /a?b"), {
      method: "GET",
      rawPath: "/a",
      query: "b",
      version: "",
    });
    assert.equal(seen("GET /a HTTP/2.0\r\n")?.version, "2.0");
    assert.equal(seen(`GET /${"x".repeat(300)}`)?.rawPath.length, 259);
  });
});
