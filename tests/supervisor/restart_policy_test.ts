import assert from "node:assert/strict";
import { test } from "node:test";
import { RestartPolicy } from "../../src/supervisor/restart_policy.ts";

/** Waits after deaths at the given times, each after `livedMs`. */
function waits(
  times: readonly number[],
  livedMs: number,
  count = 100,
  index = 0,
): number[] {
  const policy = new RestartPolicy();
  return times.map((at) => policy.waitAfter(index, livedMs, at, count));
}

test("the first death is followed by a start at once", () => {
  assert.deepEqual(waits([1000], 0), [0]);
});

test("each further death in a row doubles the wait, up to half a minute", () => {
  const times = Array.from({ length: 10 }, (_, at) => at * 40_000);
  assert.deepEqual(
    waits(times, 0),
    [0, 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000],
  );
});

test("a healthy life makes the next death the first one", () => {
  const policy = new RestartPolicy();
  policy.waitAfter(0, 0, 0, 4);
  policy.waitAfter(0, 0, 100, 4);
  assert.equal(policy.waitAfter(0, 9_999, 200, 4), 1000);
  assert.equal(policy.waitAfter(0, 10_000, 300, 4), 0);
});

test("each worker has its own row of deaths", () => {
  const policy = new RestartPolicy();
  policy.waitAfter(0, 0, 0, 4);
  assert.equal(policy.waitAfter(0, 0, 10, 4), 500);
  assert.equal(policy.waitAfter(1, 0, 20, 4), 0);
});

test("workers that live just long enough are started ten times a minute at most", () => {
  const policy = new RestartPolicy();
  for (let at = 0; at < 10; at++) {
    assert.equal(policy.waitAfter(0, 10_000, at, 1), 0);
  }
  // The first of the ten leaves the window a minute after it.
  assert.equal(policy.waitAfter(0, 10_000, 10, 1), 59_990);
  assert.equal(policy.waitAfter(0, 10_000, 11, 1), 59_990);
});

test("more workers may be started more often", () => {
  const policy = new RestartPolicy();
  for (let at = 0; at < 40; at++) {
    assert.equal(policy.waitAfter(at % 4, 10_000, 0, 4), 0);
  }
  assert.equal(policy.waitAfter(0, 10_000, 0, 4), 60_000);
});

test("a storm of deaths stays below ten starts a minute", () => {
  const policy = new RestartPolicy();
  const starts: number[] = [];
  for (let now = 0; now < 600_000;) {
    now += policy.waitAfter(0, 0, now, 1) + 20;
    starts.push(now);
  }
  for (const at of starts) {
    const inAMinute = starts.filter((other) =>
      other >= at && other < at + 60_000
    );
    assert.ok(inAMinute.length <= 10, `${inAMinute.length} starts`);
  }
});
