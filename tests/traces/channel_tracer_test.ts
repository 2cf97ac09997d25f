import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { tracingChannel } from "node:diagnostics_channel";
import { afterEach, describe, test } from "node:test";
import type { AsgiApp } from "../../src/asgi.ts";
import { runtime } from "../../src/runtime/mod.ts";
import { ChannelTracer } from "../../src/traces/channel_tracer.ts";
import { RECORD } from "../_support/request_records.ts";
import { httpScope, webSocketScope } from "../_support/scopes.ts";

const EVENTS = ["start", "end", "asyncStart", "asyncEnd", "error"] as const;
// deno-lint-ignore no-explicit-any
type Message = any;

const tracer = new ChannelTracer(
  await runtime.openTracingChannel("test:request"),
  await runtime.openTracingChannel("test:websocket"),
);
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** Writes down what is published on a channel. */
function listen(name: string): { event: string; message: Message }[] {
  const heard: { event: string; message: Message }[] = [];
  const channel = tracingChannel(name);
  for (const event of EVENTS) {
    const listener = (message: Message) => void heard.push({ event, message });
    channel[event].subscribe(listener);
    cleanups.push(() => void channel[event].unsubscribe(listener));
  }
  return heard;
}

const noReceive = () => new Promise<never>(() => {});
const noSend = () => Promise.resolve();
const app: AsgiApp = () => Promise.resolve();

describe("ChannelTracer", () => {
  test("follows nothing while nobody listens", () => {
    assert.equal(tracer.begin(httpScope()), undefined);
    assert.equal(tracer.begin(webSocketScope()), undefined);
  });

  for (const event of EVENTS) {
    test(`follows a request if only ${event} is listened to`, () => {
      const channel = tracingChannel("test:request")[event];
      const listener = () => {};
      channel.subscribe(listener);
      cleanups.push(() => void channel.unsubscribe(listener));
      assert.notEqual(tracer.begin(httpScope()), undefined);
      assert.equal(tracer.begin(webSocketScope()), undefined);
    });
  }

  test("publishes one object from the call to the end of the response", async () => {
    const heard = listen("test:request");
    const scope = httpScope();
    const trace = tracer.begin(scope)!;
    await trace.run(app, scope, noReceive, noSend);
    assert.deepEqual(heard.map(({ event }) => event), ["start", "end"]);
    const { message } = heard[0]!;
    assert.equal(message.scope, scope);
    assert.equal(message.result, undefined);
    trace.onRoute("/items/{id}");
    trace.onResponseEnd({ ...RECORD, status: 201, bodyBytes: 7 });
    assert.deepEqual(heard.map(({ event }) => event).slice(2), [
      "asyncStart",
      "asyncEnd",
    ]);
    for (const each of heard) assert.equal(each.message, message);
    assert.equal(message.route, "/items/{id}");
    assert.deepEqual(message.result, {
      status: 201,
      receivedBytes: 0,
      bodyBytes: 7,
      durationMs: 1,
      abortReason: undefined,
    });
  });

  test("calls the application in the stores that are bound to start", async () => {
    const store = new AsyncLocalStorage<object>();
    const { start } = tracingChannel("test:request");
    start.bindStore(store, (message: Message) => message.scope);
    cleanups.push(() => void start.unbindStore(store));
    const seen: unknown[] = [];
    const scope = httpScope();
    const trace = tracer.begin(scope)!;
    await trace.run(
      async () => {
        seen.push(store.getStore());
        await new Promise((resolve) => setTimeout(resolve, 1));
        seen.push(store.getStore());
      },
      scope,
      noReceive,
      noSend,
    );
    assert.deepEqual(seen, [scope, scope]);
    assert.equal(store.getStore(), undefined);
  });

  test("publishes what the application throws", () => {
    const heard = listen("test:request");
    const trace = tracer.begin(httpScope())!;
    const error = new Error("broken");
    trace.onError(error);
    assert.deepEqual(heard.map(({ event }) => event), ["error"]);
    assert.equal(heard[0]!.message.error, error);
  });

  test("end is published of a call that throws at once", () => {
    const heard = listen("test:request");
    const scope = httpScope();
    const trace = tracer.begin(scope)!;
    const broken = (() => {
      throw new Error("broken");
    }) as AsgiApp;
    assert.throws(() => trace.run(broken, scope, noReceive, noSend));
    assert.deepEqual(heard.map(({ event }) => event), ["start", "end"]);
  });

  test("a WebSocket ends with its close, not with its handshake", () => {
    const heard = listen("test:websocket");
    const trace = tracer.begin(webSocketScope())!;
    trace.onResponseEnd({ ...RECORD, isWebSocket: true, status: 101 });
    assert.deepEqual(heard.map(({ event }) => event), ["asyncStart"]);
    assert.equal(heard[0]!.message.result.status, 101);
    trace.onWebSocketEnd({ closeCode: 1000, durationMs: 3 });
    assert.equal(heard.at(-1)!.event, "asyncEnd");
    assert.deepEqual(heard.at(-1)!.message.end, {
      closeCode: 1000,
      durationMs: 3,
    });
  });

  test("a refused handshake ends with the answer", () => {
    const heard = listen("test:websocket");
    const trace = tracer.begin(webSocketScope())!;
    trace.onResponseEnd({ ...RECORD, isWebSocket: true, status: 403 });
    assert.equal(heard.at(-1)!.event, "asyncEnd");
    assert.equal(heard.at(-1)!.message.end, undefined);
  });
});
