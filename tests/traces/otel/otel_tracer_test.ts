import assert from "node:assert/strict";
import { after, beforeEach, describe, test } from "node:test";
import type { AsgiApp } from "../../../src/asgi.ts";
import { Methods } from "../../../src/traces/otel/attributes.ts";
import { OtelTracer } from "../../../src/traces/otel/otel_tracer.ts";
import { parentOf } from "../../../src/traces/otel/trace_context.ts";
import { FakeLogger } from "../../_support/harness.ts";
import { registerSdk } from "../../_support/otel_sdk.ts";
import { RECORD } from "../../_support/request_records.ts";
import { httpScope, webSocketScope } from "../../_support/scopes.ts";

const sdk = registerSdk();
const { api } = sdk;
const logger = new FakeLogger();
const tracer = new OtelTracer({
  api,
  methods: new Methods(),
  parentOf: parentOf(api, { trusts: () => true }),
  logger,
});
tracer.start();
beforeEach(() => sdk.reset());
after(() => sdk.unregister());

const noReceive = () => new Promise<never>(() => {});
const noSend = () => Promise.resolve();
const ERROR = 2;
const SERVER = 1;

describe("OtelTracer", () => {
  test("makes one span of a request, and ends it with the response", () => {
    const trace = tracer.begin(httpScope());
    assert.equal(sdk.spans().length, 0);
    trace.onResponseEnd({ ...RECORD, status: 404 });
    const [span] = sdk.spans();
    assert.equal(span!.name, "GET");
    assert.equal(span!.kind, SERVER);
    assert.equal(span!.status.code, 0);
    assert.equal(span!.attributes["http.response.status_code"], 404);
    assert.equal(span!.attributes["error.type"], undefined);
  });

  test("is active in the application, after a wait as well", async () => {
    const active: unknown[] = [];
    const app: AsgiApp = async () => {
      active.push(api.trace.getActiveSpan()?.spanContext().spanId);
      await new Promise((resolve) => setTimeout(resolve, 1));
      active.push(api.trace.getActiveSpan()?.spanContext().spanId);
    };
    const scope = httpScope();
    const trace = tracer.begin(scope);
    await trace.run(app, scope, noReceive, noSend);
    assert.equal(api.trace.getActiveSpan(), undefined);
    trace.onResponseEnd(RECORD);
    const { spanId } = sdk.spans()[0]!.spanContext();
    assert.deepEqual(active, [spanId, spanId]);
  });

  test("continues the trace of the request", () => {
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const trace = tracer.begin(httpScope({
      headers: [["traceparent", `00-${traceId}-b7ad6b7169203331-01`]],
    }));
    trace.onResponseEnd(RECORD);
    const [span] = sdk.spans();
    assert.equal(span!.spanContext().traceId, traceId);
    assert.equal(span!.parentSpanContext!.spanId, "b7ad6b7169203331");
  });

  test("is named after the route", () => {
    const trace = tracer.begin(httpScope());
    trace.onRoute("/items/{id}");
    trace.onResponseEnd(RECORD);
    const [span] = sdk.spans();
    assert.equal(span!.name, "GET /items/{id}");
    assert.equal(span!.attributes["http.route"], "/items/{id}");
  });

  test("has failed with a status from 500", () => {
    const trace = tracer.begin(httpScope());
    trace.onResponseEnd({ ...RECORD, status: 503 });
    const [span] = sdk.spans();
    assert.equal(span!.status.code, ERROR);
    assert.equal(span!.attributes["error.type"], "503");
  });

  test("records what the application throws", () => {
    const trace = tracer.begin(httpScope());
    trace.onError(new RangeError("too far"));
    trace.onResponseEnd({ ...RECORD, status: 500 });
    const [span] = sdk.spans();
    assert.deepEqual(span!.status, { code: ERROR, message: "too far" });
    assert.deepEqual(span!.events.map(({ name }) => name), ["exception"]);
    assert.equal(span!.attributes["error.type"], "RangeError");
  });

  test("a client that leaves is no failure, and was sent no status", () => {
    const trace = tracer.begin(httpScope());
    trace.onResponseEnd({
      ...RECORD,
      status: 499,
      abortReason: "client_disconnected",
    });
    const [span] = sdk.spans();
    assert.equal(span!.status.code, 0);
    assert.equal(span!.attributes["error.type"], "client_disconnected");
    assert.equal("http.response.status_code" in span!.attributes, false);
  });

  test("a WebSocket is two spans: its handshake, and its life", () => {
    const trace = tracer.begin(webSocketScope());
    trace.onRoute("/chat");
    trace.onResponseEnd({ ...RECORD, isWebSocket: true, status: 101 });
    assert.deepEqual(sdk.spans().map(({ name }) => name), ["GET /chat"]);
    trace.onError(new Error("broken"));
    trace.onWebSocketEnd({ closeCode: 1011, durationMs: 5 });
    const [handshake, life] = sdk.spans();
    assert.equal(handshake!.status.code, 0);
    assert.equal(handshake!.attributes["http.response.status_code"], 101);
    assert.equal(life!.name, "websocket /chat");
    assert.equal(life!.attributes["tricorn.websocket.close_code"], 1011);
    assert.equal(life!.status.code, ERROR);
    const { spanId } = handshake!.spanContext();
    assert.equal(life!.parentSpanContext!.spanId, spanId);
  });

  test("a refused handshake is one span", () => {
    const trace = tracer.begin(webSocketScope());
    trace.onResponseEnd({ ...RECORD, isWebSocket: true, status: 403 });
    assert.equal(sdk.spans().length, 1);
  });

  test("measures durations in seconds, of refused requests too", async () => {
    const name = "http.server.request.duration";
    const trace = tracer.begin(httpScope());
    trace.onRoute("/measured");
    trace.onResponseEnd({ ...RECORD, durationMs: 250 });
    tracer.onUncalled({ ...RECORD, method: "-", status: 400 });
    const points = await sdk.points(name);
    const measured = points.find(({ attributes }) =>
      attributes["http.route"] === "/measured"
    )!;
    assert.equal(measured.value.count, 1);
    assert.equal(measured.value.sum, 0.25);
    assert.deepEqual(measured.value.buckets.boundaries.slice(0, 3), [
      0.005,
      0.01,
      0.025,
    ]);
    const refused = points.find(({ attributes }) =>
      attributes["http.response.status_code"] === 400
    )!;
    assert.equal(refused.attributes["http.request.method"], "_OTHER");
  });
});

test("start() warns where no SDK is registered", () => {
  api.trace.disable();
  const warnings = new FakeLogger();
  const parts = { api, methods: new Methods(), parentOf: () => ({}) };
  new OtelTracer({ ...parts, logger: warnings }).start();
  assert.match(
    warnings.lines.map(({ message }) => message).join("\n"),
    /No OpenTelemetry SDK/,
  );
  assert.deepEqual(logger.lines, []);
});
