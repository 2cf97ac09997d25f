import assert from "node:assert/strict";
import { test } from "node:test";
import {
  httpFaultText,
  webSocketFaultText,
} from "../../src/connection/fault_text.ts";
import {
  HTTP_FAULTS,
  type HttpFaultCode,
  WEBSOCKET_FAULTS,
  type WebSocketFaultCode,
} from "../../src/faults.ts";
import { DEFAULT_WEBSOCKET_LIMITS } from "../../src/websocket/limits.ts";
import { SETTINGS } from "../_support/harness.ts";

const CLIENT = "10.0.0.7:5112";
const HTTP = { ...SETTINGS, maxBodyBytes: 1_000, minBodyRate: 240 };
const WEBSOCKET = {
  limits: DEFAULT_WEBSOCKET_LIMITS,
  maxQueue: 32,
  pingIntervalMs: 20_000,
  pingTimeoutMs: 10_500,
  closeMs: 5_000,
  handshakeMs: 30_000,
  deflate: undefined,
};

for (
  const [code, text] of [
    [
      "HEAD_TOO_LARGE",
      "431 for 10.0.0.7:5112: request head exceeds 65536 bytes (--limit-request-head)",
    ],
    [
      "TOO_MANY_HEADERS",
      "431 for 10.0.0.7:5112: request head has more than 128 header fields (--limit-request-fields)",
    ],
    [
      "TARGET_TOO_LONG",
      "414 for 10.0.0.7:5112: request target exceeds 16384 bytes (--limit-request-target)",
    ],
    [
      "TARGET_LONGER_THAN_HEAD",
      "414 for 10.0.0.7:5112: request target exceeds the 65536 bytes of a whole request head " +
      "(--limit-request-head)",
    ],
    [
      "HEAD_TIMEOUT",
      "408 for 10.0.0.7:5112: request head did not arrive within 30 seconds (--timeout-request-head)",
    ],
    [
      "BODY_TIMEOUT",
      "408 for 10.0.0.7:5112: nothing of the request body arrived for 60 seconds " +
      "(--timeout-request-body)",
    ],
    [
      "BODY_TOO_SLOW",
      "408 for 10.0.0.7:5112: request body arrived at less than 240 bytes per second " +
      "(--min-body-rate)",
    ],
    [
      "BODY_TOO_LARGE",
      "413 for 10.0.0.7:5112: request body exceeds 1000 bytes (--limit-request-body)",
    ],
    [
      "TOO_MANY_TRAILERS",
      "431 for 10.0.0.7:5112: trailer section has more than 32 fields",
    ],
    [
      "UNSUPPORTED_VERSION",
      "505 for 10.0.0.7:5112: expected version HTTP/1.1 or HTTP/1.0",
    ],
    [
      "CHUNK_LINE_TOO_LONG",
      "Invalid HTTP request received. Cannot read chunk size: its line exceeds 256 bytes " +
      "(10.0.0.7:5112)",
    ],
    [
      "BAD_METHOD",
      "Invalid HTTP request received. Cannot read method: expected a token and one space " +
      "(10.0.0.7:5112)",
    ],
  ] as readonly [HttpFaultCode, string][]
) {
  test(`a refusal for ${code} tells status, client, reason and option`, () => {
    assert.equal(httpFaultText(code, CLIENT, HTTP), text);
  });
}

test("a refusal of a client without a name leaves it away", () => {
  assert.equal(
    httpFaultText("BODY_TOO_LARGE", "", HTTP),
    "413: request body exceeds 1000 bytes (--limit-request-body)",
  );
  assert.doesNotMatch(httpFaultText("BAD_METHOD", "", HTTP), /\(\)/);
});

for (
  const [code, text] of [
    [
      "MESSAGE_TOO_BIG",
      "WebSocket closed with 1009 for 10.0.0.7:5112: message exceeds 16777216 bytes (--ws-max-size)",
    ],
    [
      "INFLATE_BOMB",
      "WebSocket closed with 1009 for 10.0.0.7:5112: message inflates to more than 200 times its " +
      "size (--ws-max-inflate-ratio)",
    ],
    [
      "TOO_MANY_FRAGMENTS",
      "WebSocket closed with 1009 for 10.0.0.7:5112: message has more than 131072 fragments",
    ],
    [
      "PING_TIMEOUT",
      "WebSocket closed with 1011 for 10.0.0.7:5112: no pong within 10.5 seconds (--ws-ping-timeout)",
    ],
    [
      "UNMASKED_FRAME",
      "WebSocket closed with 1002 for 10.0.0.7:5112: frame is not masked (RFC 6455 §5.1)",
    ],
  ] as readonly [WebSocketFaultCode, string][]
) {
  test(`a WebSocket closed for ${code} tells code, client, reason and option`, () => {
    assert.equal(webSocketFaultText(code, CLIENT, WEBSOCKET), text);
  });
}

test("every number of a limit is filled in", () => {
  for (const code of Object.keys(HTTP_FAULTS) as HttpFaultCode[]) {
    assert.doesNotMatch(httpFaultText(code, CLIENT, HTTP), /#|Infinity/);
  }
  for (const code of Object.keys(WEBSOCKET_FAULTS) as WebSocketFaultCode[]) {
    assert.doesNotMatch(webSocketFaultText(code, CLIENT, WEBSOCKET), /#/);
  }
});
