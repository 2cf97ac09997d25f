import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  HTTP_FAULTS,
  type HttpFaultCode,
  PROXY_FAULTS,
  type ProxyFaultCode,
  WEBSOCKET_FAULTS,
} from "../src/faults.ts";
import { OPTIONS } from "../src/config/options/mod.ts";
import { readProxyHeader } from "../src/proxy/proxy_header.ts";
import { feedFault, octets } from "./_support/feed.ts";
import { proxyV2, tcp4, values } from "./_support/proxy_headers.ts";

/** A request with these lines after its `host`. */
function fields(...lines: string[]): string {
  return `POST / HTTP/1.1\r\nHost: a\r\n${
    lines.map((line) => `${line}\r\n`).join("")
  }\r\n`;
}

function chunks(text: string): string {
  return fields("Transfer-Encoding: chunked") + text;
}

/** What provokes each fault in the parser; those of the clock and of bodies are the connection's. */
const PROVOKED: Readonly<
  Record<HttpFaultCode, string>
> = {
  TLS_ON_PLAIN_PORT: "\x16\x03\x01\x02\x00",
  HTTP2_PREFACE: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  BAD_LINE_END: "GET / HTTP/1.1\nHost: a\n\n",
  BAD_METHOD: "G@T / HTTP/1.1\r\n",
  BAD_TARGET: "GET /\x01 HTTP/1.1\r\n",
  TARGET_TOO_LONG: `GET /${"x".repeat(16 * 1024)}`,
  TARGET_LONGER_THAN_HEAD: "by a small head limit",
  BAD_REQUEST_LINE: "GET /\r\n",
  CONNECT_METHOD: "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
  UNSUPPORTED_VERSION: "GET / HTTP/2.0\r\n",
  BAD_HEADER_NAME: fields("x : y"),
  BAD_HEADER_VALUE: fields("x: \0"),
  OBSOLETE_FOLD: fields("x: y", " z"),
  HEAD_TOO_LARGE: fields(`x: ${"y".repeat(64 * 1024)}`),
  TOO_MANY_HEADERS: fields(...Array(128).fill("x: y")),
  MISSING_HOST: "GET / HTTP/1.1\r\n\r\n",
  REPEATED_HOST: fields("Host: a"),
  BAD_HOST: "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
  BAD_CONTENT_LENGTH: fields("Content-Length: +5"),
  CONFLICTING_CONTENT_LENGTH: fields("Content-Length: 5", "Content-Length: 6"),
  CONTENT_LENGTH_AND_TRANSFER_ENCODING: fields(
    "Content-Length: 5",
    "Transfer-Encoding: chunked",
  ),
  BAD_TRANSFER_ENCODING: fields("Transfer-Encoding: chunked, gzip"),
  UNSUPPORTED_TRANSFER_CODING: fields("Transfer-Encoding: gzip, chunked"),
  TRANSFER_ENCODING_IN_HTTP10:
    "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
  BAD_CHUNK_SIZE: chunks("0x5\r\n"),
  BAD_CHUNK_END: chunks("1\r\nxy"),
  CHUNK_LINE_TOO_LONG: chunks(`1;${"x".repeat(256)}`),
  BAD_TRAILER: chunks("0\r\nx\r\n"),
  SMUGGLED_TRAILER: chunks("0\r\nContent-Length: 5\r\n"),
  TRAILERS_TOO_LARGE: chunks(`0\r\nx: ${"y".repeat(8 * 1024)}`),
  TOO_MANY_TRAILERS: chunks(`0\r\n${"x: y\r\n".repeat(33)}`),
  UNMET_EXPECTATION: fields("Expect: a-miracle"),
  HEAD_TIMEOUT: "by the clock",
  BODY_TIMEOUT: "by the clock",
  BODY_TOO_SLOW: "by the clock",
  BODY_TOO_LARGE: "by the connection",
};

/** The options that faults may name. */
const FLAGS: readonly string[] = Object.values(OPTIONS).map(({ flag }) => flag);

/** Statuses of a 4xx or 5xx answer that fits a broken request. */
const STATUSES = [400, 408, 413, 414, 417, 431, 501, 505];

