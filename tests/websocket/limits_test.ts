import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_WEBSOCKET_LIMITS } from "../../src/websocket/limits.ts";

test("every limit is a finite number of at least one by default", () => {
  for (const [name, limit] of Object.entries(DEFAULT_WEBSOCKET_LIMITS)) {
    assert.ok(Number.isSafeInteger(limit) && limit >= 1, name);
  }
});

test("the largest message is that of the original", () => {
  assert.equal(DEFAULT_WEBSOCKET_LIMITS.maxMessageBytes, 16_777_216);
});

test("the fragments allowed hold the largest message", () => {
  const { maxFragments, maxMessageBytes } = DEFAULT_WEBSOCKET_LIMITS;
  assert.ok(maxFragments * 128 >= maxMessageBytes);
});
