import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { TICK_MS } from "../../../src/connection/tracking/deadlines.ts";
import {
  Http1Timeouts,
  type TimeoutKind,
} from "../../../src/connection/http1/http1_timeouts.ts";
import { LINGER_MS } from "../../../src/connection/output/send_progress.ts";
import { FakeSocket } from "../../_support/fake_socket.ts";
import { Harness, type HarnessOptions } from "../../_support/harness.ts";

function setUp(settings: HarnessOptions["settings"] = {}) {
  const { clock, context } = new Harness(() => Promise.resolve(), {
    settings: {
      firstByteMs: 10_000,
      headMs: 10_000,
      bodyMs: 20_000,
      keepAliveMs: 5_000,
      ...settings,
    },
  });
  const socket = new FakeSocket();
  const late: TimeoutKind[] = [];
  const timeouts = new Http1Timeouts(context, {
    onTimeout: (awaited) => void late.push(awaited),
    onFailure(thrown) {
      throw thrown;
    },
  });
  /** Lets `ms` pass, and the ticks by which the coarse clock may be late. */
  const pass = (ms: number) => clock.advance(ms + 2 * TICK_MS);
  return { clock, context, socket, late, timeouts, pass };
}

describe("Http1Timeouts", () => {
  test("waits for the first byte, never too short (http:H-002)", () => {
    const { clock, late, pass } = setUp();
    clock.advance(10_000);
    assert.deepEqual(late, []);
    pass(0);
    assert.deepEqual(late, ["firstByte"]);
    pass(1_000_000);
    assert.deepEqual(late, ["firstByte"], "said once");
  });

  test("a head has its time from its first byte on, not from its last (http:H-003)", () => {
    const { late, timeouts, pass } = setUp();
    for (let i = 0; i < 5; i++) {
      timeouts.awaitHead();
      pass(1_500);
    }
    assert.deepEqual(late, []);
    timeouts.awaitHead();
    pass(1_500);
    assert.deepEqual(late, ["head"]);
  });

  test("nothing is late while it is our turn", () => {
    const { late, timeouts, pass } = setUp();
    timeouts.onHead();
    pass(1_000_000);
    assert.deepEqual(late, []);
    timeouts.awaitNextRequest();
    pass(5_000);
    assert.deepEqual(late, ["nextRequest"]);
  });

  test("a body that arrives is late only if it is too slow (http:H-039)", () => {
    const { late, timeouts, pass } = setUp({ minBodyRate: 1_000 });
    timeouts.onHead();
    // 600 bytes a second, with five seconds of grace.
    for (let bytes = 0; bytes < 6_000; bytes += 600) {
      timeouts.awaitBody(bytes, 100_000);
      pass(500);
    }
    assert.deepEqual(late, []);
    for (let bytes = 6_000; bytes < 12_000; bytes += 600) {
      timeouts.awaitBody(bytes, 100_000);
      pass(500);
    }
    assert.equal(late[0], "bodyRate");
  });

  test("time in which we do not read does not count", () => {
    const { late, timeouts, pass } = setUp({ minBodyRate: 1_000 });
    timeouts.onHead();
    timeouts.awaitBody(0, -1);
    timeouts.awaitReader();
    pass(200_000);
    assert.deepEqual(late, []);
    timeouts.resume();
    timeouts.awaitBody(1, -1);
    pass(3_000);
    assert.deepEqual(late, []);
    pass(3_000);
    assert.deepEqual(late, ["bodyRate"]);
  });

  test("an application that takes nothing of what arrived is not waited for without end", () => {
    const { late, timeouts, pass } = setUp({ pauseMs: 30_000 });
    timeouts.onHead();
    timeouts.awaitBody(0, -1);
    timeouts.awaitReader();
    pass(20_000);
    assert.deepEqual(late, []);
    pass(10_000);
    assert.deepEqual(late, ["reader"]);
    pass(1_000_000);
    assert.deepEqual(late, ["reader"], "said once");
  });

  test("a peer whose FIN has come is judged by that, though we do not read", () => {
    const { late, timeouts, pass } = setUp({ pauseMs: 30_000 });
    timeouts.onHead();
    timeouts.armHalfCloseTimeout();
    timeouts.awaitReader();
    pass(5_000);
    assert.deepEqual(late, ["interest"]);
  });

  test("draining expects one more request of a connection just used (http:H-137)", () => {
    const used = setUp();
    used.timeouts.awaitNextRequest();
    assert.equal(used.timeouts.awaitLastRequest(false), true);
    used.pass(250);
    assert.deepEqual(used.late, ["lastRequest"]);
    const idle = setUp();
    idle.timeouts.awaitNextRequest();
    idle.pass(1_000);
    assert.equal(idle.timeouts.awaitLastRequest(false), false);
    const begun = setUp();
    begun.timeouts.awaitHead();
    assert.equal(begun.timeouts.awaitLastRequest(true), true);
    begun.timeouts.awaitHead(); // more of it does not give it more time
    begun.pass(250);
    assert.deepEqual(begun.late, ["lastHead"]);
  });

  test("draining: a last request has the time that the drain gives it", () => {
    const { clock, context, late, timeouts, pass } = setUp();
    context.tracker.startDraining(1_000);
    timeouts.awaitNextRequest();
    clock.advance(999);
    assert.deepEqual(late, []);
    pass(1);
    assert.deepEqual(late, ["lastRequest"]);
  });

  test("silence ends with whatever comes", () => {
    const { context, timeouts } = setUp();
    timeouts.awaitSilence();
    assert.equal(timeouts.isSilent, true);
    context.tracker.startDraining();
    timeouts.awaitHead();
    assert.equal(timeouts.isSilent, false);
  });

  test("who still takes our last answer may close later (wishes:R-058)", () => {
    const { late, timeouts, pass, socket } = setUp();
    socket.queuedBytes = 1_000;
    timeouts.awaitClose(socket);
    pass(LINGER_MS);
    assert.deepEqual(late, []);
    socket.queuedBytes = 500;
    pass(30_000);
    assert.deepEqual(late, []);
    pass(30_000);
    assert.deepEqual(late, ["close"], "none of it has left since");
  });

  test("can be made to expect what it waits for earlier, not later", () => {
    const { context, late, timeouts, pass } = setUp();
    timeouts.capDeadline(context.deadlines.in(1_000));
    timeouts.capDeadline(context.deadlines.in(1_000_000));
    pass(1_000);
    assert.deepEqual(late, ["firstByte"]);
  });

  test("lets the clock sleep when it has ended", () => {
    const { clock, late, timeouts, pass } = setUp();
    assert.equal(clock.isTicking, true);
    timeouts.end();
    assert.equal(clock.isTicking, false);
    pass(1_000_000);
    assert.deepEqual(late, []);
  });
});
