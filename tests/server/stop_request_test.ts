import assert from "node:assert/strict";
import { test } from "node:test";
import { StopRequest } from "../../src/server/stop_request.ts";
import { settle } from "../_support/fake_clock.ts";

function setUp() {
  const timers = new Map<() => void, number>();
  const stop = new StopRequest(
    { timeoutMs: 30_000, delayMs: 0 },
    (ms, callback) => {
      timers.set(callback, ms);
      return () => void timers.delete(callback);
    },
  );
  const resolved: string[] = [];
  for (
    const name of ["requested", "forced", "timedOut", "delayEnded"] as const
  ) {
    void stop[name].then(() => resolved.push(name));
  }
  return { stop, timers, resolved };
}

test("StopRequest resolves once, and keeps the defaults that nobody changes", async () => {
  const { stop, resolved, timers } = setUp();
  assert.equal(stop.isRequested, false);
  stop.request();
  stop.request();
  await settle();
  assert.deepEqual(resolved, ["requested"]);
  assert.deepEqual([stop.timeoutMs, stop.delayMs], [30_000, 0]);
  assert.equal(timers.size, 0);
});

test("StopRequest takes the times of the last call that gives any", () => {
  const { stop, timers } = setUp();
  stop.request({ timeout: 5, delay: 2 });
  stop.request({ delay: 1 });
  assert.deepEqual([stop.timeoutMs, stop.delayMs], [5_000, 1_000]);
  assert.equal(timers.size, 0, "the shutdown counts them when it gets there");
});

test("StopRequest keeps that another process serves in its place", () => {
  const { stop } = setUp();
  assert.equal(stop.isReplaced, false);
  stop.request({ isReplaced: true });
  stop.request({ timeout: 1 });
  assert.equal(stop.isReplaced, true);
});

test("StopRequest counts a time that is given during the shutdown from then on", async () => {
  const { stop, timers, resolved } = setUp();
  stop.request();
  stop.begin();
  stop.request({ timeout: 3 });
  stop.request({ delay: 1 });
  assert.deepEqual([...timers.values()], [3_000, 1_000]);
  for (const callback of timers.keys()) callback();
  await settle();
  assert.deepEqual(resolved, ["requested", "timedOut", "delayEnded"]);
});

test("StopRequest leaves no timer behind when the server has ended", () => {
  const { stop, timers } = setUp();
  stop.begin();
  stop.request({ timeout: 3 });
  stop.end();
  assert.equal(timers.size, 0);
  stop.request({ timeout: 3 });
  assert.equal(timers.size, 0);
});

test("StopRequest.force() asks for the end, now", async () => {
  const { stop, resolved } = setUp();
  stop.force();
  await settle();
  assert.deepEqual(resolved.sort(), ["forced", "requested"]);
  assert.deepEqual([stop.isRequested, stop.isForced], [true, true]);
});
