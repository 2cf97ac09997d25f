/** The time limit of a whole request. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HttpApp, HttpScope, Scope } from "../../../src/asgi.ts";
import { harnessOf } from "../../_support/websocket_puppet.ts";
import { handshakeRequest } from "../../_support/websocket_frames.ts";
import { answering, gate, Harness } from "../../_support/harness.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

async function setUp(app: HttpApp, requestMs = 10_000) {
  const harness = new Harness(app, { settings: { requestMs } });
  const socket = harness.connect();
  socket.receive(GET);
  await harness.turn();
  const pass = async (ms: number) => {
    harness.clock.advance(ms);
    await harness.turn();
  };
  return { harness, socket, pass };
}

describe("a request that takes too long", () => {
  test("gets 503 and its abort signal if the response has not begun", async () => {
    const { promise, resolve } = gate();
    let reason: unknown;
    let sendError: unknown;
    const { harness, socket, pass } = await setUp(
      async (scope, _receive, send) => {
        const { signal } = (scope as HttpScope).extensions.abort_signal;
        await new Promise((done) => signal.addEventListener("abort", done));
        reason = signal.reason;
        await promise;
        await send({ type: "http.response.start", status: 200 })
          .catch((error: unknown) => sendError = error);
      },
    );
    await pass(9_000);
    assert.equal(socket.text, "");
    await pass(2_000);
    assert.match(socket.text, /^HTTP\/1\.1 503 Service Unavailable\r\n/);
    assert.equal((reason as Error).name, "TimeoutError");
    assert.deepEqual(harness.logger.at("warning"), [
      "503 for 127.0.0.1:50123: the response is not complete in time (--timeout-request)",
    ]);
    resolve();
    await harness.turn();
    assert.equal((sendError as Error).name, "ClientDisconnected");
    assert.equal(harness.requests.length, 1);
    assert.equal(harness.requests[0]!.status, 503);
    socket.close();
    await harness.turn();
    assert.equal(harness.tracker.runningCalls, 0);
    assert.equal(harness.clock.isTicking, false);
  });

  test("is cut off if the response has begun", async () => {
    const { promise, resolve } = gate();
    const { harness, socket, pass } = await setUp(
      async (_scope, _receive, send) => {
        await send({ type: "http.response.start", status: 200 });
        await send({ type: "http.response.body", body: "a", more_body: true });
        await promise;
      },
    );
    await pass(11_000);
    assert.match(socket.text, /a\r\n$/);
    assert.equal(socket.hasEnded || socket.isClosed, true);
    assert.equal(harness.requests[0]!.abortReason, "request_timeout");
    resolve();
    await harness.turn();
  });

  test("is not one that was answered in time, whatever the call does afterwards", async () => {
    const { promise, resolve } = gate();
    const { harness, socket, pass } = await setUp(
      async (scope, receive, send) => {
        await answering("ok")(scope, receive, send);
        await promise;
      },
    );
    await pass(60_000);
    assert.match(socket.text, /ok$/);
    assert.deepEqual(harness.logger.at("warning"), []);
    resolve();
    await harness.turn();
  });

  test("may wait for a call of the application the while", async () => {
    const { promise, resolve } = gate();
    const harness = new Harness(() => promise, {
      settings: {
        maxConcurrency: 1,
        concurrencyWaitMs: 60_000,
        requestMs: 10_000,
      },
    });
    const sockets = [harness.connect(), harness.connect()];
    for (const socket of sockets) socket.receive(GET);
    await harness.turn();
    harness.clock.advance(11_000);
    await harness.turn();
    for (const socket of sockets) assert.match(socket.text, /^HTTP\/1\.1 503 /);
    resolve();
    await harness.turn();
    for (const socket of sockets) socket.close();
    await harness.turn();
    assert.equal(harness.tracker.concurrentCalls, 0);
    assert.equal(harness.tracker.detachedCalls.size, 0);
  });
});

describe("the extension request_timeout", () => {
  /** A request whose application calls `set` with `seconds`, and then waits. */
  async function waiting(seconds: number) {
    const { promise, resolve } = gate();
    const made = await setUp(async (scope) => {
      (scope as HttpScope).extensions.request_timeout!.set(seconds);
      await promise;
    });
    return { ...made, resolve };
  }

  test("gives a request more time, or less, from now on", async () => {
    for (
      const [seconds, before, after] of [[30, 29_000, 2_000], [
        1,
        500,
        1_000,
      ]] as const
    ) {
      const { socket, pass, resolve, harness } = await waiting(seconds);
      await pass(before);
      assert.equal(socket.text, "", `${seconds}`);
      await pass(after);
      assert.match(socket.text, /^HTTP\/1\.1 503 /, `${seconds}`);
      resolve();
      await harness.turn();
    }
  });

  test("takes the limit away with 0", async () => {
    const { socket, pass, resolve, harness } = await waiting(0);
    await pass(3_600_000);
    assert.equal(socket.text, "");
    resolve();
    await harness.turn();
  });

  test("refuses what is no time", async () => {
    for (const value of [-1, NaN, "5", undefined]) {
      let caught: unknown;
      await setUp(async (scope, receive, send) => {
        try {
          (scope as HttpScope).extensions.request_timeout!.set(value as number);
        } catch (error) {
          caught = error;
        }
        await answering("ok")(scope, receive, send);
      });
      assert.ok(caught instanceof RangeError, `${value}`);
    }
  });

  test("is not offered without the option", async () => {
    let scope: Scope | undefined;
    await setUp((given, receive, send) => {
      scope = given;
      return answering("ok")(given, receive, send);
    }, Infinity);
    assert.equal("request_timeout" in (scope as HttpScope).extensions, false);
  });
});

test("a WebSocket is no request that takes too long", async () => {
  const harness = harnessOf(async (_scope, receive, send) => {
    await receive();
    await send({ type: "websocket.accept" });
    await receive();
  }, { settings: { requestMs: 1_000 } });
  const socket = harness.connect();
  socket.receive(handshakeRequest("/"));
  await harness.turn();
  harness.clock.advance(5_000);
  await harness.turn();
  assert.match(socket.text, /^HTTP\/1\.1 101 /);
  assert.doesNotMatch(socket.text, /503/);
  assert.equal(socket.isClosed, false);
  assert.deepEqual(harness.logger.at("warning"), []);
  assert.equal(harness.tracker.totalRequests, 1);
  socket.close();
  await harness.turn();
});
