import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { TICK_MS } from "../../../src/connection/tracking/deadlines.ts";
import type { WebSocketSettings } from "../../../src/connection/context.ts";
import {
  WebSocketTimeouts,
  type WebSocketTimeoutsOwner,
} from "../../../src/connection/websocket/websocket_timeouts.ts";
import { DEFAULT_WEBSOCKET_LIMITS } from "../../../src/websocket/limits.ts";
import { FakeSocket } from "../../_support/fake_socket.ts";
import { Harness } from "../../_support/harness.ts";

class Owner implements WebSocketTimeoutsOwner {
  isFull = false;
  isPaused = false;
  heardBytes = 0;
  readonly pings: Uint8Array[] = [];
  readonly late: string[] = [];

  sendPing(payload: Uint8Array): void {
    this.pings.push(payload);
  }
  onPongLate(): void {
    this.late.push("pong");
  }
  onCloseLate(): void {
    this.late.push("close");
  }
  onFailure(thrown: unknown): void {
    throw thrown;
  }
}

function setUp(settings: Partial<WebSocketSettings> = {}) {
  const { clock, context } = new Harness(() => Promise.resolve());
  const owner = new Owner();
  const socket = new FakeSocket();
  const timeouts = new WebSocketTimeouts(socket, context, {
    limits: DEFAULT_WEBSOCKET_LIMITS,
    maxQueue: 32,
    pingIntervalMs: 20_000,
    pingTimeoutMs: 10_000,
    closeMs: 5_000,
    handshakeMs: 30_000,
    deflate: undefined,
    ...settings,
  }, owner);
  /** Lets `ms` pass, and the ticks by which the coarse clock may be late. */
  const pass = (ms: number) => clock.advance(ms + 2 * TICK_MS);
  return { clock, owner, socket, timeouts, pass };
}

describe("WebSocketTimeouts", () => {
  test("pings in a rhythm that does not depend on how late pongs are (websocket:W-087)", () => {
    const { clock, owner, timeouts } = setUp();
    const sentAt: number[] = [];
    for (let quarter = 0; quarter < 4 * 200; quarter++) {
      const before = owner.pings.length;
      clock.advance(TICK_MS);
      if (owner.pings.length > before) {
        sentAt.push(clock.nowMs);
        clock.advance(5_000); // the pong takes its time
        timeouts.onPong(owner.pings.at(-1)!);
      }
    }
    assert.ok(sentAt.length >= 8);
    for (let i = 1; i < sentAt.length; i++) {
      const interval = sentAt[i] - sentAt[i - 1];
      assert.ok(Math.abs(interval - 20_000) <= 2 * TICK_MS, `${interval}`);
    }
    assert.deepEqual(owner.late, []);
  });

  test("another pong than the awaited one is no answer (websocket:W-088)", () => {
    const { owner, timeouts, pass } = setUp();
    pass(20_000);
    assert.equal(owner.pings.length, 1);
    const [ping] = owner.pings;
    timeouts.onPong(new Uint8Array(0));
    timeouts.onPong(ping.subarray(0, 3));
    timeouts.onPong(ping.map((octet) => octet ^ 1));
    pass(10_000);
    assert.deepEqual(owner.late, ["pong"]);
  });

  test("while nothing is read, no pong is missed (wishes:R-002)", () => {
    const { owner, timeouts, pass } = setUp();
    pass(20_000);
    owner.isPaused = true;
    pass(1_000_000);
    assert.deepEqual(owner.late, []);
    owner.isPaused = false;
    timeouts.resume();
    pass(9_000);
    assert.deepEqual(owner.late, []);
    pass(1_000);
    assert.deepEqual(owner.late, ["pong"]);
  });

  test("while nothing is read the pings go on: a peer that has left shows by a reset", () => {
    const { owner, pass } = setUp();
    owner.isPaused = true;
    pass(20_000);
    for (let i = 2; i < 6; i++) {
      pass(10_000);
      assert.equal(owner.pings.length, i);
    }
    assert.deepEqual(owner.late, []);
  });

  test("who still takes what was sent before the ping gets more time", () => {
    const { owner, pass, socket } = setUp();
    pass(20_000);
    socket.queuedBytes = 1_000;
    pass(10_000);
    socket.queuedBytes = 10;
    pass(30_000);
    assert.deepEqual(owner.late, []);
    pass(30_000);
    assert.deepEqual(owner.late, ["pong"]);
  });

  test("who still sends a message gets more time for the pong (F-31c)", () => {
    const { owner, pass } = setUp();
    owner.heardBytes = 5; // before the ping: says nothing
    pass(20_000);
    for (let i = 0; i < 10; i++) {
      owner.heardBytes += 1_000;
      pass(10_000);
      assert.deepEqual(owner.late, []);
    }
    pass(10_000);
    assert.deepEqual(owner.late, ["pong"]);
  });

  test("what arrived before the ping is no sign of life (F-31c)", () => {
    const { owner, pass } = setUp();
    owner.heardBytes = 5;
    pass(20_000);
    pass(10_000);
    assert.deepEqual(owner.late, ["pong"]);
  });

  test("without a time limit it pings on, unless pings cannot leave (websocket:W-092)", () => {
    const { owner, pass } = setUp({ pingTimeoutMs: Infinity });
    pass(20_000);
    pass(20_000);
    assert.equal(owner.pings.length, 2);
    owner.isFull = true;
    pass(100_000);
    assert.equal(owner.pings.length, 2);
    owner.isFull = false;
    pass(20_000);
    assert.ok(owner.pings.length > 2);
    assert.deepEqual(owner.late, []);
  });

  test("once we have closed there are no pings, and the peer's end is awaited", () => {
    const { owner, timeouts, pass } = setUp();
    pass(20_000);
    timeouts.awaitClose(5_000);
    timeouts.onPong(owner.pings[0]);
    pass(5_000);
    assert.deepEqual(owner.late, ["close"]);
    assert.equal(owner.pings.length, 1);
  });

  test("nothing is late once nothing is awaited, and the clock may sleep", () => {
    const { clock, owner, timeouts, pass } = setUp();
    pass(20_000);
    timeouts.awaitNothing();
    timeouts.resume();
    pass(1_000_000);
    assert.deepEqual(owner.late, []);
    timeouts.end();
    assert.equal(clock.isTicking, false);
  });
});
