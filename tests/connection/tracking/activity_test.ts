/** What connections tell of their requests, in each of the states that an operator can meet. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Activity } from "../../../src/connection/tracking/activity.ts";
import { gate, Harness } from "../../_support/harness.ts";
import { connecting, open } from "../../_support/websocket_puppet.ts";

const GET = "GET /a%1b?b HTTP/1.1\r\nhost: a\r\n\r\n";

function activities({ tracker }: Harness): Activity[] {
  return [...tracker.connections].map(({ activity }) => activity).filter(
    (activity) => activity !== undefined,
  );
}

function waitsFor(harness: Harness): string[] {
  return activities(harness).map((activity) => activity.waitsFor);
}

describe("the activity of a connection", () => {
  test("tells of a request from its head to its response", async () => {
    const door = gate();
    const harness = new Harness(async (_scope, _receive, send) => {
      await door.promise;
      await send({ type: "http.response.start", status: 204 });
      await send({ type: "http.response.body" });
    });
    const socket = harness.connect();
    harness.clock.nowMs = 1234;
    assert.deepEqual(activities(harness), []);
    socket.receive(GET);
    await harness.turn();
    assert.deepEqual(activities(harness), [{
      method: "GET",
      path: "/a\x1b",
      scheme: "http",
      client: "127.0.0.1:50123",
      startedAtMs: harness.clock.monotonicMs(),
      waitsFor: "application",
    }]);
    door.resolve();
    await harness.turn();
    assert.deepEqual(activities(harness), []);
  });

  test("waits for the body while the application reads it", async () => {
    const harness = new Harness(async (_scope, receive) => {
      await receive();
    });
    harness.connect().receive(
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\n",
    );
    await harness.turn();
    assert.deepEqual(waitsFor(harness), ["body"]);
  });

  test("waits for the application while that waits for the client's end", async () => {
    const harness = new Harness(async (_scope, receive) => {
      await receive();
      await receive();
    });
    harness.connect().receive(GET);
    await harness.turn();
    assert.deepEqual(waitsFor(harness), ["application"]);
  });

  test("waits for a client that does not read", async () => {
    const harness = new Harness(async (_scope, _receive, send) => {
      await send({ type: "http.response.start", status: 200 });
      for (;;) {
        await send({
          type: "http.response.body",
          body: "x".repeat(1 << 16),
          more_body: true,
        });
      }
    });
    const socket = harness.connect();
    socket.takesWrites = false;
    socket.receive(GET);
    await harness.turn();
    assert.deepEqual(waitsFor(harness), ["client"]);
  });

  test("waits for a slot over the concurrency limit", async () => {
    const harness = new Harness(() => new Promise(() => {}), {
      settings: { maxConcurrency: 1, concurrencyWaitMs: 60_000 },
    });
    harness.connect().receive(GET);
    harness.connect().receive(GET);
    await harness.turn();
    assert.deepEqual(waitsFor(harness).sort(), ["application", "slot"]);
  });

  test("of a WebSocket: handshake, message, application, close", async () => {
    const asking = await connecting();
    assert.deepEqual(
      activities(asking.harness).map(({ method, waitsFor }) => [
        method,
        waitsFor,
      ]),
      [["WEBSOCKET", "application"]],
    );
    const { harness, puppet } = await open();
    assert.deepEqual(waitsFor(harness), ["application"]);
    puppet.listen();
    await harness.turn();
    assert.deepEqual(waitsFor(harness), ["message"]);
    assert.ok(activities(harness)[0]!.path.startsWith("/"));
    await puppet.send({ type: "websocket.close" });
    await harness.turn();
    assert.deepEqual(waitsFor(harness), ["close"]);
  });

  test("has no start where nothing keeps it", async () => {
    const harness = new Harness(() => new Promise(() => {}), {
      observesRequests: false,
    });
    harness.clock.nowMs = 5;
    harness.connect().receive(GET);
    await harness.turn();
    assert.equal(activities(harness)[0]!.startedAtMs, 0);
    assert.equal(harness.tracker.keepsStartTimes, false);
  });
});
