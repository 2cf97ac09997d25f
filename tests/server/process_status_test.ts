import assert from "node:assert/strict";
import { test } from "node:test";
import type { Activity } from "../../src/connection/tracking/activity.ts";
import { processStatus } from "../../src/server/process_status.ts";

function activity(startedAtMs: number, path = "/"): Activity {
  return {
    method: "GET",
    path,
    scheme: "http",
    client: "127.0.0.1:1",
    startedAtMs,
    waitsFor: "application",
  };
}

function status(activities: readonly (Activity | undefined)[]) {
  return processStatus({
    pid: 7,
    phase: "running",
    connections: activities.map((activity) => ({ activity })),
    stats: { connections: 3, requestsInProgress: 2, totalRequests: 9 },
    memoryBytes: 1024,
    loopLagMs: 1.6,
    startedAtMs: 1_000,
    nowMs: 3_450,
  });
}

test("processStatus() is plain data", () => {
  const found = status([]);
  assert.deepEqual(JSON.parse(JSON.stringify(found)), found);
  assert.deepEqual(found, {
    pid: 7,
    phase: "running",
    uptimeSeconds: 2.5,
    connections: 3,
    requestsInProgress: 2,
    totalRequests: 9,
    memoryBytes: 1024,
    loopLagMs: 2,
    inFlight: [],
  });
});

test("processStatus() has the oldest requests first, with their age", () => {
  const { inFlight } = status([
    activity(3_000, "/b"),
    undefined,
    activity(2_000, "/a"),
  ]);
  assert.deepEqual(inFlight.map(({ path, ageMs }) => [path, ageMs]), [
    ["/a", 1450],
    ["/b", 450],
  ]);
});

test("processStatus() says null where no start was kept", () => {
  assert.equal(status([activity(0)]).inFlight[0]!.ageMs, null);
});

test("processStatus() lists at most 100 requests, the oldest", () => {
  const many = Array.from({ length: 150 }, (_, at) => activity(2_000 - at));
  const { inFlight } = status(many);
  assert.equal(inFlight.length, 100);
  assert.equal(inFlight[0]!.ageMs, 1450 + 149);
});
