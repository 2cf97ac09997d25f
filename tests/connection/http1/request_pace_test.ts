import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestPace } from "../../../src/connection/http1/request_pace.ts";

/** A pace on a clock that the test sets. */
function setUp() {
  const clock = { nowMs: 0, reads: 0 };
  const pace = new RequestPace(() => {
    clock.reads++;
    return clock.nowMs;
  });
  const requestAt = (ms: number) => {
    clock.nowMs = ms;
    pace.onRequest();
  };
  return { clock, pace, requestAt };
}

test("RequestPace takes a client that has asked nothing, or once, for done", () => {
  const { clock, pace, requestAt } = setUp();
  clock.nowMs = 5;
  assert.equal(pace.isOver, true);
  requestAt(10);
  assert.equal(pace.isOver, true);
});

test("RequestPace waits three times the longest pause", () => {
  const { clock, pace, requestAt } = setUp();
  for (const ms of [1_000, 1_100, 1_105]) requestAt(ms);
  clock.nowMs = 1_404;
  assert.equal(pace.isOver, false);
  clock.nowMs = 1_405;
  assert.equal(pace.isOver, true);
});

test("RequestPace does not judge who sends many requests, nor reads the clock for each", () => {
  const { clock, pace, requestAt } = setUp();
  for (let n = 1; n <= 8; n++) requestAt(n);
  assert.equal(clock.reads, 8);
  clock.nowMs = 10_000;
  assert.equal(pace.isOver, true);
  const { reads } = clock;
  for (let n = 0; n < 100; n++) requestAt(20_000);
  clock.nowMs = 100_000;
  assert.equal(pace.isOver, false);
  assert.equal(clock.reads, reads);
});
