import assert from "node:assert/strict";
import { test } from "node:test";
import { LoopLag } from "../../src/server/loop_lag.ts";

/** A clock whose timer is late when the test says so. */
function scene() {
  let nowMs = 1000;
  let tick: (() => void) | undefined;
  const lag = new LoopLag({
    monotonicMs: () => nowMs,
    every: (_ms, callback) => {
      tick = callback;
      return () => tick = undefined;
    },
  });
  return {
    lag,
    pass: (ms: number) => void (nowMs += ms),
    tick: (ms: number) => {
      nowMs += ms;
      tick?.();
    },
    get runs() {
      return tick !== undefined;
    },
  };
}

test("LoopLag is the longest delay of the last 20 samples", () => {
  const { lag, tick } = scene();
  lag.start();
  assert.equal(lag.lagMs, 0);
  tick(250);
  assert.equal(lag.lagMs, 0);
  tick(290);
  tick(251);
  assert.equal(lag.lagMs, 40);
  for (let i = 0; i < 18; i++) tick(250);
  assert.equal(lag.lagMs, 40);
  tick(250);
  assert.equal(lag.lagMs, 1);
});

test("LoopLag counts a timer that is due and has not come", () => {
  const { lag, pass } = scene();
  lag.start();
  pass(200);
  assert.equal(lag.lagMs, 0);
  pass(1050);
  assert.equal(lag.lagMs, 1000);
});

test("LoopLag runs only between start() and stop()", () => {
  const it = scene();
  assert.equal(it.lag.lagMs, 0);
  it.lag.start();
  it.lag.start();
  assert.equal(it.runs, true);
  it.lag.stop();
  it.lag.stop();
  assert.equal(it.runs, false);
  it.pass(5000);
  assert.equal(it.lag.lagMs, 0);
});
