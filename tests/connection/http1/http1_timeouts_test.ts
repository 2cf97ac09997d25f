import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { TICK_MS } from "../../../src/connection/tracking/deadlines.ts";
import {
  type Awaited,
  HttpPatience,
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
  const late: Awaited[] = [];
  const patience = new HttpPatience(context, {
    onLate: (awaited) => void late.push(awaited),
    onFailure(thrown) {
      throw thrown;
    },
  });
  /** Lets `ms` pass, and the ticks by which the coarse clock may be late. */
  const pass = (ms: number) => clock.advance(ms + 2 * TICK_MS);
  return { clock, context, socket, late, patience, pass };
}

describe("HttpPatience", () => {
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
    const { late, patience, pass } = setUp();
    for (let i = 0; i < 5; i++) {
      patience.awaitHead();
      pass(1_500);
    }
    assert.deepEqual(late, []);
    patience.awaitHead();
    pass(1_500);
    assert.deepEqual(late, ["head"]);
  });

  test("nothing is late while it is our turn", () => {
    const { late, patience, pass } = setUp();
    patience.onHead();
    pass(1_000_000);
    assert.deepEqual(late, []);
    patience.awaitNextRequest();
    pass(5_000);
    assert.deepEqual(late, ["nextRequest"]);
  });

  test("a body that arrives is late only if it is too slow (http:H-039)", () => {
    const { late, patience, pass } = setUp({ minBodyRate: 1_000 });
    patience.onHead();
    // 600 bytes a second, with five seconds of grace.
    for (let bytes = 0; bytes < 6_000; bytes += 600) {
      patience.awaitBody(bytes, 100_000);
      pass(500);
    }
    assert.deepEqual(late, []);
    for (let bytes = 6_000; bytes < 12_000; bytes += 600) {
      patience.awaitBody(bytes, 100_000);
      pass(500);
    }
    assert.equal(late[0], "bodyRate");
  });

  test("time in which we do not read does not count", () => {
    const { late, patience, pass } = setUp({ minBodyRate: 1_000 });
    patience.onHead();
    patience.awaitBody(0, -1);
    patience.awaitReader();
    pass(200_000);
    assert.deepEqual(late, []);
    patience.resume();
    patience.awaitBody(1, -1);
    pass(3_000);
    assert.deepEqual(late, []);
    pass(3_000);
    assert.deepEqual(late, ["bodyRate"]);
  });

  test("an application that takes nothing of what arrived is not waited for without end", () => {
    const { late, patience, pass } = setUp({ pauseMs: 30_000 });
    patience.onHead();
    patience.awaitBody(0, -1);
    patience.awaitReader();
    pass(20_000);
    assert.deepEqual(late, []);
    pass(10_000);
    assert.deepEqual(late, ["reader"]);
    pass(1_000_000);
    assert.deepEqual(late, ["reader"], "said once");
  });

  test("a peer whose FIN has come is judged by that, though we do not read", () => {
    const { late, patience, pass } = setUp({ pauseMs: 30_000 });
    patience.onHead();
    patience.awaitInterest();
    patience.awaitReader();
    pass(5_000);
    assert.deepEqual(late, ["interest"]);
  });

  test("draining expects one more request of a connection just used (http:H-137)", () => {
    const used = setUp();
    used.patience.awaitNextRequest();
    assert.equal(used.patience.awaitLastRequest(false), true);
    used.pass(250);
    assert.deepEqual(used.late, ["lastRequest"]);
    const idle = setUp();
    idle.patience.awaitNextRequest();
    idle.pass(1_000);
    assert.equal(idle.patience.awaitLastRequest(false), false);
    const begun = setUp();
    begun.patience.awaitHead();
    assert.equal(begun.patience.awaitLastRequest(true), true);
    begun.patience.awaitHead(); // more of it does not give it more time
    begun.pass(250);
    assert.deepEqual(begun.late, ["lastHead"]);
  });

  test("silence ends with whatever comes", () => {
    const { context, patience } = setUp();
    patience.awaitSilence();
    assert.equal(patience.isSilent, true);
    context.isDraining = true;
    patience.awaitHead();
    assert.equal(patience.isSilent, false);
  });

  test("who still takes our last answer may close later (wishes:R-058)", () => {
    const { late, patience, pass, socket } = setUp();
    socket.queuedBytes = 1_000;
    patience.awaitClose(socket);
    pass(LINGER_MS);
    assert.deepEqual(late, []);
    socket.queuedBytes = 500;
    pass(30_000);
    assert.deepEqual(late, []);
    pass(30_000);
    assert.deepEqual(late, ["close"], "none of it has left since");
  });

  test("can be made to expect what it waits for earlier, not later", () => {
    const { context, late, patience, pass } = setUp();
    patience.hurry(context.deadlines.in(1_000));
    patience.hurry(context.deadlines.in(1_000_000));
    pass(1_000);
    assert.deepEqual(late, ["firstByte"]);
  });

  test("lets the clock sleep when it has ended", () => {
    const { clock, late, patience, pass } = setUp();
    assert.equal(clock.isTicking, true);
    patience.end();
    assert.equal(clock.isTicking, false);
    pass(1_000_000);
    assert.deepEqual(late, []);
  });
});
