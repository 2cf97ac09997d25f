import assert from "node:assert/strict";
import { test } from "node:test";
import { Tracker } from "../../src/connection/tracking/tracker.ts";
import { limitRequests } from "../../src/server/request_limit.ts";

test("limitRequests() calls back once, at the limit", () => {
  const tracker = new Tracker();
  const reached: number[] = [];
  limitRequests(
    { limitMaxRequests: 3, limitMaxRequestsJitter: 0 },
    tracker,
    (limit) => void reached.push(limit),
  );
  for (let i = 0; i < 2; i++) tracker.endRequest(undefined);
  assert.deepEqual(reached, []);
  for (let i = 0; i < 5; i++) tracker.endRequest(undefined);
  assert.deepEqual(reached, [3]);
});

test("limitRequests() draws a limit up to the jitter higher", () => {
  const drawn = new Set<number>();
  for (let i = 0; i < 200; i++) {
    const tracker = new Tracker();
    limitRequests(
      { limitMaxRequests: 1, limitMaxRequestsJitter: 2 },
      tracker,
      (limit) => void drawn.add(limit),
    );
    for (let n = 0; n < 3; n++) tracker.endRequest(undefined);
  }
  assert.deepEqual([...drawn].sort(), [1, 2, 3]);
});
