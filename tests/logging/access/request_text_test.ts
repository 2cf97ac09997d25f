import assert from "node:assert/strict";
import { test } from "node:test";
import {
  requestLine,
  requestText,
  targetText,
} from "../../../src/logging/access/request_text.ts";
import { RECORD } from "../../_support/request_records.ts";

const REQUEST = { ...RECORD, path: "/a b", query: 'c="d"' };

test("requestText() is the request line, escaped, or names a WebSocket", () => {
  assert.equal(targetText(REQUEST), "/a%20b?c=%22d%22");
  assert.equal(targetText({ path: "/", query: "" }), "/");
  assert.equal(requestLine(REQUEST), "GET /a%20b?c=%22d%22 HTTP/1.1");
  assert.equal(requestText(REQUEST), requestLine(REQUEST));
  const handshake = { ...REQUEST, isWebSocket: true };
  assert.equal(requestText(handshake), "WebSocket /a%20b?c=%22d%22");
});
