/** Requests over the limit on concurrency that wait for their turn. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HttpApp, HttpScope } from "../../../src/asgi.ts";
import type { FakeSocket } from "../../_support/fake_socket.ts";
import { SlotWait } from "../../../src/connection/exchange/slot_wait.ts";
import { settle } from "../../_support/fake_clock.ts";
import { answering, Harness } from "../../_support/harness.ts";
import { harnessOf } from "../../_support/websocket_puppet.ts";
import { handshakeRequest } from "../../_support/websocket_frames.ts";

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

/** An application whose calls end one by one, in the test's hands. */
function setUp(settings: { maxConcurrency?: number } = {}) {
  const calls: { path: string; answer: () => void }[] = [];
  const app: HttpApp = async (scope, receive, send) => {
    await new Promise<void>((resolve) => {
      calls.push({ path: (scope as HttpScope).path, answer: resolve });
    });
    await answering(scope.path)(scope, receive, send);
  };
  const harness = new Harness(app, {
    settings: { maxConcurrency: 1, concurrencyWaitMs: 5_000, ...settings },
  });
  const ask = async (path: string): Promise<FakeSocket> => {
    const socket = harness.connect();
    socket.receive(get(path));
    await harness.turn();
    return socket;
  };
  return { harness, calls, ask, paths: () => calls.map(({ path }) => path) };
}

function assertNothingLeft({ tracker, clock }: Harness): void {
  assert.equal(tracker.runningCalls, 0);
  assert.equal(tracker.concurrentCalls, 0);
  assert.equal(tracker.detachedCalls.size, 0);
  assert.equal(tracker.connections.size, 0);
  assert.equal(clock.isTicking, false);
}

