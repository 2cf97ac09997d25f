import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_LIMITS } from "../../src/http/limits.ts";

test("every limit is on by default", () => {
  for (const [name, limit] of Object.entries(DEFAULT_LIMITS)) {
    assert.ok(Number.isInteger(limit) && limit > 0, name);
  }
});

test("a target that is allowed fits into a head that is allowed", () => {
  assert.ok(DEFAULT_LIMITS.maxTargetBytes < DEFAULT_LIMITS.maxHeadBytes);
});

test("a chunk line that is allowed holds the largest exact size", () => {
  assert.ok(DEFAULT_LIMITS.maxChunkLineBytes >= "1fffffffffffff\r\n".length);
});
