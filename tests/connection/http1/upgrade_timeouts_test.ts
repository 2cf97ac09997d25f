import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { UpgradeTimeouts } from "../../../src/connection/http1/upgrade_timeouts.ts";
import { LINGER_MS } from "../../../src/connection/output/send_progress.ts";
import { TICK_MS } from "../../../src/connection/tracking/deadlines.ts";
import { FakeSocket } from "../../_support/fake_socket.ts";
import { Harness } from "../../_support/harness.ts";

function setUp() {
  const { clock, context } = new Harness(() => Promise.resolve());
  const late: string[] = [];
  const timeouts = new UpgradeTimeouts(context.deadlines, 30_000, {
    onAnswerLate: () => void late.push("answer"),
    onCloseLate: () => void late.push("close"),
    onFailure(thrown) {
      throw thrown;
    },
  });
  /** Lets `ms` pass, and the ticks by which the coarse clock may be late. */
  const pass = (ms: number) => clock.advance(ms + 2 * TICK_MS);
  return { clock, late, socket: new FakeSocket(), timeouts, pass };
}

describe("UpgradeTimeouts", () => {
  test("waits for the application's answer, and says once that it is late", () => {
    const { late, pass } = setUp();
    pass(29_000 - 2 * TICK_MS);
    assert.deepEqual(late, []);
    pass(1_000);
    assert.deepEqual(late, ["answer"]);
    pass(1_000_000);
    assert.deepEqual(late, ["answer"]);
  });

  test("waits for nothing while the application answers", () => {
    const { late, timeouts, pass } = setUp();
    timeouts.awaitNothing();
    pass(1_000_000);
    assert.deepEqual(late, []);
  });

  test("gives the peer a moment to close", () => {
    const { late, socket, timeouts, pass } = setUp();
    timeouts.awaitClose(socket);
    pass(LINGER_MS);
    assert.deepEqual(late, ["close"]);
  });

  test("gives more time to a peer that still takes our last bytes", () => {
    const { late, socket, timeouts, pass } = setUp();
    socket.write(new Uint8Array(10));
    Object.defineProperty(socket, "queuedBytes", { value: 10, writable: true });
    timeouts.awaitClose(socket);
    pass(LINGER_MS);
    assert.deepEqual(late, []);
    pass(1_000_000); // not one byte more was taken
    assert.deepEqual(late, ["close"]);
  });

  test("leaves the clock at the end", () => {
    const { clock, timeouts } = setUp();
    assert.equal(clock.isTicking, true);
    timeouts.end();
    assert.equal(clock.isTicking, false);
  });
});
