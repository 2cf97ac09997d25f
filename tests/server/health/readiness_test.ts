import assert from "node:assert/strict";
import { test } from "node:test";
import { unreadyPhase } from "../../../src/server/health/readiness.ts";

for (
  const [phase, isStopping, reason] of [
    ["new", false, "the server is starting"],
    ["starting", false, "the server is starting"],
    ["starting", true, "the server is shutting down"],
    ["running", false, undefined],
    ["running", true, "the server is shutting down"],
    ["stopping", true, "the server is shutting down"],
    ["finished", true, "the server has ended"],
  ] as const
) {
  const when = `${phase}${isStopping ? ", told to end" : ""}`;
  test(`a server that is ${when} says: ${reason ?? "nothing"}`, () => {
    const expected = reason && { isReady: false, reason };
    assert.deepEqual(unreadyPhase(phase, isStopping), expected);
  });
}
