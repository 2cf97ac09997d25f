import assert from "node:assert/strict";
import { test } from "node:test";
import { lastCallOf } from "../../src/server/shutdown.ts";

for (
  const [what, isReplaced, timeoutMs, expected] of [
    ["a quarter of a second before its end", false, 30_000, 250],
    ["a second if another process serves in its place", true, 30_000, 1_000],
    ["a quarter of the time that there is", true, 2_000, 500],
    ["no less than it would get otherwise", true, 100, 250],
  ] as const
) {
  test(`a connection that was just in use is left open for ${what}`, () => {
    assert.equal(lastCallOf({ isReplaced, timeoutMs }), expected);
  });
}
