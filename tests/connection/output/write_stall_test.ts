import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { WriteStall } from "../../../src/connection/output/write_stall.ts";
import {
  Deadlines,
  TICK_MS,
} from "../../../src/connection/tracking/deadlines.ts";
import { FakeClock } from "../../_support/fake_clock.ts";

const STALL_MS = 10_000;
/** A deadline is up to two ticks late. */
const SURELY_MS = STALL_MS + 2 * TICK_MS;

/** A watched sender, whose kernel the test plays. */
function sender() {
  const clock = new FakeClock();
  const sending = { queuedBytes: 100, sentBytes: 0 };
  let stalls = 0;
  const stall = new WriteStall(
    sending,
    new Deadlines(clock, () => {}),
    STALL_MS,
    {
      onWriteStall: () => stalls++,
      onFailure: (thrown) => {
        throw thrown;
      },
    },
  );
  return { clock, sending, stall, stalls: () => stalls };
}

describe("WriteStall", () => {
  test("tells its owner once that nothing has left for too long", () => {
    const { clock, stall, stalls } = sender();
    stall.start();
    clock.advance(STALL_MS);
    assert.equal(stalls(), 0);
    clock.advance(SURELY_MS - STALL_MS);
    assert.equal(stalls(), 1);
    clock.advance(10 * STALL_MS);
    assert.equal(stalls(), 1);
    assert.equal(clock.isTicking, false);
  });

  test("a byte in each period is enough, however much is queued", () => {
    const { clock, sending, stall, stalls } = sender();
    stall.start();
    for (let i = 0; i < 10; i++) {
      clock.advance(STALL_MS);
      sending.sentBytes++;
      sending.queuedBytes += 1_000;
    }
    assert.equal(stalls(), 0);
    clock.advance(2 * SURELY_MS);
    assert.equal(stalls(), 1);
  });

  test("start() grants no new time while it is watched", () => {
    const { clock, stall, stalls } = sender();
    stall.start();
    for (let waited = 0; waited < SURELY_MS; waited += TICK_MS) {
      clock.advance(TICK_MS);
      stall.start();
    }
    assert.equal(stalls(), 1);
  });

  test("stop() ends the wait, and start() begins a new one", () => {
    const { clock, stall, stalls } = sender();
    stall.start();
    clock.advance(STALL_MS - 1);
    stall.stop();
    clock.advance(5 * STALL_MS);
    assert.equal(stalls(), 0);
    stall.start();
    clock.advance(STALL_MS);
    assert.equal(stalls(), 0);
    clock.advance(SURELY_MS - STALL_MS);
    assert.equal(stalls(), 1);
  });

  test("close() lets the clock stop", () => {
    const { clock, stall, stalls } = sender();
    stall.close();
    stall.start();
    assert.equal(clock.isTicking, true);
    stall.close();
    stall.close();
    assert.equal(clock.isTicking, false);
    clock.advance(5 * STALL_MS);
    assert.equal(stalls(), 0);
  });
});
