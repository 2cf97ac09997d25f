import assert from "node:assert/strict";
import { tracingChannel } from "node:diagnostics_channel";
import { test } from "node:test";
import { runtime } from "../../src/runtime/mod.ts";
import {
  ConnectionChannel,
  type ConnectionTraceMessage,
} from "../../src/traces/connection_channel.ts";

const channel = tracingChannel("test:connection");
const traces = new ConnectionChannel(
  await runtime.openTracingChannel("test:connection"),
);
const CONNECTION = {
  id: "7",
  client: undefined,
  requests: 0,
  tls: undefined,
};

test("a connection is one object, published when it opens and when it closes", () => {
  const heard: [string, number | undefined, unknown][] = [];
  const note = (event: string) => (message: unknown) => {
    const { connection, durationMs } = message as ConnectionTraceMessage;
    heard.push([event, durationMs, connection]);
  };
  const listeners = {
    start: note("start"),
    end: note("end"),
    asyncStart: note("asyncStart"),
    asyncEnd: note("asyncEnd"),
    error: note("error"),
  };
  channel.subscribe(listeners);
  try {
    traces.onConnectionOpen(CONNECTION);
    traces.onConnectionClose(CONNECTION, 12);
    traces.onConnectionClose(CONNECTION, 13); // forgotten by now
  } finally {
    channel.unsubscribe(listeners);
  }
  assert.deepEqual(heard, [
    ["start", undefined, CONNECTION],
    ["end", undefined, CONNECTION],
    ["asyncStart", 12, CONNECTION],
    ["asyncEnd", 12, CONNECTION],
  ]);
});

test("a connection from before the first subscriber is not told of", () => {
  const heard: unknown[] = [];
  const listener = (message: unknown) => void heard.push(message);
  traces.onConnectionOpen(CONNECTION);
  channel.asyncEnd.subscribe(listener);
  traces.onConnectionClose(CONNECTION, 12);
  channel.asyncEnd.unsubscribe(listener);
  assert.deepEqual(heard, []);
});
