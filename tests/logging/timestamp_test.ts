import assert from "node:assert/strict";
import { test } from "node:test";
import { stampLines, timestamp } from "../../src/logging/timestamp.ts";

const TIME = Date.UTC(2026, 0, 2, 3, 4, 5, 6);

test("timestamp() is ISO 8601 in UTC, with milliseconds", () => {
  assert.equal(timestamp(TIME), "2026-01-02T03:04:05.006Z");
  assert.equal(timestamp(TIME), "2026-01-02T03:04:05.006Z");
  assert.equal(timestamp(TIME + 1), "2026-01-02T03:04:05.007Z");
});

test("stampLines() puts the time in front of each line", () => {
  const stamp = "2026-01-02T03:04:05.006Z";
  assert.equal(stampLines("a\n", TIME), `${stamp} a\n`);
  assert.equal(stampLines("a\nb\n", TIME), `${stamp} a\n${stamp} b\n`);
});
