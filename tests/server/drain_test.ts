/** The end of connections, over fake ones and a fake timer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TrackedConnection } from "../../src/connection/tracking/open_connections.ts";
import type {
  TrackedCall,
  Tracker,
} from "../../src/connection/tracking/tracker.ts";
import { Drain } from "../../src/server/drain.ts";
import { settle } from "../_support/fake_clock.ts";
import { answering, Harness } from "../_support/harness.ts";

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

function setUp(isReplaced = false) {
  const { tracker, logger } = new Harness(answering("ok"));
  const timers = new Set<Timer>();
  let now = 0;
  const startTimer = (ms: number, callback: () => void) => {
    const timer = { at: now + ms, callback };
    timers.add(timer);
    return () => void timers.delete(timer);
  };
  const never = new Promise<void>(() => {});
  const drain = new Drain(tracker, logger, startTimer, {
    forced: never,
    timedOut: never,
    handshakes: () => 0,
    isForced: () => false,
    isReplaced,
    lastCallMs: 250,
    forceHint: "",
  });
  const closed: string[] = [];
  return {
    tracker,
    logger,
    timers,
    drain,
    closed,
    /** A connection that is idle until it is closed. */
    add(name: string, clientHost: string | undefined): TrackedConnection {
      const close = (): void => {
        closed.push(name);
        tracker.connections.delete(connection);
        tracker.onProgress();
      };
      const connection: TrackedConnection = {
        listIndex: -1,
        clientHost,
        isBusy: false,
        isWebSocket: false,
        drain() {},
        closeIdle: close,
        abort: close,
        destroy: close,
        onFailure(thrown) {
          throw thrown;
        },
      };
      tracker.connections.add(connection);
      return connection;
    },
    async advance(ms: number) {
      const end = now + ms;
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= end)
          .sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        timers.delete(next);
        now = next.at;
        next.callback();
        await settle();
      }
      now = end;
    },
  };
}

test("Drain closes idle connections of this machine after 50 ms without a sign of anybody", async () => {
  const { add, advance, closed, drain, timers } = setUp();
  add("IPv4", "127.0.0.1");
  add("IPv6", "::1");
  add("UNIX", undefined);
  const over = drain.run(30_000);
  await advance(49);
  assert.deepEqual(closed, []);
  await advance(1);
  assert.deepEqual(closed.sort(), ["IPv4", "IPv6", "UNIX"]);
  await over;
  assert.equal(drain.wasCutOff, false);
  assert.equal(timers.size, 0);
});

test("Drain leaves idle connections of this machine open where another process serves in its place", async () => {
  const { add, advance, closed, drain } = setUp(true);
  const near = add("IPv4", "127.0.0.1");
  const over = drain.run(30_000);
  await advance(2_000);
  assert.deepEqual(closed, []);
  near.destroy();
  await over;
});

test("Drain leaves idle connections from elsewhere their time: a request may be on its way", async () => {
  const { add, advance, closed, drain } = setUp();
  const far = add("far", "192.0.2.7");
  const over = drain.run(30_000);
  await advance(2_000);
  assert.deepEqual(closed, []);
  far.destroy();
  await over;
});

const CALL: TrackedCall = { listIndex: -1, cancel() {} };

/** What a client does that is about to ask again. */
const SIGNS: Record<string, (tracker: Tracker) => void> = {
  "a request": (tracker) => tracker.endRequest(undefined),
  "a call": (tracker) => tracker.startCall(),
  "a connection": (tracker) => void tracker.nextConnectionId(),
};

for (const [name, give] of Object.entries(SIGNS)) {
  test(`Drain begins its 50 ms anew at ${name}`, async () => {
    const { add, advance, closed, tracker, drain } = setUp();
    add("near", "127.0.0.1");
    const over = drain.run(30_000);
    await advance(45);
    give(tracker);
    await advance(45);
    assert.deepEqual(closed, []);
    while (tracker.runningCalls > 0) tracker.endCall(CALL);
    await advance(60);
    assert.deepEqual(closed, ["near"]);
    await over;
  });
}

test("Drain says at info what the limit cut off, and counts it", async () => {
  const { add, advance, drain, logger } = setUp();
  add("far", "192.0.2.7");
  const over = drain.run(1_000);
  await advance(1_000);
  await over;
  assert.deepEqual(
    logger.lines.filter(({ level }) => level !== "info"),
    [],
  );
  assert.ok(
    logger.at("info").includes(
      "Cut off by the shutdown: 1 connection (0 WebSockets, 1 idle) and 0 running tasks. " +
        "(timeout graceful shutdown exceeded)",
    ),
  );
});