for (const code of Object.keys(HTTP_FAULTS) as HttpFaultCode[]) {
  describe(code, () => {
    const { status, message, option, source } = HTTP_FAULTS[code];

    test("has a status that tells the peer that it is wrong", () => {
      assert.ok(STATUSES.includes(status), `${status}`);
    });

    test("says what could not be done, and what was wanted", () => {
      assert.match(
        message,
        status === 400
          ? /^Cannot [^:]+: \S[^\n]*[^.\s]$/
          : /^[a-z][^\n]*[^.\s]$/,
      );
      assert.ok(message.length <= 100, "longer than a line of a log");
    });

    test("names the rule, and the option that changes its limit", () => {
      assert.match(source, /^RFC \d{4} §\d+(\.\d+)*$/);
      if (option === undefined) return;
      assert.match(message, /#/);
      assert.ok(FLAGS.includes(option), option);
    });

    test("is provoked", () => {
      const input = PROVOKED[code];
      if (input === "by the clock") assert.equal(status, 408);
      else if (input === "by the connection") assert.equal(status, 413);
      else if (input === "by a small head limit") assert.equal(status, 414);
      else assert.equal(feedFault(input), code);
    });
  });
}

test("no fault is provoked that is not in the table", () => {
  assert.deepEqual(
    Object.keys(PROVOKED).sort(),
    Object.keys(HTTP_FAULTS).sort(),
  );
});

for (const [code, fault] of Object.entries(WEBSOCKET_FAULTS)) {
  test(`${code} names the rule, and the option that changes its limit`, () => {
    const { source, detail = "", option } = fault;
    assert.match(source, /^RFC \d{4} §\d+(\.\d+)*$/);
    if (option === undefined) return;
    assert.match(detail, /#/);
    assert.ok(FLAGS.includes(option), option);
  });
}

const ADDRESSES = tcp4("198.51.100.7", "192.0.2.1", 56324, 443);
const CHECKSUM = [0x03, Uint8Array.of(1, 2, 3, 4)] as const;

/** What provokes each fault in a PROXY header; those of endings are the connection's. */
const PROVOKED_PROXY: Readonly<
  Record<ProxyFaultCode, Uint8Array | "by the connection">
> = {
  NO_PROXY_HEADER: octets("GET / HTTP/1.1\r\n"),
  BAD_PROXY_LINE: octets("PROXY TCP4 a b c d\r\n"),
  PROXY_LINE_TOO_LONG: octets(`PROXY UNKNOWN ${"x".repeat(107)}`),
  BAD_PROXY_VERSION: proxyV2({ version: 3, family: 0x11, body: ADDRESSES }),
  BAD_PROXY_COMMAND: proxyV2({ command: 2, family: 0x11, body: ADDRESSES }),
  BAD_PROXY_FAMILY: proxyV2({ family: 0x41, body: ADDRESSES }),
  SHORT_PROXY_ADDRESSES: proxyV2({ family: 0x21, body: ADDRESSES }),
  PROXY_HEADER_TOO_LONG: proxyV2({ family: 0, body: new Uint8Array(4081) }),
  BAD_PROXY_VALUES: proxyV2({
    family: 0x11,
    body: Uint8Array.of(...ADDRESSES, 1),
  }),
  BAD_PROXY_CHECKSUM: proxyV2({
    family: 0x11,
    body: values(ADDRESSES, CHECKSUM),
  }),
  PROXY_HEADER_CUT_OFF: "by the connection",
  PROXY_HEADER_TIMEOUT: "by the connection",
};

for (const code of Object.keys(PROXY_FAULTS) as ProxyFaultCode[]) {
  describe(code, () => {
    const { message, source } = PROXY_FAULTS[code];

    test("says what could not be done, and why", () => {
      assert.match(message, /^Cannot read PROXY header: \S[^\n]*[^.\s]$/);
      assert.ok(message.length <= 80, "longer than a line of a log");
    });

    test("names the rule", () => {
      assert.match(source, /^PROXY §\d(\.\d)*$/);
    });

    test("is provoked", () => {
      const input = PROVOKED_PROXY[code];
      if (input === "by the connection") return;
      assert.deepEqual(readProxyHeader(input), { kind: "fault", fault: code });
    });
  });
}
