import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type Deadline,
  Deadlines,
  TICK_MS,
} from "../../../src/connection/tracking/deadlines.ts";
import { FakeClock } from "../../_support/fake_clock.ts";

function setUp() {
  const clock = new FakeClock();
  let ticks = 0;
  const deadlines = new Deadlines(clock, () => ticks++);
  return { clock, deadlines, ticks: () => ticks };
}

/** A deadline that counts, and lets go or not when its time has come. */
function deadline(deadlines: Deadlines, expiresAt: number, letsGo = true) {
  const it = {
    expiresAt,
    listIndex: -1,
    expired: 0,
    onExpire() {
      it.expired++;
      if (letsGo) deadlines.unwatch(it);
      else it.expiresAt = Infinity;
    },
    onFailure(thrown: unknown) {
      throw thrown;
    },
  };
  deadlines.watch(it);
  return it;
}

describe("Deadlines", () => {
  test("does not tick while nothing is watched", () => {
    const { clock, ticks } = setUp();
    assert.equal(clock.isTicking, false);
    clock.advance(10_000);
    assert.equal(ticks(), 0);
  });

  test("ticks while something is watched, and no longer", () => {
    const { clock, deadlines } = setUp();
    const one: Deadline = deadline(deadlines, Infinity);
    const two: Deadline = deadline(deadlines, Infinity);
    assert.equal(clock.isTicking, true);
    deadlines.unwatch(one);
    assert.equal(clock.isTicking, true);
    deadlines.unwatch(two);
    assert.equal(clock.isTicking, false);
    deadlines.unwatch(two);
    deadline(deadlines, Infinity);
    assert.equal(clock.isTicking, true);
  });

  test("needs one timer for any number of deadlines", () => {
    const clock = new FakeClock();
    let timers = 0;
    const deadlines = new Deadlines(
      {
        monotonicMs: clock.monotonicMs,
        every: (ms, callback) => {
          timers++;
          return clock.every(ms, callback);
        },
      },
      () => {},
    );
    for (let i = 0; i < 1000; i++) deadline(deadlines, Infinity);
    assert.equal(timers, 1);
  });

  test("tells of each tick, and once before the first: the date must be there", () => {
    const { clock, deadlines, ticks } = setUp();
    deadline(deadlines, Infinity);
    assert.equal(ticks(), 1);
    clock.advance(4 * TICK_MS);
    assert.equal(ticks(), 5);
  });

  for (
    const [behavior, expiresAt, passed, expired] of [
      ["does not call before the time", 1000, 1000 - TICK_MS, 0],
      ["calls at the time", 1000, 1000, 1],
      ["calls late by less than a tick", 1000 - TICK_MS + 1, 1000, 1],
      ["calls once", 1000, 5000, 1],
      ["calls at once for a time that is over", -1, TICK_MS, 1],
      ["never calls for Infinity", Infinity, 10 ** 9, 0],
    ] as const
  ) {
    test(behavior, () => {
      const { clock, deadlines } = setUp();
      const it = deadline(deadlines, expiresAt, false);
      // Coarse steps for the far future: the loop is bounded.
      if (passed > 10_000) clock.block(passed);
      else clock.advance(passed);
      assert.equal(it.expired, expired);
    });
  }

  test("sees a deadline that was moved without being told", () => {
    const { clock, deadlines } = setUp();
    const it = deadline(deadlines, 1000);
    clock.advance(750);
    it.expiresAt = 2000;
    clock.advance(1000);
    assert.equal(it.expired, 0);
    clock.advance(250);
    assert.equal(it.expired, 1);
  });

  test("does not call what was unwatched", () => {
    const { clock, deadlines } = setUp();
    deadline(deadlines, Infinity);
    const it = deadline(deadlines, 500);
    deadlines.unwatch(it);
    clock.advance(1000);
    assert.equal(it.expired, 0);
  });

  test("goes on when deadlines let go, of themselves or of each other, in the middle of a tick", () => {
    const { clock, deadlines } = setUp();
    const first = deadline(deadlines, 500);
    let expired = 0;
    // Whichever comes first takes the other with it.
    const rivals = [1, 2].map((): Deadline => ({
      expiresAt: 500,
      listIndex: -1,
      onExpire() {
        expired++;
        for (const rival of rivals) deadlines.unwatch(rival);
      },
      onFailure(thrown) {
        throw thrown;
      },
    }));
    for (const rival of rivals) deadlines.watch(rival);
    const last = deadline(deadlines, 500);
    clock.advance(1000);
    assert.deepEqual([first.expired, expired, last.expired], [1, 1, 1]);
    assert.equal(clock.isTicking, false);
  });

  test("contains what one deadline throws: the others are looked at, and it is not asked again", () => {
    const { clock, deadlines } = setUp();
    const first = deadline(deadlines, 500);
    const failures: unknown[] = [];
    deadlines.watch({
      expiresAt: 500,
      listIndex: -1,
      onExpire() {
        throw new Error("a bug");
      },
      onFailure: (thrown) => void failures.push(thrown),
    });
    const last = deadline(deadlines, 500);
    clock.advance(60_000);
    assert.deepEqual([first.expired, last.expired], [1, 1]);
    assert.deepEqual(failures.map(String), ["Error: a bug"]);
  });

  test("counts a blocked loop as two ticks at most", () => {
    const { clock, deadlines } = setUp();
    const it = deadline(deadlines, 10 * TICK_MS);
    clock.block(60_000);
    assert.equal(deadlines.now, 2 * TICK_MS);
    assert.equal(it.expired, 0);
    clock.advance(7 * TICK_MS);
    assert.equal(it.expired, 0);
    clock.advance(TICK_MS);
    assert.equal(it.expired, 1);
  });

  test("does not count the time in which it slept", () => {
    const { clock, deadlines } = setUp();
    const it = deadline(deadlines, Infinity);
    deadlines.unwatch(it);
    clock.advance(60_000);
    const late = deadline(deadlines, deadlines.now + 1000);
    clock.advance(750);
    assert.equal(late.expired, 0);
    clock.advance(250);
    assert.equal(late.expired, 1);
  });
});