describe("a request over the limit", () => {
  test("waits, and is served in the order of arrival", async () => {
    const { harness, calls, ask, paths } = setUp();
    const sockets = [await ask("/a"), await ask("/b"), await ask("/c")];
    assert.deepEqual(paths(), ["/a"]);
    for (let i = 0; i < 3; i++) {
      assert.equal(harness.tracker.concurrentCalls, 1);
      calls[i]!.answer();
      await harness.turn();
      assert.match(sockets[i]!.text, /^HTTP\/1\.1 200 OK/);
    }
    assert.deepEqual(paths(), ["/a", "/b", "/c"]);
    for (const socket of sockets) socket.close();
    await harness.turn();
    assertNothingLeft(harness);
  });

  test("gets 503 when its time is over, and is never started", async () => {
    const { harness, calls, ask, paths } = setUp();
    const first = await ask("/a");
    const second = await ask("/b");
    harness.clock.advance(6_000);
    await harness.turn();
    assert.match(second.text, /^HTTP\/1\.1 503 [^]*retry-after: 1\r\n/);
    calls[0]!.answer();
    await harness.turn();
    assert.deepEqual(paths(), ["/a"]);
    first.close();
    second.close();
    await harness.turn();
    assertNothingLeft(harness);
  });

  test("whose client leaves gives its place to the next", async () => {
    const { harness, calls, ask, paths } = setUp();
    const first = await ask("/a");
    const second = await ask("/b");
    const third = await ask("/c");
    second.close();
    await harness.turn();
    calls[0]!.answer();
    await harness.turn();
    assert.deepEqual(paths(), ["/a", "/c"]);
    calls[1]!.answer();
    await harness.turn();
    first.close();
    third.close();
    await harness.turn();
    assertNothingLeft(harness);
  });

  test("is refused at once if its body breaks the protocol, and is not started later", async () => {
    const { harness, calls, ask, paths } = setUp();
    const first = await ask("/a");
    const second = harness.connect();
    second.receive(
      "POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    await harness.turn();
    second.receive("x\r\n");
    await harness.turn();
    assert.match(second.text, /^HTTP\/1\.1 400 /);
    calls[0]!.answer();
    await harness.turn();
    assert.deepEqual(paths(), ["/a"]);
    first.close();
    second.close();
    await harness.turn();
    assertNothingLeft(harness);
  });

  test("is not started after a shutdown has cut it off", async () => {
    const { harness, calls, ask, paths } = setUp();
    const first = await ask("/a");
    const second = await ask("/b");
    for (const connection of [...harness.tracker.connections]) {
      connection.abort(new Error("the end"));
    }
    await harness.turn();
    calls[0]!.answer();
    await harness.turn();
    assert.deepEqual(paths(), ["/a"]);
    first.close();
    second.close();
    await harness.turn();
    assertNothingLeft(harness);
  });

  test("gets what has arrived of its body when its turn comes", async () => {
    const bodies: string[] = [];
    let release = (): void => {};
    const harness = new Harness(async (scope, receive, send) => {
      if (scope.path === "/a") {
        await new Promise<void>((resolve) => release = resolve);
      } else {
        const event = await receive();
        if (event.type === "http.request") {
          bodies.push(new TextDecoder().decode(event.body));
        }
      }
      await answering("ok")(scope, receive, send);
    }, { settings: { maxConcurrency: 1, concurrencyWaitMs: 5_000 } });
    harness.connect().receive(get("/a"));
    await harness.turn();
    const second = harness.connect();
    second.receive(
      "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    );
    await harness.turn();
    release();
    await harness.turn();
    assert.deepEqual(bodies, ["hello"]);
    assert.match(second.text, /ok$/);
  });

  test("starts thousands of calls that answer at once without a deep stack", async () => {
    let release = (): void => {};
    let calls = 0;
    const harness = new Harness(async (scope, receive, send) => {
      if (calls++ === 0) {
        await new Promise<void>((resolve) => release = resolve);
      }
      await answering("ok")(scope, receive, send);
    }, { settings: { maxConcurrency: 1, concurrencyWaitMs: 60_000 } });
    for (let i = 0; i < 5_000; i++) harness.connect().receive(get("/"));
    await harness.turn();
    assert.equal(calls, 1);
    release();
    for (let i = 0; i < 5_000 && calls < 5_000; i++) await harness.turn();
    assert.equal(calls, 5_000);
    assert.equal(harness.tracker.concurrentCalls, 0);
  });
});

test("a WebSocket handshake over the limit waits too", async () => {
  const calls: (() => void)[] = [];
  const harness = harnessOf(async (_scope, receive, send) => {
    await receive();
    await new Promise<void>((resolve) => calls.push(resolve));
    await send({ type: "websocket.close" });
  }, { settings: { maxConcurrency: 1, concurrencyWaitMs: 5_000 } });
  const first = harness.connect();
  first.receive(handshakeRequest("/a"));
  await harness.turn();
  const second = harness.connect();
  second.receive(handshakeRequest("/b"));
  await harness.turn();
  assert.equal(calls.length, 1);
  calls[0]!();
  await harness.turn();
  assert.equal(calls.length, 2);
  calls[1]!();
  await harness.turn();
  assert.match(second.text, /^HTTP\/1\.1 403 /);
});

test("SlotWait hands a slot on that came in the moment in which its wait ended", async () => {
  const { tracker, context } = new Harness(answering("ok"));
  const started: string[] = [];
  const wait = (name: string) =>
    new SlotWait(5_000, context.deadlines, tracker, {
      onSlot: () => void started.push(name),
      onSlotTimeout: () => void started.push(`${name} too late`),
      onFailure(thrown) {
        throw thrown;
      },
    });
  tracker.startCall();
  const first = wait("first");
  wait("second");
  tracker.releaseConcurrency(); // the slot is the first one's
  first.end(); // whose client leaves
  assert.equal(tracker.concurrentCalls, 1);
  await settle();
  assert.deepEqual(started, ["second"]);
  assert.equal(tracker.concurrentCalls, 0);
});
