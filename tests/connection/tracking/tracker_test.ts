import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type TrackedCall,
  Tracker,
} from "../../../src/connection/tracking/tracker.ts";
import { RECORD } from "../../_support/request_records.ts";

function call(): TrackedCall {
  return { listIndex: -1, cancel() {} };
}

describe("Tracker counts", () => {
  test("a call until it has returned, and for the limit until its response is complete", () => {
    const tracker = new Tracker();
    tracker.startCall();
    assert.deepEqual([tracker.runningCalls, tracker.concurrentCalls], [1, 1]);
    tracker.releaseConcurrency();
    assert.deepEqual([tracker.runningCalls, tracker.concurrentCalls], [1, 0]);
    tracker.endCall(call());
    assert.deepEqual([tracker.runningCalls, tracker.concurrentCalls], [0, 0]);
  });

  test("requests and connections, from 1 on", () => {
    const tracker = new Tracker();
    tracker.endRequest(undefined);
    tracker.endRequest(undefined);
    assert.equal(tracker.totalRequests, 2);
    assert.deepEqual([
      tracker.nextConnectionId(),
      tracker.nextConnectionId(),
      tracker.lastConnectionId,
    ], [1, 2, 2]);
  });

  test("clients only if it is asked to", () => {
    for (const countsClients of [true, false]) {
      const { connections } = new Tracker({ countsClients });
      connections.enter("192.0.2.7");
      assert.equal(connections.countOf("192.0.2.7"), countsClients ? 1 : 0);
    }
  });
});

test("Tracker forgets a detached call that returns", () => {
  const tracker = new Tracker();
  const detached = call();
  tracker.startCall();
  tracker.detachedCalls.add(detached);
  tracker.endCall(detached);
  assert.equal(tracker.detachedCalls.size, 0);
});

test("Tracker gives each record to every observer, in their order", () => {
  const seen: string[] = [];
  const tracker = new Tracker({
    observers: [
      { onRequestEnd: ({ status }) => void seen.push(`a ${status}`) },
      { onRequestEnd: ({ status }) => void seen.push(`b ${status}`) },
    ],
  });
  assert.equal(tracker.wantsRecords, true);
  tracker.endRequest(RECORD);
  tracker.endRequest({ ...RECORD, status: 404 });
  assert.deepEqual(seen, ["a 200", "b 200", "a 404", "b 404"]);
});

test("Tracker wants no record if nobody observes requests", () => {
  assert.equal(new Tracker().wantsRecords, false);
});

test("Tracker tells of each end until the observer stops, even from inside", () => {
  const tracker = new Tracker();
  const seen: string[] = [];
  const stopFirst = tracker.observeProgress(() => {
    seen.push("first");
    stopFirst();
  });
  tracker.observeProgress(() => void seen.push("second"));
  tracker.endRequest(undefined);
  tracker.endCall(call());
  tracker.onProgress();
  assert.deepEqual(seen, ["first", "second", "second", "second"]);
});
