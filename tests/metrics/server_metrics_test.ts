/** What one process counts, over fake sockets and a fake clock. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HttpApp } from "../../src/asgi.ts";
import { ServerMetrics } from "../../src/metrics/server_metrics.ts";
import type { MetricName } from "../../src/metrics/table.ts";
import { RECORD } from "../_support/request_records.ts";
import { Harness } from "../_support/harness.ts";
import {
  closeFrame,
  handshakeRequest,
  textFrame,
} from "../_support/websocket_frames.ts";
import { harnessOf, Puppet } from "../_support/websocket_puppet.ts";

const answer: HttpApp = async (_scope, _receive, send) => {
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body: "12345" });
};

/** Metrics of a harness's server, and their values in short: `labels value`. */
function watch(harness: Harness) {
  const metrics = new ServerMetrics({
    tracker: harness.tracker,
    handshakes: () => 3,
    memoryBytes: () => 1024,
    cpuSeconds: () => 1.5,
  });
  harness.tracker.observe(metrics);
  const values = (name: MetricName): string[] =>
    metrics.snapshot()[name]!.map(([labels, [value]]) =>
      [...labels, value].join(" ")
    );
  /** Those that are not 0. */
  const counted = (name: MetricName) =>
    values(name).filter((value) => !value.endsWith(" 0"));
  return { metrics, values, counted };
}

