import assert from "node:assert/strict";
import { test } from "node:test";
import { CoarseClock } from "../../../src/runtime/process/coarse_clock.ts";

/** Both clocks; what passes is set for each. */
class Clocks {
  exactMs = 1000.5;
  wallMs = 1_700_000_000_000;
  exactReads = 0;
  readonly clock = new CoarseClock(
    () => {
      this.exactReads++;
      return this.exactMs;
    },
    () => Math.floor(this.wallMs),
  );

  pass(ms: number, wallMs = ms): number {
    this.exactMs += ms;
    this.wallMs += wallMs;
    return this.clock.read();
  }
}

test("CoarseClock follows the exact clock, and hardly ever asks it", () => {
  const clocks = new Clocks();
  clocks.clock.read();
  const RESYNC_MS = 50;
  for (let i = 0; i < 10_000; i++) {
    const late = clocks.exactMs + 0.3 - clocks.pass(0.3);
    assert.ok(late >= 0 && late <= 2, `${late} ms late after ${i} readings`);
  }
  assert.ok(clocks.exactReads <= 2 + 3000 / RESYNC_MS, `${clocks.exactReads}`);
});

for (const stepMs of [-3_600_000, -1, -0.5, 1, 20, 49, 50, 3_600_000]) {
  test(`CoarseClock never goes back when the wall clock is set by ${stepMs} ms, and recovers`, () => {
    const clocks = new Clocks();
    let last = clocks.clock.read();
    const look = (now: number): void => {
      assert.ok(now >= last, `${now} after ${last}`);
      last = now;
    };
    look(clocks.pass(7));
    look(clocks.pass(1, stepMs));
    assert.ok(Math.abs(last - clocks.exactMs) <= 52, `${last}`);
    for (let i = 0; i < 400; i++) look(clocks.pass(0.5));
    const late = clocks.exactMs - last;
    assert.ok(late >= 0 && late <= 2, `${late} ms late`);
  });
}

test("CoarseClock is exact after a silence", () => {
  const clocks = new Clocks();
  clocks.clock.read();
  assert.equal(clocks.pass(60_000), clocks.exactMs - 1);
});