describe("ServerMetrics", () => {
  test("counts requests, bytes and connections", async () => {
    const harness = new Harness(answer);
    const { metrics, values } = watch(harness);
    const socket = harness.connect();
    socket.receive(
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc",
    );
    await harness.turn();
    assert.deepEqual(
      metrics.snapshot().http_server_request_duration_seconds![0]![0],
      ["POST", "200", "http", "1.1"],
    );
    assert.deepEqual(values("tricorn_request_body_bytes_total"), ["3"]);
    assert.deepEqual(values("tricorn_response_body_bytes_total"), ["5"]);
    assert.deepEqual(values("tricorn_active_connections"), ["1"]);
    assert.deepEqual(values("tricorn_connections_total"), ["1"]);
    harness.clock.nowMs += 30;
    socket.close();
    await harness.turn();
    assert.deepEqual(values("tricorn_active_connections"), ["0"]);
    const [[, times]] = metrics.snapshot()
      .tricorn_connection_duration_seconds as [[unknown, number[]]];
    assert.deepEqual([times[2], times.at(-1)], [1, 0.03]);
  });

  test("shows requests in progress by method and scheme", async () => {
    const harness = new Harness(() => new Promise(() => {}));
    const { values } = watch(harness);
    for (const method of ["GET", "GET", "BREW"]) {
      harness.connect().receive(`${method} / HTTP/1.1\r\nhost: a\r\n\r\n`);
    }
    harness.connect(); // idle
    await harness.turn();
    assert.deepEqual(values("http_server_active_requests").sort(), [
      "GET http 2",
      "_OTHER http 1",
    ]);
  });

  test("tells all series of counters with few labels from the start", () => {
    const { values } = watch(new Harness(answer));
    assert.deepEqual(values("tricorn_client_aborts_total"), [
      "request 0",
      "application 0",
      "response 0",
    ]);
    assert.equal(values("tricorn_rejected_connections_total").length, 4);
    assert.equal(values("tricorn_cut_off_responses_total").length, 7);
    assert.deepEqual(values("tricorn_faults_total"), []);
    assert.deepEqual(values("tricorn_websocket_closes_total"), []);
  });

  for (
    const [phase, app, sent] of [
      [
        "request",
        async (_scope, receive) => {
          await receive();
          await new Promise(() => {});
        },
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nabc",
      ],
      [
        "application",
        () => new Promise(() => {}),
        "GET / HTTP/1.1\r\nhost: a\r\n\r\n",
      ],
      [
        "response",
        async (_scope, _receive, send) => {
          await send({ type: "http.response.start", status: 200 });
          await send({
            type: "http.response.body",
            body: "a",
            more_body: true,
          });
          await new Promise(() => {});
        },
        "GET / HTTP/1.1\r\nhost: a\r\n\r\n",
      ],
    ] satisfies [string, HttpApp, string][]
  ) {
    test(`counts a client that leaves in the phase "${phase}"`, async () => {
      const harness = new Harness(app);
      const { counted } = watch(harness);
      const socket = harness.connect();
      socket.receive(sent);
      await harness.turn();
      socket.close();
      await harness.turn();
      assert.deepEqual(counted("tricorn_client_aborts_total"), [`${phase} 1`]);
      assert.deepEqual(counted("tricorn_cut_off_responses_total"), [
        "client_disconnected 1",
      ]);
    });
  }

  test("counts faults by their code", async () => {
    const harness = new Harness(answer);
    const { values } = watch(harness);
    await harness.exchange("GET / HTTP/1.1\r\n\r\n");
    await harness.exchange("GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n");
    assert.deepEqual(values("tricorn_faults_total"), [
      "MISSING_HOST 1",
      "REPEATED_HOST 1",
    ]);
  });

  test("counts refused connections, handshakes and lags as it is told", () => {
    const { metrics, values, counted } = watch(new Harness(answer));
    metrics.onConnectionRefused("client_limit");
    metrics.onTlsHandshake(true, 4);
    metrics.onTlsHandshake(false, 4);
    metrics.onTlsHandshake(false, 4);
    metrics.onLoopLag(4);
    assert.deepEqual(counted("tricorn_rejected_connections_total"), [
      "client_limit 1",
    ]);
    assert.deepEqual(values("tricorn_tls_handshake_duration_seconds"), [
      "failed 2",
      "complete 1",
    ]);
    assert.deepEqual(values("tricorn_event_loop_lag_seconds"), ["1"]);
    assert.deepEqual(values("tricorn_active_tls_handshakes"), ["3"]);
    assert.deepEqual(values("process_cpu_seconds_total"), ["1.5"]);
    assert.deepEqual(values("process_resident_memory_bytes"), ["1024"]);
  });

  test("counts WebSockets, their messages both ways, and their ends", async () => {
    const puppet = new Puppet();
    const harness = harnessOf(puppet.app);
    const { values } = watch(harness);
    const socket = harness.connect();
    socket.receive(handshakeRequest("/"));
    await harness.turn();
    await puppet.receive();
    await puppet.send({ type: "websocket.accept" });
    await puppet.send({ type: "websocket.send", text: "hello" });
    socket.receive(textFrame("abc"));
    socket.receive(textFrame("d"));
    await harness.turn();
    assert.deepEqual(values("tricorn_active_websockets"), ["1"]);
    assert.deepEqual(values("http_server_active_requests"), ["GET http 0"]);
    assert.deepEqual(values("tricorn_websocket_messages_total"), [
      "received 2",
      "sent 1",
    ]);
    assert.deepEqual(values("tricorn_websocket_bytes_total"), [
      "received 4",
      "sent 5",
    ]);
    socket.receive(closeFrame(4321));
    await harness.turn();
    socket.close();
    await harness.turn();
    assert.deepEqual(values("tricorn_active_websockets"), ["0"]);
    assert.deepEqual(values("tricorn_websocket_closes_total"), [
      "4000-4999 1",
    ]);
  });

  for (
    const [code, label] of [
      [1000, "1000"],
      [1015, "1015"],
      [2999, "other"],
      [3000, "3000-3999"],
      [4999, "4000-4999"],
      [5000, "other"],
    ] as const
  ) {
    test(`counts the close code ${code} as ${label}`, () => {
      const { metrics, values } = watch(new Harness(answer));
      metrics.onWebSocketClose({ closeCode: code, durationMs: 1 });
      assert.deepEqual(values("tricorn_websocket_closes_total"), [
        `${label} 1`,
      ]);
    });
  }

  test("counts responses that were cut off for another reason", () => {
    const { metrics, counted } = watch(new Harness(answer));
    metrics.onRequestEnd({ ...RECORD, abortReason: "shutdown" });
    assert.deepEqual(counted("tricorn_cut_off_responses_total"), [
      "shutdown 1",
    ]);
    assert.deepEqual(counted("tricorn_client_aborts_total"), []);
  });
});
